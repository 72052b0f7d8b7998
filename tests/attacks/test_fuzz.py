"""The whole server, fuzzed: whatever callers say, nothing unexpected happens, and nothing is left.

A failure prints its seed; ``OVMS_FUZZ_SEED`` tries it again.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest

from ovms.server.storage.database import Lane
from tests.attacks.conftest import Target
from tests.attacks.conversations import Conversation, converse
from tests.conformance.client import Caller
from tests.programs.conftest import SECRET
from tests.programs.test_refusals import resident
from tests.waiting import wait_until

AT_ONCE: Final = 40
"""Conversations that are interleaved."""

SHORT: Final = 400
"""Conversations of `make test`."""

CHECK_EVERY: Final = 50
"""Conversations between two messages of those who behave."""

WARM_UP: Final = 100
"""Conversations after which all is open that the server opens when it is needed, but for:"""

DATABASE_FILES: Final = 2 * (len(Lane) + 2)
"""Handles of the database and its log: a lane, writes and the writer open theirs at first use."""

SOAK_SECONDS: Final = 600

SOAK_WARM_UP: Final = 120
"""Seconds until the allocator has reached its height, and the tables of what is remembered."""

MEMORY_GROWTH: Final = 24_000_000
"""Bytes by which the server may grow after that, in eight minutes."""

UNEXPECTED = ("Traceback", "unexpected error", "never retrieved", "Exception in", "Fatal error")


class Behaved:
    """A car and its app, which must notice nothing."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._said = 0
        self.car = target.call("C", "CAR3")
        self.car.say(b"F3.3.005/1/main,VIN0000000000000X,20,1,FAKE,test,1,1,hw,LTE")
        self.app = target.call("A", "CAR3")

    def check(self) -> None:
        """Have the app hear what the car says, and another app be let in."""
        self._said += 1
        said = b"S%d,K" % self._said
        self.car.say(said)
        while self.app.hear_code(b"S") != said:
            pass
        self.car.settle()
        self.app.say(b"C30,1", b"C31", b"C32,none")
        self.app.hear_code(b"c")
        self.app.settle()
        another: Caller = self._target.call("A", "CAR3")
        another.settle()
        another.wire.close()


class Fuzzer:
    """Holds conversations with a server, many at a time."""

    def __init__(self, target: Target, seed: int) -> None:
        self.done = 0
        self._target = target
        self._chance = Random(seed)  # noqa: S311
        self._overheard: list[tuple[str, str]] = []
        self._open: list[Iterator[None]] = []
        self._behaved = Behaved(target)

    def hold(self, count: int) -> None:
        """Hold so many conversations to their ends, in between let those who behave speak."""
        for _ in range(count):
            while len(self._open) >= AT_ONCE:
                converse(self._open, self._chance)
            target = self._target
            ports = (target.port, target.tls_port, target.http_port, target.https_port)
            talk = Conversation(self._chance, ports, SECRET, self._overheard)
            self._open.append(talk.steps())
            self.done += 1
            if self.done % CHECK_EVERY == 0:
                self._behaved.check()
        while self._open:
            converse(self._open, self._chance)
        self._behaved.check()

    @property
    def files(self) -> tuple[int, int]:
        """The server's open sockets and other files, the database's counted as all open."""
        pid = self._target.program.process.pid
        sockets = others = database = 0
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                name = str(link.readlink())
            except FileNotFoundError:
                continue
            sockets += name.startswith("socket:")
            database += name.endswith(("ovms.db", "ovms.db-wal"))
            others += not name.startswith("socket:")
        return sockets, others - database + max(database, DATABASE_FILES)


@pytest.fixture
def fuzzer(target: Target) -> Fuzzer:
    """Return a fuzzer of the server under attack, whose seed is printed."""
    seed = int(os.environ.get("OVMS_FUZZ_SEED") or secrets.randbits(32))
    print(f"OVMS_FUZZ_SEED={seed}")  # noqa: T201 (pytest shows it when the test fails)
    return Fuzzer(target, seed)


def ends_well(target: Target) -> None:
    """Stop the server, which must have met nothing unexpected."""
    target.hang_up()
    assert target.program.stop() == 0
    output = target.program.output()
    for word in UNEXPECTED:
        assert word not in output, "\n".join(
            line for line in output.splitlines() if "refused" not in line
        )


def test_conversations_of_every_kind(fuzzer: Fuzzer, target: Target) -> None:
    """No unexpected error, others are served meanwhile, and no file or socket is left."""
    sockets, _ = fuzzer.files
    fuzzer.hold(WARM_UP)
    wait_until(lambda: fuzzer.files[0] <= sockets)
    _, files = fuzzer.files
    fuzzer.hold(SHORT - WARM_UP)
    wait_until(lambda: fuzzer.files[0] <= sockets)
    assert fuzzer.files[1] <= files
    ends_well(target)


@pytest.mark.soak
def test_ten_minutes_of_conversations(fuzzer: Fuzzer, target: Target) -> None:
    """The same for ten minutes, in which the memory stays flat."""
    sockets, _ = fuzzer.files
    _hold_for(fuzzer, SOAK_WARM_UP)
    wait_until(lambda: fuzzer.files[0] <= sockets)
    (_, files), memory = fuzzer.files, resident(target)
    _hold_for(fuzzer, SOAK_SECONDS - SOAK_WARM_UP)
    wait_until(lambda: fuzzer.files[0] <= sockets)
    assert fuzzer.files[1] <= files
    grown = resident(target) - memory
    assert grown < MEMORY_GROWTH, f"{fuzzer.done} conversations"
    ends_well(target)


def _hold_for(fuzzer: Fuzzer, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        fuzzer.hold(10 * CHECK_EVERY)
