"""Cars that report records of the history, and send again what was not acknowledged."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from tests.attacks.conftest import Target
from tests.conformance.client import Caller, SocketWire
from tests.waiting import PATIENCE

IDENTITY = b"F3.3.005/1/main,VIN0000000000000X,20,1,FAKE,test,1,1,hw,LTE"
KIND = "*-LOG-Kept"
"""The type of their records."""

WINDOW = 200
"""Records that a car has on their way at a time."""

AT_ONCE = 200
"""Records that it sends in one go."""

REPEAT = 0.5
"""Seconds without an acknowledgement after which cars repeat what they wait for."""

Record = tuple[str, int]
"""A vehicle, and the number of one of its records, which is its acknowledgement code."""


class Reporter:
    """A car that keeps each record until its code comes back, as modules do."""

    def __init__(self, vehicle: str) -> None:
        self.vehicle = vehicle
        self.acknowledged: set[int] = set()
        """The codes that came back, in all connections."""
        self.waiting: dict[int, None] = {}
        """What was sent, and may be anywhere, in that order."""
        self._next = 0
        self._caller: Caller | None = None

    def call(self, target: Target) -> SocketWire:
        """Connect, and send again all that was not acknowledged."""
        self._caller = target.call("C", self.vehicle)
        self._say(IDENTITY, *map(_record, self.waiting))
        return self._wire

    def report(self, window: int) -> None:
        """Send new records until so many wait, :data:`AT_ONCE` at most."""
        size = max(0, min(window - len(self.waiting), AT_ONCE))
        new = range(self._next, self._next + size)
        self._next = new.stop
        self.waiting |= dict.fromkeys(new)
        if new:
            self._say(*map(_record, new))

    def repeat(self) -> None:
        """Send again all that waits, as modules do now and then."""
        self._say(*map(_record, self.waiting))

    def receive(self) -> bool:
        """Take what has come; return whether the connection is still there."""
        assert self._caller is not None
        lines = self._wire.hear_all()
        for message in map(self._caller.read, lines or ()):
            if message.startswith(b"h"):
                self._acknowledge(int(message[1:]))
            elif message == b"A":
                self._say(b"a")
        return lines is not None

    def _acknowledge(self, code: int) -> None:
        assert code in self.waiting or code in self.acknowledged, "it was never sent"
        self.waiting.pop(code, None)
        self.acknowledged.add(code)

    @property
    def _wire(self) -> SocketWire:
        assert self._caller is not None
        assert isinstance(self._caller.wire, SocketWire)
        return self._caller.wire

    def _say(self, *messages: bytes) -> None:
        assert self._caller is not None
        sent = b"".join(self._caller.line(each) + b"\r\n" for each in messages)
        with suppress(OSError):  # the server is gone, as the end of what it says will tell
            self._wire.send(sent)


class Reporters:
    """Many of them, served in one thread."""

    def __init__(self, target: Target, vehicles: Iterable[str]) -> None:
        self.cars = [Reporter(each) for each in vehicles]
        self._target = target
        self._select = selectors.DefaultSelector()

    @property
    def acknowledged(self) -> set[Record]:
        """Return all records whose code came back."""
        return {(car.vehicle, code) for car in self.cars for code in car.acknowledged}

    def count(self) -> int:
        """Return how many records were acknowledged."""
        return sum(len(car.acknowledged) for car in self.cars)

    def call(self) -> None:
        """Connect all."""
        for car in self.cars:
            wire = car.call(self._target)
            self._select.register(wire.connection, selectors.EVENT_READ, (car, wire))

    def run(self, until: Callable[[], bool], window: int = WINDOW) -> None:
        """Report until something holds, or the server has ended all connections."""
        deadline, before = time.monotonic() + PATIENCE, self.count()
        while self.connected and not until():
            self._turn(window)
            if self.count() > before:
                deadline, before = time.monotonic() + PATIENCE, self.count()
            assert time.monotonic() < deadline, "nothing more is acknowledged"

    def run_for(self, seconds: float, window: int = WINDOW) -> None:
        """Report for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._turn(window)

    def gain(self, records: int) -> None:
        """Report until so many more are acknowledged."""
        goal = self.count() + records
        self.run(lambda: self.count() >= goal)

    def settle(self) -> None:
        """Report nothing new, and repeat what waits, until everything is acknowledged."""
        deadline = time.monotonic() + PATIENCE
        while any(car.waiting for car in self.cars):
            before = self.count()
            self.run_for(REPEAT, window=0)
            assert self.connected == len(self.cars)
            if self.count() > before:
                deadline = time.monotonic() + PATIENCE
            else:
                for car in self.cars:
                    car.repeat()
            assert time.monotonic() < deadline, "nothing more is acknowledged"

    def _turn(self, window: int) -> None:
        for key, _ in self._select.select(0.05):
            car, wire = key.data
            if not car.receive():
                self._select.unregister(wire.connection)
                wire.close()
        for key in self._select.get_map().values():
            key.data[0].report(window)

    @property
    def connected(self) -> int:
        """Return how many have a connection."""
        return len(self._select.get_map())

    def hang_up(self) -> None:
        """Close what is open."""
        for key in list(self._select.get_map().values()):
            _, wire = key.data
            self._select.unregister(wire.connection)
            wire.close()


def _record(number: int) -> bytes:
    return b"h%d,0,%s,1,8640000,record %d." % (number, KIND.encode(), number)
