"""Everything that goes to a car goes through its pacer, so that it never gets more than it holds.

A module reads its line into a small buffer: what does not fit is lost, and with it the connection.
So at most a budget of bytes is in flight to it at once; the rest waits. Bytes have landed when the
car's TCP has acknowledged them and a short pause since they were sent is over, also while newer
bytes flow. They have landed at once when the car answers a command or a ping that was sent behind
them. So a ping follows acknowledgements of records when no more of them fit: a car that sends many
records has them acknowledged as fast as it reads.

What waits is bounded, and is sent by priority: commands (one at a time), a ping, the newest number
of apps, what the car is owed (acknowledgements and answers to its pings), and last what apps pass
on. When something does not fit yet, nothing of a lower priority goes before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import Final, Protocol

from ovms.base.clock import Clock
from ovms.protocol import Message
from ovms.protocol.messages import MAGIC, LatestMessage
from ovms.protocol.modules import is_pic
from ovms.server.hub.guard import Guard
from ovms.server.hub.interfaces import Line

LONGEST_COMMAND = 1023
"""Bytes of a line towards a car; its buffer has 1024."""

ESP32_BUDGET = LONGEST_COMMAND
"""Bytes in flight to an ESP32 module: its buffer has 1024."""

PIC_BUDGET = 200
"""Bytes in flight to a PIC module."""

PAUSE = 0.5
"""Seconds a module has to read what its TCP has acknowledged."""

MARK_INTERVAL = 0.1
"""Seconds within which what is sent counts as sent at once, with the last of it."""

MARKS_LIMIT = 16
"""Times that are remembered at which something was sent: more than a pause has intervals."""

OWED_LIMIT = 1000
"""Acknowledgements and pongs that may wait: a car sends a record again that is not acknowledged."""

PASSED_LIMIT = 100
"""Messages of apps that may wait to be passed on; what comes then is dropped."""

PING, PONG = Message("A"), Message("a")

WATCHING = "z"
"""Between servers: how many apps watch at the one that says it. The field has no code for that."""


def budget_of(firmware: LatestMessage | None) -> int:
    """Return how many bytes may be in flight to a car whose latest ``F`` is this.

    What is sealed, or was never sent, tells nothing: most such cars have the larger buffer.
    """
    if firmware is None or firmware.token or not is_pic(firmware.data):
        return ESP32_BUDGET
    return PIC_BUDGET


def wire_length(message: Message) -> int:
    """Return the bytes of a message's ciphered line, its end included."""
    return (len(message.data) + BEFORE_DATA + 2) // 3 * 4 + 2


BEFORE_DATA = len(MAGIC) + 1
"""Bytes of a line before its data: the last is the code."""


PING_LENGTH = wire_length(PING)
"""Bytes that acknowledgements leave for a ping behind them."""


class Priority(IntEnum):
    """What is sent to a car, the most urgent first."""

    COMMAND = 0
    PING = 1
    PEERS = 2
    OWED = 3
    PASSED = 4

    __hash__ = int.__hash__  # an Enum's own costs a call, several times a message


COMMAND: Final = Priority.COMMAND
"""By this name, because each command asks for it."""

MOST_WAITING = {Priority.OWED: OWED_LIMIT, Priority.PASSED: PASSED_LIMIT}
"""How many of a priority may wait; of the others only the newest waits."""

OnSent = Callable[[int], None]
"""Called when a message has been sent, with the mark behind it: all bytes sent so far."""


def _nothing(mark: int) -> None:
    """Do nothing."""


class WaitingPacers(set["Pacer"]):
    """Pacers in which something waits; ``on_wait`` is called whenever one is added."""

    def __init__(self, on_wait: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._on_wait = on_wait

    def add(self, pacer: Pacer) -> None:
        """Add a pacer."""
        super().add(pacer)
        self._on_wait()


class Buffered(Protocol):
    """Whoever knows what a car's module can hold."""

    @property
    def budget(self) -> int:
        """Bytes that may be in flight to the car now."""


class Pacer:
    """What goes to one car; ``module`` says how much of it may be in flight.

    A pacer puts itself into ``waiting`` while something waits: call its :meth:`flush` every
    100 ms then.
    """

    __slots__ = ("_behind_pings", "_clock", "_guard", "_is_closed", "_landed", "_line", "_marked",
                 "_marks", "_module", "_queues", "_sent", "_waiting", "pings",
                 "sent_at")  # fmt: skip

    def __init__(
        self,
        line: Line,
        clock: Clock,
        guard: Guard,
        module: Buffered,
        waiting: set[Pacer],
    ) -> None:
        self._line = line
        self._guard = guard
        self._clock = clock
        self._module = module
        self._waiting = waiting
        self._is_closed = False
        self._queues: dict[Priority, deque[tuple[Message, OnSent]]] | None = None
        """What waits, by its priority; without an entry where nothing waits, as in most cars."""
        self._sent = line.sent
        """Bytes sent in all, the welcome included."""
        self._landed = 0
        """So many of them have landed."""
        self._behind_pings = 0
        """So many had been sent when the latest ping was."""
        self.pings = 0
        """Pings that are not answered; one of them may wait."""
        self.sent_at = self._marked = clock.monotonic()
        """When something was last sent, and when the first of what counts as sent with it was,
        monotonic seconds."""
        self._marks: tuple[tuple[int, float], ...] = ()
        """How much had been sent when, oldest first, of what was sent before and has not landed."""

    @property
    def longest(self) -> int:
        """Bytes of the longest line that the car can take, and of all that may be in flight."""
        return self._module.budget

    @property
    def in_flight(self) -> int:
        """Bytes that were sent, and of which it is not known that they have landed."""
        return self._sent - self._landed

    # -- what is sent -----------------------------------------------------------------------

    def command(self, message: Message, on_sent: OnSent) -> None:
        """Send a command, now or when it fits. There must be no other that is not answered."""
        self._put(COMMAND, message, on_sent)

    def withdraw(self) -> None:
        """Drop a command that still waits."""
        if self._queues is not None:
            self._queues.pop(Priority.COMMAND, None)
        self.flush()

    def ping(self, on_sent: OnSent | None = None) -> None:
        """Send a ping; of several that wait one is sent, and the last ``on_sent`` is called."""
        is_new = self._queues is None or Priority.PING not in self._queues
        self.pings += is_new
        if is_new or on_sent is not None:
            self._put(Priority.PING, PING, partial(self._ping_sent, on_sent or _nothing))

    def tell_peers(self, apps: int) -> None:
        """Send the number of apps that watch; an older one that still waits is not sent."""
        self._put(Priority.PEERS, Message("Z", str(apps).encode()))

    def pong(self) -> None:
        """Answer the car's ping."""
        self._put(Priority.OWED, PONG)

    def acknowledge(self, ack: bytes, on_sent: OnSent = _nothing) -> None:
        """Acknowledge a record with the :meth:`flush` that must follow: several go in one piece."""
        if not self._is_closed:
            owed = self._queue(Priority.OWED)
            if len(owed) < OWED_LIMIT:
                owed.append((Message("h", ack), on_sent))

    def pass_on(self, message: Message) -> None:
        """Send what an app passes on; it is dropped if it does not fit a module's buffer."""
        self._put(Priority.PASSED, message)

    # -- what has landed --------------------------------------------------------------------

    def landed(self, mark: int) -> None:
        """Count as landed what was sent before a mark: the car has answered it."""
        self._landed = max(self._landed, mark)
        while self._marks and self._marks[0][0] <= self._landed:
            self._marks = self._marks[1:]

    def ping_answered(self) -> None:
        """Count a ping as answered; with the last of them all that was sent before it landed."""
        self.pings = max(0, self.pings - 1)
        if self.pings == (self._queues is not None and Priority.PING in self._queues):
            self.landed(self._behind_pings)
            if self._queues:
                self.flush()

    def flush(self) -> None:
        """Send as much of what waits as fits."""
        if self._queues is None:
            return
        for priority in sorted(self._queues):
            if not self._send_waiting(priority):
                self._waiting.add(self)
                if (
                    priority is Priority.OWED
                    and not self.pings
                    and self._room(PING_LENGTH) >= PING_LENGTH
                ):
                    self.ping()
                return
        self._queues = self._queues or None
        self._waiting.discard(self)

    def _queue(self, priority: Priority) -> deque[tuple[Message, OnSent]]:
        """Return the queue in which something of a priority is about to wait."""
        if self._queues is None:
            self._queues = {}
        return self._queues.setdefault(priority, deque())

    def flush_owed(self) -> None:
        """Do the same; a failure ends here."""
        try:
            self.flush()
        except Exception as error:
            self._guard.failed("acknowledgement", error)

    def _send_waiting(self, priority: Priority) -> bool:
        """Send what waits of a priority, what fits in one piece; return whether nothing is left."""
        budget = self._module.budget  # which may have shrunk since it was put
        while self._queues and (queue := self._queues.get(priority)):
            behind = PING_LENGTH if priority is Priority.OWED and not self.pings else 0
            room = self._room(wire_length(queue[0][0]) + behind) - behind
            messages: list[Message] = []
            told: list[OnSent] = []
            length = 0
            while queue:
                size = wire_length(queue[0][0])
                if size <= budget and length + size > room:
                    break
                message, on_sent = queue.popleft()
                if size <= budget:
                    length += size
                    messages.append(message)
                    told.append(on_sent)
            if not queue:
                del self._queues[priority]
            elif not messages:
                return False
            if messages and self._guard.send_all(self._line, messages):
                self._note_sent(length)
                for on_sent in told:
                    on_sent(self._sent)
        return True

    def close(self) -> None:
        """Drop what waits and what still comes: the car has gone, or called on another line."""
        self._is_closed = True
        self._queues = None
        self._waiting.discard(self)

    def _ping_sent(self, on_sent: OnSent, mark: int) -> None:
        self._behind_pings = mark
        on_sent(mark)

    def _put(self, priority: Priority, message: Message, on_sent: OnSent = _nothing) -> None:
        if self._is_closed:
            return
        length = wire_length(message)
        if not self._queues and length <= self._room(length):  # so most cars never have a queue
            if self._guard.send(self._line, message):
                self._note_sent(length)
                on_sent(self._sent)
            return
        waiting = len(self._queues.get(priority, ())) if self._queues else 0
        if priority in MOST_WAITING:
            if waiting >= MOST_WAITING[priority] or length > self._module.budget:
                return
        elif self._queues:
            self._queues.pop(priority, None)
        self._queue(priority).append((message, on_sent))
        self.flush()

    def _note_sent(self, length: int) -> None:
        """Remember when how much was sent; what belongs to the newest mark moves it."""
        now = self._clock.monotonic()
        if len(self._marks) >= MARKS_LIMIT:
            self._land()
        is_news = now >= self._marked + MARK_INTERVAL and len(self._marks) < MARKS_LIMIT
        if self._landed >= self._sent:
            self._marked = now
        elif is_news:
            self._marks += ((self._sent, self.sent_at),)
            self._marked = now
        self._sent += length
        self.sent_at = now

    def _land(self) -> None:
        """Count as landed what was sent a pause ago and is acknowledged."""
        latest = self._clock.monotonic() - PAUSE
        marks = (*self._marks, (self._sent, self.sent_at))
        if self._landed >= self._sent or marks[0][1] > latest:
            return
        acknowledged = self._sent - self._line.unacknowledged
        old = [mark for mark, sent_at in marks if mark <= acknowledged and sent_at <= latest]
        if old:
            self.landed(old[-1])

    def _room(self, length: int) -> int:
        """Return how many bytes may be sent now; for fewer than these, see what has landed."""
        room = self._module.budget - self._sent + self._landed
        if room < length:
            self._land()
            room = self._module.budget - self._sent + self._landed
        return room


class RemoteCarPacer(Pacer):
    """What goes to a car at another server, which paces it by itself."""

    __slots__ = ()

    def tell_peers(self, apps: int) -> None:
        """Send the number of apps here; the other server adds its own."""
        self._put(Priority.PEERS, Message(WATCHING, str(apps).encode()))

    def acknowledge(self, ack: bytes, on_sent: OnSent = _nothing) -> None:
        """Do nothing: the other server has acknowledged already."""

    def _put(self, priority: Priority, message: Message, on_sent: OnSent = _nothing) -> None:
        if self._guard.send(self._line, message):
            self.sent_at = self._clock.monotonic()
            on_sent(self._sent)
