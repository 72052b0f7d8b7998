"""Whose answer is this? The commands of one vehicle, one at a time towards its car.

The car answers in the order it was asked, and an answer names its command at most by number. So
the queue sends one command, waits for its answer, then sends the next. What is in flight then
fits a module's buffer, too.

A command whose answer does not end in time is given up, and a ping follows it. When that ping is
answered, whatever the car had to say before it has been said, and the next command can be sent.
Without any answer its asker is told so, and what still comes is dropped; further rows of an answer
that had begun still reach the asker.

Some commands are never answered (the ESP32's restart), some late. While others wait, the ping
follows after a short pause already: when it is answered and the command is not, the next one goes
out, and an answer that names the earlier one's number still finds its asker until its time is over.
Only a command of the same number has to wait for that: nobody could tell their answers apart. What
comes after the time is over reaches nobody, unless it can be the answer to a later command.

A sealed answer does not show its number: it belongs to the oldest command without its whole answer.
Nor does it show that it is the last row: the queue lingers for further ones, then pings.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from ovms.protocol import Message
from ovms.protocol.commands import Answer, Command, Result

ANSWER_TIMEOUT = 60.0
"""Seconds until a command without an answer is given up."""

ANSWER_PAUSE = 5.0
"""Seconds after which a command that others wait behind is followed by a ping."""

ROW_TIMEOUT = 5.0
"""Seconds between the rows of one answer: old modules leave the last rows out."""

SEALED_LINGER = 1.0
"""Seconds the queue waits for further rows of a sealed answer before it makes sure with a ping."""

PING_TIMEOUT = 10.0
"""Seconds until a car that does not answer the ping gets its next command all the same."""

QUEUE_LIMIT = 50
"""Commands that may wait for one car: more than people type, little enough to hold."""

LONGEST_COMMAND = 1023
"""Bytes of a line towards a car; its buffer has 1024."""

NOT_CONNECTED = "car is not connected"
NO_ANSWER = "no answer from the car"
TOO_LONG = "command too long"
TOO_MANY = "too many commands are waiting"


class Broadcast:
    """The asker of an answer that nobody asked for."""


BROADCAST = Broadcast()

Asker = Hashable


@dataclass(slots=True, eq=False)
class PendingCommand:
    """A command on its way."""

    asker: Asker | None
    """Who gets the answer; ``None`` once it has gone."""
    message: Message
    number: int | None
    """Its number; ``None`` where it is sealed."""
    deadline: float = 0.0
    sent: float | None = None
    """When it left for the car, monotonic seconds; ``None`` while it has not."""
    mark: int = 0
    """What its answer shows to have landed, see :meth:`CarLink.has_landed`."""
    has_rows: bool = False
    """Part of the answer is there."""
    is_followed: bool = False
    """A ping was sent behind it before its time was over."""

    def fits(self, answer: Answer | None) -> bool:
        """Return whether an answer can be to this command; ``None`` is a sealed one."""
        return answer is None or answer.number == self.number


class CarLink(Protocol):
    """What a queue needs of whoever reaches the car."""

    @property
    def longest(self) -> int:
        """Bytes of the longest line that the car can take."""

    def send_command(self, message: Message) -> None:
        """Send a command, now or when it fits."""

    def withdraw_command(self) -> None:
        """Do not send the command that has not left yet."""

    def has_landed(self, mark: int) -> None:
        """Learn that the car has answered a command, whose ``mark`` came when it had left."""

    def send_ping(self) -> None:
        """Send a ping."""


class CommandQueue:
    """The commands of one vehicle.

    ``car`` is the way to the car, which says by :meth:`command_left` and :meth:`ping_left` when it
    has really sent something. ``refuse`` tells an asker that its command failed, ``finished`` that
    nothing more comes of it, whatever came before. Times are monotonic seconds.
    """

    __slots__ = ("_car", "_current", "_done", "_finished", "_given_up", "_overdue", "_patient",
                 "_pinged", "_refuse", "_timeout", "_waiting")  # fmt: skip

    def __init__(
        self,
        car: CarLink,
        refuse: Callable[[Asker, Message], None],
        timeout: float = ANSWER_TIMEOUT,
        finished: Callable[[Asker], None] = lambda asker: None,
    ) -> None:
        self._car = car
        self._refuse = refuse
        self._finished = finished
        self._timeout = timeout
        self._waiting: deque[PendingCommand] = deque()
        self._done: list[PendingCommand] = []
        self._patient: list[PendingCommand] = []
        """Sent and passed by, with time left: an answer by number still counts."""
        self._current: PendingCommand | None = None
        self._given_up: deque[PendingCommand] = deque(maxlen=QUEUE_LIMIT)
        self._overdue: deque[int | None] = deque(maxlen=QUEUE_LIMIT)
        """Numbers of commands whose answers did not come in time; ``None`` for sealed ones."""
        self._pinged: float | None = None
        """When the wait for a ping's answer ends; ``None`` while there is none."""

    @property
    def is_idle(self) -> bool:
        """Nothing is under way, and :meth:`tick` need not be called."""
        is_quiet = self._current is None and self._pinged is None
        return is_quiet and not self._waiting and not self._patient

    def ask(self, asker: Asker, message: Message, now: float) -> None:
        """Take a client's command: ``C…``, or sealed ``EMC…``. It is sent when its turn comes."""
        command = Command.parse(message.data) if message.code == "C" else None
        if message.code == "C" and command is None:
            self._finished(asker)
            return
        asked = PendingCommand(asker, message, command.number if command else None)
        if wire_length(message) > self._car.longest:
            self._fail(asked, TOO_LONG)
        elif len(self._waiting) >= QUEUE_LIMIT:
            self._fail(asked, TOO_MANY)
        else:
            self._waiting.append(asked)
            self._send_next(now)

    def answered(self, message: Message, now: float) -> Asker | Broadcast | None:
        """Return who gets an answer from the car: ``c…``, or sealed ``EMc…``.

        ``None`` when whoever asked has gone or was told already that no answer came.
        """
        answer = Answer.parse(message.data) if message.code == "c" else None
        if message.code == "c" and answer is None:
            return BROADCAST
        late = next((asked for asked in self._given_up if asked.fits(answer)), None)
        if late is not None:
            return self._answered_late(late, answer)
        patient = next((asked for asked in self._patient if answer and asked.fits(answer)), None)
        if patient is not None and answer is not None:
            return self._answered_patient(patient, answer, now)
        current = self._current
        if current is None or current.sent is None or not current.fits(answer):
            return self._answered_nobody(answer)
        self._car.has_landed(current.mark)
        current.has_rows = True
        if answer is None:
            current.deadline = now + SEALED_LINGER
        elif answer.is_last:
            self._current = None
            self._done.append(current)
            self._send_next(now)
        else:
            current.deadline = now + ROW_TIMEOUT
        return current.asker

    def _answered_nobody(self, answer: Answer | None) -> Broadcast | None:
        """Drop an answer whose command's time is over; what nobody asked for is for everyone."""
        late = next((n for n in self._overdue if answer is None or n == answer.number), BROADCAST)
        if isinstance(late, Broadcast):
            return BROADCAST
        if answer is None or answer.is_last:
            self._overdue.remove(late)
        return None

    def _answered_patient(self, asked: PendingCommand, answer: Answer, now: float) -> Asker | None:
        """Take an answer to a command that others have passed."""
        self._car.has_landed(asked.mark)
        asked.has_rows = True
        asked.deadline = now + ROW_TIMEOUT
        if answer.is_last:
            self._patient.remove(asked)
            self._done.append(asked)
            self._send_next(now)
        return asked.asker

    def settle(self) -> None:
        """Let askers go on whose answer is whole. Call it when it has been sent to them."""
        done, self._done = self._done, []
        for asked in done:
            if asked.asker is not None:
                self._finished(asked.asker)

    def _answered_late(self, late: PendingCommand, answer: Answer | None) -> Asker | None:
        """Take an answer to a given-up command; a sealed one may have more rows behind it."""
        self._car.has_landed(late.mark)
        if answer is not None and answer.is_last:
            self._given_up.remove(late)
            self._done += [late] if late.has_rows else []
        return late.asker if late.has_rows else None

    def command_left(self, now: float, mark: int) -> None:
        """Learn that the command whose turn it is has left: its time begins."""
        if self._current is not None:
            self._current.mark = mark
            self._current.sent = now
            self._current.deadline = now + self._timeout

    def ping_left(self, now: float) -> None:
        """Learn that the ping has left: the time for its answer begins."""
        if self._pinged is not None:
            self._pinged = now + PING_TIMEOUT

    def ping_answered(self, now: float) -> None:
        """Go on: the car has said all that it had to say before the last ping."""
        self._pinged = None
        self._let_go()
        for late in self._given_up:
            self._note_overdue(late)
        self._given_up.clear()
        current = self._current
        if current is not None and current.is_followed and not current.has_rows:
            self._pass_by(current)
        self._send_next(now)

    def _pass_by(self, asked: PendingCommand) -> None:
        """Let others pass a command; a sealed one could not be told from theirs any more."""
        self._current = None
        if asked.number is None:
            self._note_overdue(asked)
            self._fail(asked, NO_ANSWER)
        else:
            self._patient.append(asked)

    def _note_overdue(self, asked: PendingCommand) -> None:
        """Remember a command whose answer may still come, and is for nobody then."""
        self._overdue.append(asked.number)

    def _let_go(self) -> None:
        """Let those go on whose answer had begun: nothing more of it will be passed on."""
        for late in self._given_up:
            if late.has_rows and late.asker is not None:
                self._finished(late.asker)
            late.asker = None

    def tick(self, now: float) -> None:
        """Give up what is overdue. Call it about once a second while not idle."""
        if self._pinged is not None and now >= self._pinged:
            self._pinged = None
            self._let_go()  # from here on a late answer cannot be told from the next one's
        for overdue in [asked for asked in self._patient if now >= asked.deadline]:
            self._patient.remove(overdue)
            self._note_overdue(overdue)
            self._end(overdue)
        current = self._current
        if current is not None and now >= current.deadline:
            self._current = None
            if current.sent is None:
                self._withdraw(current)
            else:
                self._give_up(current, now)
        elif current is not None:
            self._follow(current, now)
        self._send_next(now)

    def _follow(self, asked: PendingCommand, now: float) -> None:
        """Send a ping behind a command that others have waited behind for long enough."""
        is_long = asked.sent is not None and now >= asked.sent + ANSWER_PAUSE and not asked.has_rows
        may_pass = any(each.number is None or each.number != asked.number for each in self._waiting)
        if is_long and may_pass and not asked.is_followed and self._pinged is None:
            asked.is_followed = True
            self._pinged = now + PING_TIMEOUT
            self._car.send_ping()

    def _end(self, asked: PendingCommand) -> None:
        """Tell an asker that nothing more comes."""
        if not asked.has_rows:
            self._fail(asked, NO_ANSWER)
        elif asked.asker is not None:
            self._finished(asked.asker)

    def _withdraw(self, asked: PendingCommand) -> None:
        """Give up a command that could not even leave: the car must not do it later."""
        self._car.withdraw_command()
        self._fail(asked, NO_ANSWER)

    def _give_up(self, asked: PendingCommand, now: float) -> None:
        self._given_up.append(asked)
        self._pinged = now + PING_TIMEOUT
        self._car.send_ping()
        if not asked.has_rows:
            self._fail(asked, NO_ANSWER)

    def forget(self, asker: Asker) -> None:
        """Drop what a client that has gone still waited for; its answers find nobody."""
        current = self._current
        if current is not None and current.sent is None and current.asker is asker:
            self._car.withdraw_command()
            self._current = None
        self._waiting = deque(asked for asked in self._waiting if asked.asker is not asker)
        for asked in (self._current, *self._given_up, *self._patient):
            if asked is not None and asked.asker is asker:
                asked.asker = None

    def car_gone(self) -> None:
        """Refuse everything under way: the car's connection is gone, and its answers with it."""
        sent = [*self._patient, *([self._current] if self._current else [])]
        self._done += [asked for asked in sent if asked.has_rows]
        failed = [asked for asked in (*sent, *self._waiting) if not asked.has_rows]
        self._current = self._pinged = None
        self._waiting.clear()
        self._patient.clear()
        self._let_go()
        self._given_up.clear()
        self._overdue.clear()
        self.settle()
        for asked in failed:
            self._fail(asked, NOT_CONNECTED)

    def _send_next(self, now: float) -> None:
        while self._current is None and self._pinged is None:
            asked = self._next()
            if asked is None:
                return
            self._waiting.remove(asked)
            if wire_length(asked.message) > self._car.longest:
                self._fail(asked, TOO_LONG)
                continue
            self._current = asked
            asked.deadline = now + self._timeout
            self._car.send_command(asked.message)

    def _next(self) -> PendingCommand | None:
        """Return the first waiting command whose number none of the passed ones has."""
        passed = {asked.number for asked in self._patient}
        return next((asked for asked in self._waiting if asked.number not in passed), None)

    def _fail(self, asked: PendingCommand, reason: str) -> None:
        if asked.number is not None and asked.asker is not None:
            self._refuse(asked.asker, Answer(asked.number, Result.FAILED, reason).message)
        if asked.asker is not None:
            self._finished(asked.asker)


def wire_length(message: Message) -> int:
    """Bytes of a message's ciphered line, its end included."""
    return (len(message.plain) + 2) // 3 * 4 + 2
