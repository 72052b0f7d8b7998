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

from benchmarks.speed import fill, wire
from benchmarks.speed.figures import Run
from benchmarks.speed.processes import Target, floor, ovms, serving

ROUNDS = 3
"""How often each is measured; the median counts."""

ROOM = "limit_history_records = 2_000_000\nlimit_history_bytes = 1_000_000_000\n"
"""Settings by which a vehicle may have a million records."""

Measure = Callable[[Target, int], Coroutine[Any, Any, Run]]
"""Measures a server once; the number of the round makes what is sent differ from other rounds."""


@dataclass
class Bench:
    """A run of benchmarks in a temporary folder."""

    folder: Path
    is_short: bool = False
    _made: dict[int, Path] = field(default_factory=dict)
    _count: int = 0
    _large: Path | None = None
    _is_full: bool = False

    def size(self, full: int, short: int) -> int:
        """Return how much is measured."""
        return short if self.is_short else full

    def say(self, text: str) -> None:
        """Tell how far it is."""
        print(text, file=sys.stderr, flush=True)

    def data(self, vehicles: int) -> Path:
        """Return a new data folder of a server with so many vehicles."""
        if vehicles not in self._made:
            made = self._made[vehicles] = self.empty()
            ovms("vehicle", "import", str(self.vehicle_file(vehicles)), "--data", str(made))
        folder = self.empty()
        shutil.copytree(self._made[vehicles], folder, dirs_exist_ok=True)
        return folder

    def empty(self) -> Path:
        """Return a new folder."""
        self._count += 1
        folder = self.folder / f"data{self._count}"
        folder.mkdir()
        return folder

    def vehicle_file(self, vehicles: int) -> Path:
        """Return a file of vehicles to import."""
        path = self.folder / f"vehicles{vehicles}.csv"
        ids = [wire.vehicle_id(number) for number in range(vehicles)]
        rows = "".join(f"bench,{each},{wire.secret_of(each).decode()}\n" for each in ids)
        path.write_text(f"owner,id,secret\n{rows}")
        return path

    def large(self, millions: int) -> Path:
        """Return the data folder with 100,000 vehicles and 5 or 10 million records.

        It is made once, so no two servers use it at a time, and what one stores stays.
        """
        if self._large is None:
            self.say("filling a database with 5 million records …")
            self._large = self.data(100_000)
            (self._large / "ovms.toml").write_text(ROOM)
            fill.fill_sqlite(self._large, [fill.MANY_OF_ONE, fill.SHORT_LIVED, fill.OTHERS])
        if millions > 5 and not self._is_full:
            self.say("… and 5 million more")
            fill.fill_sqlite(self._large, [fill.MORE])
            self._is_full = True
        return self._large

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
        for number in range(ROUNDS):
            runs[1].append(uvloop.run(measure(base, number)))
            runs[0].append(uvloop.run(measure(ours, number)))
        return runs
