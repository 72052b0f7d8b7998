"""Whose answer is this? The commands for one car, one at a time.

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

from collections.abc import Callable
from typing import Final, Generic, TypeVar

import msgspec

from ovms.protocol import Message
from ovms.protocol.commands import Answer, Result
from ovms.server.hub.counts import CommandOutcome, HubCounts
from ovms.server.hub.pacing import Pacer, wire_length

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

NOT_CONNECTED = "car is not connected"
NO_ANSWER = "no answer from the car"
NO_TEXT = "no text in the command"
TOO_LONG = "command too long"
TOO_MANY = "too many commands are waiting"

OUTCOMES = {
    NOT_CONNECTED: CommandOutcome.NOT_CONNECTED,
    NO_ANSWER: CommandOutcome.NO_ANSWER,
    TOO_LONG: CommandOutcome.TOO_LONG,
    TOO_MANY: CommandOutcome.TOO_MANY,
}
"""As what a refusal counts; any other as ``REFUSED``."""

ANSWERED: Final = CommandOutcome.ANSWERED
"""By this name, because each command asks for it."""

A = TypeVar("A")
"""Who asks: a member of the room."""


class Broadcast:
    """In place of the asker of an answer that nobody asked for: everybody gets it."""


BROADCAST = Broadcast()


class Ending(msgspec.Struct, Generic[A], frozen=True):
    """A command is over: its asker is told ``refusal``, if there is one, and may go on."""

    asker: A
    refusal: Message | None


class Outcome(msgspec.Struct, Generic[A]):
    """What follows for the askers from something that happened, in this order."""

    answer: Message | None
    """The answer that came, if one has."""
    receiver: A | Broadcast | None
    """Who gets it; ``None`` if nobody does."""
    endings: tuple[Ending[A], ...]
    """Commands that are over."""


class PendingCommand(msgspec.Struct, Generic[A], eq=False):
    """A command on its way."""

    asker: A | None
    """Who gets the answer; ``None`` once the asker has gone or must not hear more."""
    message: Message
    number: int | None
    """Its number; ``None`` where it is sealed."""
    deadline: float = 0.0
    sent_at: float | None = None
    """When it was sent to the car, monotonic seconds; ``None`` before."""
    mark: int = 0
    """What its answer shows to have landed, see :meth:`Pacer.landed`."""
    has_rows: bool = False
    """Part of the answer is there."""
    is_followed: bool = False
    """A ping was sent behind it before its time was over."""

    def fits(self, answer: Answer | None) -> bool:
        """Return whether an answer can be to this command; ``None`` is a sealed one."""
        return answer is None or answer.number == self.number


class CommandQueue(Generic[A]):
    """The commands for one car, which are sent through its pacer.

    Act at once upon the :class:`Outcome` that a call returns, then flush the pacer: an answer may
    have shown that there is room for more. Times are monotonic seconds.

    Few cars are ever asked anything, so what waits is in tuples: empty ones take no memory.
    """

    __slots__ = ("_barrier", "_counts", "_current", "_endings", "_given_up", "_overdue", "_pacer",
                 "_patient", "_pinged", "_refusal", "_timeout", "_waiting")  # fmt: skip

    def __init__(
        self,
        pacer: Pacer,
        timeout: float = ANSWER_TIMEOUT,
        refusal: Callable[[int | None], str] = lambda number: "",
        counts: HubCounts | None = None,
    ) -> None:
        self._pacer = pacer
        self._timeout = timeout
        self._counts = counts or HubCounts()
        self._refusal = refusal
        """Returns why the car must not be sent a command of this number now, or nothing."""
        self._waiting: tuple[PendingCommand[A], ...] = ()
        self._patient: tuple[PendingCommand[A], ...] = ()
        """Sent and passed by, with time left: an answer by number still counts."""
        self._current: PendingCommand[A] | None = None
        self._given_up: tuple[PendingCommand[A], ...] = ()
        self._overdue: tuple[int | None, ...] = ()
        """Numbers of commands whose answers did not come in time; ``None`` for sealed ones."""
        self._pinged: float | None = None
        """When the wait for a ping's answer ends; ``None`` while there is none."""
        self._barrier = 0
        """Pings that the car must answer before the queue goes on."""
        self._endings: tuple[Ending[A], ...] = ()
        """What the call that runs will return."""

    @property
    def is_idle(self) -> bool:
        """Nothing is under way, and :meth:`tick` need not be called."""
        is_quiet = self._current is None and self._pinged is None
        return is_quiet and not self._waiting and not self._patient

    @property
    def depth(self) -> int:
        """Return how many commands are not over."""
        return len(self._waiting) + len(self._patient) + (self._current is not None)

    # -- what happens -----------------------------------------------------------------------

    def ask(self, asker: A, message: Message, number: int | None, now: float) -> Outcome[A]:
        """Take a command, ``C…``, or sealed, ``EMC…``; it is sent when its turn comes.

        ``number`` is the command's, ``None`` where it is sealed.
        """
        pending = PendingCommand(asker, message, number)
        if reason := self._problem(pending):
            self._fail(pending, reason)
        elif len(self._waiting) >= QUEUE_LIMIT:
            self._fail(pending, TOO_MANY)
        elif self.is_idle:
            self._send(pending, now)
        else:
            self._waiting += (pending,)
            self._send_next(now)
        return self._outcome()

    def _problem(self, pending: PendingCommand[A]) -> str:
        """Return why a command cannot be sent; empty if it can."""
        if wire_length(pending.message) > self._pacer.longest:
            return TOO_LONG
        return self._refusal(pending.number)

    def answered(self, message: Message, answer: Answer | None, now: float) -> Outcome[A]:
        """Take an answer from the car: ``c…``, or sealed, ``EMc…``.

        ``answer`` is what it says, ``None`` where it is sealed or cannot be read. Nobody receives
        it if its asker has gone, or was told already that no answer came.
        """
        if answer is None and message.code == "c":
            return self._outcome(message, BROADCAST)
        return self._outcome(message, self._receiver(answer, now))

    def ping_answered(self, now: float) -> Outcome[A]:
        """Take the car's answer to a ping; go on if it was the one behind a command."""
        self._pacer.ping_answered()
        if self._barrier:
            self._barrier -= 1
            if not self._barrier:
                self._pass_barrier(now)
        return self._outcome()

    def tick(self, now: float) -> Outcome[A]:
        """Give up what is overdue. Call it about once a second while not idle."""
        if self._pinged is not None and now >= self._pinged:
            self._pinged = None
            self._release_late()  # from here on a late answer cannot be told from the next one's
        for overdue in [pending for pending in self._patient if now >= pending.deadline]:
            self._patient = _without(self._patient, overdue)
            self._note_overdue(overdue.number)
            self._end(overdue)
        current = self._current
        if current is not None and now >= current.deadline:
            self._current = None
            if current.sent_at is None:
                self._pacer.withdraw()  # the car must not do it later
                self._fail(current, NO_ANSWER)
            else:
                self._give_up(current, now)
        elif current is not None:
            self._follow(current, now)
        self._send_next(now)
        return self._outcome()

    def forget(self, asker: A) -> None:
        """Drop what an asker that has gone still waited for; its answers reach nobody."""
        current = self._current
        if current is not None and current.sent_at is None and current.asker is asker:
            self._pacer.withdraw()
            self._current = None
            self._counts.commands[CommandOutcome.WITHDRAWN] += 1
        waiting = tuple(pending for pending in self._waiting if pending.asker is not asker)
        self._counts.commands[CommandOutcome.WITHDRAWN] += len(self._waiting) - len(waiting)
        self._waiting = waiting
        for sent in (self._current, *self._given_up, *self._patient):
            if sent is not None and sent.asker is asker:
                sent.asker = None

    def check(self, asker: A, refusal: Callable[[Message], str], now: float) -> Outcome[A]:
        """Refuse what an asker may ask no more: ``refusal`` says why, or nothing if it may.

        What was not sent never is; of what was, no answer reaches the asker.
        """
        for pending in (self._current, *self._waiting, *self._patient, *self._given_up):
            reason = refusal(pending.message) if pending and pending.asker is asker else ""
            if pending is None or not reason:
                continue
            if pending.sent_at is None:
                self._take_back(pending)
            told = pending in self._given_up or pending.has_rows or pending.number is None
            answer = None if told else Answer(pending.number or 0, Result.FAILED, reason).message
            if pending.has_rows or pending not in self._given_up:
                self._endings += (Ending(asker, answer),)
            pending.asker = None
        self._send_next(now)
        return self._outcome()

    def _take_back(self, pending: PendingCommand[A]) -> None:
        """Never send a command."""
        if pending is self._current:
            self._pacer.withdraw()
            self._current = None
        else:
            self._waiting = _without(self._waiting, pending)
        self._counts.commands[CommandOutcome.WITHDRAWN] += 1

    def is_waiting(self, asker: A) -> bool:
        """Return whether a command of an asker was not sent so far."""
        current = self._current
        is_next = current is not None and current.sent_at is None and current.asker is asker
        return is_next or any(pending.asker is asker for pending in self._waiting)

    def refuse_all(self) -> Outcome[A]:
        """Refuse everything under way: this is not the vehicle's car any more."""
        sent = [*self._patient, *([self._current] if self._current else [])]
        if self._current is not None and self._current.sent_at is None:
            self._pacer.withdraw()
        failed = [pending for pending in (*sent, *self._waiting) if not pending.has_rows]
        self._current = self._pinged = None
        self._barrier = 0
        self._waiting = self._patient = ()
        self._release_late()
        self._given_up = self._overdue = ()
        for pending in sent:
            if pending.has_rows:
                self._finish(pending)
        for pending in failed:
            self._fail(pending, NOT_CONNECTED)
        return self._outcome()

    # -- answers ----------------------------------------------------------------------------

    def is_asked(self, number: int) -> bool:
        """Return whether the car was sent a command of this number that it can still answer."""
        current = self._current
        sent = [current] if current is not None and current.sent_at is not None else []
        numbers = (each.number for each in (*sent, *self._given_up, *self._patient))
        return number in self._overdue or number in numbers

    def _receiver(self, answer: Answer | None, now: float) -> A | Broadcast | None:
        """Return who gets an answer; ``None`` is a sealed one."""
        for late in self._given_up:
            if late.fits(answer):
                return self._answered_late(late, answer)
        if answer is not None:
            for patient in self._patient:
                if patient.fits(answer):
                    return self._answered_patient(patient, answer, now)
        current = self._current
        if current is None or current.sent_at is None or not current.fits(answer):
            return self._answered_nobody(answer)
        self._note_row(current, now)
        if answer is None:
            current.deadline = now + SEALED_LINGER
        elif answer.is_last:
            self._current = None
            self._finish(current)
            self._send_next(now)
        else:
            current.deadline = now + ROW_TIMEOUT
        return current.asker

    def _note_row(self, pending: PendingCommand[A], now: float) -> None:
        """Note that a row of a command's answer is there."""
        self._pacer.landed(pending.mark)
        if not pending.has_rows:
            pending.has_rows = True
            self._counts.commands[ANSWERED] += 1
            if pending.sent_at is not None:
                self._counts.round_trips.observe(now - pending.sent_at)

    def _answered_nobody(self, answer: Answer | None) -> Broadcast | None:
        """Drop an answer whose command's time is over; what nobody asked for is for everyone."""
        late = next((n for n in self._overdue if answer is None or n == answer.number), BROADCAST)
        if isinstance(late, Broadcast):
            return BROADCAST
        if answer is None or answer.is_last:
            at = self._overdue.index(late)
            self._overdue = self._overdue[:at] + self._overdue[at + 1 :]
        return None

    def _answered_patient(self, pending: PendingCommand[A], answer: Answer, now: float) -> A | None:
        """Take an answer to a command that others have passed."""
        self._note_row(pending, now)
        pending.deadline = now + ROW_TIMEOUT
        if answer.is_last:
            self._patient = _without(self._patient, pending)
            self._finish(pending)
            self._send_next(now)
        return pending.asker

    def _answered_late(self, late: PendingCommand[A], answer: Answer | None) -> A | None:
        """Take an answer to a given-up command; a sealed one may have more rows behind it."""
        self._pacer.landed(late.mark)
        if answer is not None and answer.is_last:
            self._given_up = _without(self._given_up, late)
            if late.has_rows:
                self._finish(late)
        return late.asker if late.has_rows else None

    # -- pings ------------------------------------------------------------------------------

    def _send_ping(self, now: float) -> None:
        """Send a ping behind which the car has nothing to say of the commands before."""
        self._pinged = now + PING_TIMEOUT
        self._pacer.ping(self._ping_sent)
        self._barrier = self._pacer.pings

    def _ping_sent(self, mark: int) -> None:
        """Begin the time for the ping's answer."""
        if self._pinged is not None:
            self._pinged = self._pacer.sent_at + PING_TIMEOUT

    def _pass_barrier(self, now: float) -> None:
        """Go on: the car has said all that it had to say before the last ping."""
        self._pinged = None
        self._release_late()
        self._note_overdue(*[late.number for late in self._given_up])
        self._given_up = ()
        current = self._current
        if current is not None and current.is_followed and not current.has_rows:
            self._pass_by(current)
        self._send_next(now)

    def _pass_by(self, pending: PendingCommand[A]) -> None:
        """Let others pass a command; a sealed one could not be told from theirs any more."""
        self._current = None
        if pending.number is None:
            self._note_overdue(None)
            self._fail(pending, NO_ANSWER)
        else:
            self._patient += (pending,)

    def _note_overdue(self, *numbers: int | None) -> None:
        """Note whose answers did not come in time, ``None`` for sealed ones."""
        self._overdue = (*self._overdue, *numbers)[-QUEUE_LIMIT:]

    def _release_late(self) -> None:
        """Let those go on whose answer had begun: nothing more of it will be passed on."""
        for late in self._given_up:
            if late.has_rows:
                self._finish(late)
            late.asker = None

    def _follow(self, pending: PendingCommand[A], now: float) -> None:
        """Send a ping behind a command that others have waited behind for long enough."""
        sent_at = pending.sent_at
        is_long = sent_at is not None and now >= sent_at + ANSWER_PAUSE and not pending.has_rows
        may_pass = any(n.number is None or n.number != pending.number for n in self._waiting)
        if is_long and may_pass and not pending.is_followed and self._pinged is None:
            pending.is_followed = True
            self._send_ping(now)

    def _give_up(self, pending: PendingCommand[A], now: float) -> None:
        self._given_up = (*self._given_up[1 - QUEUE_LIMIT :], pending)
        self._send_ping(now)
        if not pending.has_rows:
            self._fail(pending, NO_ANSWER)

    # -- sending ----------------------------------------------------------------------------

    def _send_next(self, now: float) -> None:
        while self._waiting and self._current is None and self._pinged is None:
            pending = self._next()
            if pending is None:
                return
            self._waiting = _without(self._waiting, pending)
            if reason := self._problem(pending):  # what came while it waited decides, too
                self._fail(pending, reason)
            else:
                self._send(pending, now)

    def _send(self, pending: PendingCommand[A], now: float) -> None:
        self._current = pending
        pending.deadline = now + self._timeout
        self._pacer.command(pending.message, self._command_sent)

    def _next(self) -> PendingCommand[A] | None:
        """Return the first waiting command whose number none of the passed ones has."""
        passed = {pending.number for pending in self._patient}
        return next((each for each in self._waiting if each.number not in passed), None)

    def _command_sent(self, mark: int) -> None:
        """Begin the time of the command whose turn it is."""
        if self._current is not None:
            self._current.mark = mark
            self._current.sent_at = self._pacer.sent_at
            self._current.deadline = self._pacer.sent_at + self._timeout

    # -- endings ----------------------------------------------------------------------------

    def _outcome(
        self, answer: Message | None = None, receiver: A | Broadcast | None = None
    ) -> Outcome[A]:
        endings, self._endings = self._endings, ()
        return Outcome(answer, receiver, endings)

    def _end(self, pending: PendingCommand[A]) -> None:
        """End a command of which nothing more comes."""
        if pending.has_rows:
            self._finish(pending)
        else:
            self._fail(pending, NO_ANSWER)

    def _finish(self, pending: PendingCommand[A]) -> None:
        """Let an asker go on that has its answer."""
        if pending.asker is not None:
            self._endings += (Ending(pending.asker, None),)

    def _fail(self, pending: PendingCommand[A], reason: str) -> None:
        """Refuse a command and let its asker go on; what is sealed shows no number to refuse."""
        self._counts.commands[OUTCOMES.get(reason, CommandOutcome.REFUSED)] += 1
        if pending.asker is None:
            return
        refusal = None
        if pending.number is not None:
            refusal = Answer(pending.number, Result.FAILED, reason).message
        self._endings += (Ending(pending.asker, refusal),)


def _without(
    those: tuple[PendingCommand[A], ...], one: PendingCommand[A]
) -> tuple[PendingCommand[A], ...]:
    """Return all but one of them."""
    return tuple(each for each in those if each is not one)
