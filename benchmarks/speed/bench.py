"""How scenarios measure: folders with vehicles, both servers, rounds in turn."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.speed import wire
from benchmarks.speed.figures import Run
from benchmarks.speed.processes import Target, floor, ovms, serving

Measure = Callable[[Target, int], Coroutine[Any, Any, Run]]
"""Measures a server once; the number of the round makes what is sent differ from other rounds."""


@dataclass
class Bench:
    """A run of benchmarks in a temporary folder."""

    folder: Path
    is_short: bool = False
    _made: dict[int, Path] = field(default_factory=dict)
    _count: int = 0

    @property
    def rounds(self) -> int:
        """How often each is measured."""
        return 3

    def size(self, full: int, short: int) -> int:
        """Return how much is measured."""
        return short if self.is_short else full

    def say(self, text: str) -> None:
        """Tell how far it is."""
        print(text, file=sys.stderr, flush=True)

    def data(self, vehicles: int) -> Path:
        """Return a new data folder of a server with so many vehicles."""
        if vehicles not in self._made:
            made = self._made[vehicles] = self.folder / f"vehicles{vehicles}"
            made.mkdir()
            secret = wire.SECRET.decode()
            rows = "".join(f"bench,{wire.vehicle_id(n)},{secret}\n" for n in range(vehicles))
            (made / "vehicles.csv").write_text(f"owner,id,secret\n{rows}")
            ovms("vehicle", "import", str(made / "vehicles.csv"), "--data", str(made))
        self._count += 1
        folder = self.folder / f"data{self._count}"
        shutil.copytree(self._made[vehicles], folder)
        return folder

    @contextmanager
    def both(self, vehicles: int, *, tls: bool = False) -> Iterator[tuple[Target, Target]]:
        """Run our server with so many vehicles, and the floor."""
        with ExitStack() as stack:
            data = self.data(vehicles)
            ours = stack.enter_context(serving(data, tls=tls))
            pair = (data / "tls" / "cert.pem", data / "tls" / "key.pem") if tls else ()
            yield ours, stack.enter_context(floor(pair))

    def in_turns(
        self, targets: tuple[Target, Target], measure: Measure
    ) -> tuple[list[Run], list[Run]]:
        """Measure ours and the floor in turns, and return the runs of each."""
        ours, base = targets
        runs: tuple[list[Run], list[Run]] = [], []
        for number in range(self.rounds):
            runs[1].append(uvloop.run(measure(base, number)))
            runs[0].append(uvloop.run(measure(ours, number)))
        return runs
