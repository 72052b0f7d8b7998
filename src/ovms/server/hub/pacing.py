"""Everything that goes to a car goes through here, so that it never gets more than it can hold.

A module reads its line into a small buffer: what does not fit is lost, and with it the link. So at
most a budget of bytes is in flight to it at once; the rest waits. Bytes have landed when its TCP
has acknowledged them all and a short pause is over, or at once when it answers a command or a ping
that was sent behind them.

What waits is bounded, and goes by its weight: commands (one at a time), a ping, the newest number
of apps, what the car is owed (acknowledgements and answers to its pings), and last what apps pass
on. When something does not fit yet, nothing lighter goes before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import IntEnum
from functools import partial

from ovms.base.clock import Clock
from ovms.protocol import Message
from ovms.protocol.messages import LatestMessage
from ovms.server.hub.commands import LONGEST_COMMAND, wire_length
from ovms.server.hub.guard import Guard
from ovms.server.hub.interfaces import Line

ESP32_BUDGET = LONGEST_COMMAND
"""Bytes in flight to an ESP32 module: its buffer has 1024."""

PIC_BUDGET = 200
"""Bytes in flight to a PIC module."""

PAUSE = 0.5
"""Seconds a module has to read what its TCP has acknowledged."""

OWED_LIMIT = 1000
"""Acknowledgements and pongs that may wait: a car sends a record again that is not acknowledged."""

PASSED_LIMIT = 100
"""Messages of apps that may wait to be passed on; what comes then is dropped."""

PING, PONG = Message("A"), Message("a")

WATCHING = "z"
"""Between servers: how many apps watch at the one that says it. The field has no code for that."""


def budget_of(firmware: LatestMessage | None) -> int:
    """Return how many bytes may be in flight to a car whose latest ``F`` is this.

    PIC modules run firmware 1 and 2, the ESP32's begins with 3. What is sealed, or was never
    sent, does not tell: the PIC is no longer built, so most such cars have the larger buffer.
    """
    is_pic = firmware is not None and not firmware.token and firmware.data[:2] in (b"1.", b"2.")
    return PIC_BUDGET if is_pic else ESP32_BUDGET


class Priority(IntEnum):
    """What is sent to a car, the weightiest first."""

    COMMAND = 0
    PING = 1
    PEERS = 2
    OWED = 3
    PASSED = 4


MOST_WAITING = {Priority.OWED: OWED_LIMIT, Priority.PASSED: PASSED_LIMIT}
"""How many of a kind may wait; of the others only the newest waits."""

OnSent = Callable[[int], None]
"""Told when a message has left, with the mark behind it: the bytes sent so far."""


def _nothing(mark: int) -> None:
    """Tell nobody."""


class Pacer:
    """The way to one car. ``budget`` gives the bytes that may be in flight, now.

    A pacer puts itself into ``waiting`` while something waits: call its :meth:`flush` every
    100 ms then.
    """

    __slots__ = ("_behind_pings", "_budget", "_clock", "_guard", "_is_closed", "_landed", "_line",
                 "_queues", "_sent", "_waiting", "pings", "sent_at")  # fmt: skip

    def __init__(
        self,
        line: Line,
        clock: Clock,
        guard: Guard,
        budget: Callable[[], int],
        waiting: set[Pacer],
    ) -> None:
        self._line = line
        self._guard = guard
        self._clock = clock
        self._budget = budget
        self._waiting = waiting
        self._is_closed = False
        self._queues: dict[Priority, deque[tuple[Message, OnSent]]] = {}
        """What waits, by its kind; a kind of which nothing waits has none: most cars wait never."""
        self._sent = line.sent
        """Bytes sent in all, the welcome included."""
        self._landed = 0
        """So many of them have landed."""
        self._behind_pings = 0
        """So many had been sent when the latest ping was."""
        self.pings = 0
        """Pings that are not answered; one of them may wait."""
        self.sent_at = clock.monotonic()
        """When something was last sent, monotonic seconds."""

    @property
    def in_flight(self) -> int:
        """Bytes that have left, and of which it is not known that they have landed."""
        return self._sent - self._landed

    # -- what is sent -----------------------------------------------------------------------

    def command(self, message: Message, left: OnSent) -> None:
        """Send a command, the only one without an answer; ``left`` is called when it leaves."""
        self._put(Priority.COMMAND, message, left)

    def withdraw(self) -> None:
        """Do not send a command that still waits."""
        self._queues.pop(Priority.COMMAND, None)
        self.flush()

    def ping(self, left: OnSent | None = None) -> None:
        """Send a ping; of several that wait one is sent, and the last ``left`` is called."""
        is_new = Priority.PING not in self._queues
        self.pings += is_new
        if is_new or left is not None:
            self._put(Priority.PING, PING, partial(self._ping_left, left or _nothing))

    def tell_peers(self, apps: int) -> None:
        """Send the number of apps that watch; an older one that still waits is not sent."""
        self._put(Priority.PEERS, Message("Z", str(apps).encode()))

    def pong(self) -> None:
        """Answer the car's ping."""
        self._put(Priority.OWED, PONG)

    def acknowledge(self, ack: bytes) -> None:
        """Acknowledge a record."""
        self._put(Priority.OWED, Message("h", ack))

    def pass_on(self, message: Message) -> None:
        """Send what an app passes on; it is dropped if it does not fit a module's buffer."""
        self._put(Priority.PASSED, message)

    # -- what has landed --------------------------------------------------------------------

    def has_landed(self, mark: int) -> None:
        """Learn that the car has answered what was sent before a mark."""
        self._landed = max(self._landed, mark)

    def ping_answered(self) -> None:
        """Learn that the car has answered a ping; with the last of them all before it landed."""
        self.pings = max(0, self.pings - 1)
        if self.pings == len(self._queues.get(Priority.PING, ())):
            self.has_landed(self._behind_pings)

    def flush(self) -> None:
        """Send of what waits as much as fits."""
        for kind in sorted(self._queues):
            while queue := self._queues.get(kind):
                length = wire_length(queue[0][0])
                is_possible = length <= self._budget()  # which may have shrunk since it was put
                if is_possible and not self._fits(length):
                    self._waiting.add(self)
                    return
                message, left = queue.popleft()
                if not queue:
                    del self._queues[kind]
                if is_possible and self._guard.send(self._line, message):
                    self._sent += length
                    self.sent_at = self._clock.monotonic()
                    left(self._sent)
        self._waiting.discard(self)

    def _ping_left(self, left: OnSent, mark: int) -> None:
        self._behind_pings = mark
        left(mark)

    def close(self) -> None:
        """Drop what waits and what still comes: the car has gone, or called on another line."""
        self._is_closed = True
        self._queues.clear()
        self._waiting.discard(self)

    def _put(self, kind: Priority, message: Message, left: OnSent = _nothing) -> None:
        if self._is_closed:
            return
        waiting = len(self._queues.get(kind, ()))
        if kind not in MOST_WAITING:
            self._queues.pop(kind, None)
        elif waiting >= MOST_WAITING[kind] or wire_length(message) > self._budget():
            return
        self._queues.setdefault(kind, deque()).append((message, left))
        self.flush()

    def _fits(self, length: int) -> bool:
        is_read = self._clock.monotonic() - self.sent_at >= PAUSE
        if is_read and self.in_flight and not self._line.unacknowledged:
            self._landed = self._sent
        return self.in_flight + length <= self._budget()


class RemoteCarPacer(Pacer):
    """The way to a car at another server, which paces what goes to it by itself."""

    __slots__ = ()

    def tell_peers(self, apps: int) -> None:
        """Send the number of apps here; the other server adds its own."""
        self._put(Priority.PEERS, Message(WATCHING, str(apps).encode()))

    def acknowledge(self, ack: bytes) -> None:
        """Leave it to the other server, which has acknowledged already."""

    def _put(self, kind: Priority, message: Message, left: OnSent = _nothing) -> None:
        if self._guard.send(self._line, message):
            self.sent_at = self._clock.monotonic()
            left(self._sent)
