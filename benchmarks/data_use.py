"""What a car's link costs, in simulated time: bytes an hour, parked, on the way, and watched.

The simulated car's module and a server's end talk through a real pair of sessions in memory, so the
bytes of the lines are exact, acknowledgements of records included. TCP and IP are an estimate: a
packet for what the car says in one piece, one for each line of the server, and one each that
acknowledges it, with headers of 52 bytes (IPv4, timestamps). No TLS.

    python benchmarks/data_use.py [SEED]
"""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from ovms.car.module import Module
from ovms.car.vehicles.sim import SCENARIOS, SimCar
from ovms.protocol import CallerWelcome, Message, Party, Role, Session
from ovms.protocol.crypto import make_token

SECRET = b"benchmark"
START = 1_750_000_000.0
HOUR, DAY = 3600, 86400
HEADERS = 52
"""Bytes of IP and TCP in each packet."""

SEGMENT = 1400
"""Bytes that fit into a packet."""

SERVER_SILENCE = 900
"""Seconds without a message to the car after which the server pings it."""

STREAM = 8


class Server:
    """A server's end: welcomes, acknowledges, answers pings, and pings when it was silent."""

    def __init__(self) -> None:
        self.session = Session(Party.SERVER, make_token(lambda size: b"s" * size))
        self.spoke = START

    def hear(self, data: bytes) -> Iterator[bytes]:
        """Take bytes; give the lines that answer them."""
        for event in self.session.receive_data(data):
            if isinstance(event, CallerWelcome):
                yield self.session.accept(SECRET)
                yield self.session.send(Message("Z", b"0"))
            elif isinstance(event, Message) and event.code == "A":
                yield self.session.send(Message("a"))
            elif isinstance(event, Message) and event.code == "h":
                yield self.session.send(Message("h", event.data.split(b",")[0]))


class Wire:
    """A car and its server, joined in memory."""

    def __init__(self, scenario: str, seed: int) -> None:
        self.now = START
        self.car = SimCar(start=START, seed=seed, scenario=SCENARIOS[scenario])
        self.module = Module(self.car, vehicle_id="BENCHMARK")
        self.server = Server()
        self.session = Session(Party.CALLER, make_token(lambda size: b"c" * size))
        self.packets = 0
        self._to_car: deque[bytes] = deque()

    def login(self) -> None:
        """Call the server, and tell it everything."""
        self._say(self.session.send_welcome(Role.CAR, "BENCHMARK", SECRET))
        self._listen()

    def live(self, seconds: int) -> None:
        """Let so much time pass."""
        for _ in range(seconds):
            self._second()

    def wait_for_a_drive(self) -> None:
        """Let time pass until the car is switched on."""
        while not self.car.state.is_on:
            self._second()

    def _second(self) -> None:
        self.now += 1
        if self.now - self.server.spoke >= SERVER_SILENCE:
            self.tell(Message("A"))
        self._send(self.module.poll(self.now))
        self._listen()

    def tell(self, message: Message) -> None:
        """Have the server send something."""
        self._to_car.append(self.server.session.send(message))
        self._listen()

    def _send(self, messages: Iterable[Message]) -> None:
        lines = b"".join(map(self.session.send, messages))
        if lines:
            self._say(lines)

    def _say(self, lines: bytes) -> None:
        self.module.usage.note_sent(len(lines))
        self.packets += math.ceil(len(lines) / SEGMENT)
        self._to_car.extend(self.server.hear(lines))

    def _listen(self) -> None:
        while self._to_car:
            line = self._to_car.popleft()
            self.server.spoke = self.now
            self.packets += 1
            self.module.usage.note_received(len(line))
            for event in self.session.receive_data(line):
                if isinstance(event, Message):
                    self._send(self.module.receive(event, self.now))
                else:
                    self._send(self.module.connect(self.now))


@dataclass(frozen=True)
class Cost:
    """What a time has cost: bytes of lines each way, and packets."""

    seconds: float
    sent: int
    received: int
    packets: int

    @classmethod
    def of(cls, wire: Wire, act: Callable[[], None]) -> Cost:
        """Measure what something costs."""
        (sent, received), packets, began = _total(wire), wire.packets, wire.now
        act()
        all_sent, all_received = _total(wire)
        return cls(
            wire.now - began, all_sent - sent, all_received - received, wire.packets - packets
        )

    def __str__(self) -> str:
        """Write it as an hour of it."""
        hours = self.seconds / HOUR or 1
        lines = (self.sent + self.received) / hours
        whole = lines + 2 * HEADERS * self.packets / hours
        return (
            f"{self.sent / hours:10,.0f} {self.received / hours:10,.0f}"
            f" {self.packets / hours:8,.1f} {whole:12,.0f}"
        )


def _total(wire: Wire) -> tuple[int, int]:
    rows = wire.module.usage.table()
    return sum(row.sent for row in rows), sum(row.received for row in rows)


def measure(seed: int) -> Iterator[tuple[str, Cost]]:
    """Yield what each situation costs."""
    parked = Wire("parked", seed)
    yield "an hour that is a login", Cost.of(parked, parked.login)
    yield "parked, a day", Cost.of(parked, partial(parked.live, DAY))
    parked.tell(Message("Z", b"1"))
    yield "parked, watched", Cost.of(parked, partial(parked.live, HOUR))
    commute = Wire("commute", seed)
    commute.login()
    yield "commute, a day", Cost.of(commute, partial(commute.live, DAY))
    for name, watchers, stream in (
        ("driving", 0, 0),
        ("driving, watched", 1, 0),
        ("the same, a position each 30 s", 1, 30),
        ("the same, each 5 s", 1, 5),
        ("the same, each second", 1, 1),
    ):
        wire = Wire("road-trip", seed)
        wire.login()
        wire.wait_for_a_drive()
        wire.tell(Message("C", b"2,%d,%d" % (STREAM, stream)))
        wire.tell(Message("Z", b"%d" % watchers))
        yield name, Cost.of(wire, partial(wire.live, HOUR))


def main() -> None:
    """Print a line a situation."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    print(
        f"{'bytes in an hour':32} {'sent':>10} {'received':>10} {'packets':>8} {'with TCP/IP':>12}"
    )
    for name, cost in measure(seed):
        print(f"{name:32} {cost}")


if __name__ == "__main__":
    main()
