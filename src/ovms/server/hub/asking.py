"""Ask a car one command from outside its room, as a call by HTTP does.

Such an asker takes no client's place, is counted in no ``Z``, and hears nothing but its answer. Its
command waits in the car's queue with those of apps, so whoever asks gets their own answer, and the
limit of wrong PINs holds for all.

What a server refuses looks like a failed command (``c20,1,<reason>``), here and at another server
that has the car. So a refusal is told by its text.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from ovms.protocol import Message, Role
from ovms.protocol.commands import Answer, Command, Result
from ovms.server.hub.commands import NO_ANSWER, NOT_CONNECTED, TOO_LONG, TOO_MANY
from ovms.server.hub.member import Member
from ovms.server.hub.pins import locked_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ovms.server.hub.room import Room

ASKERS_LIMIT: Final = 10
"""Askers of one car at once, a fifth of its queue: the rest is for apps."""

ANSWER_LIMIT: Final = 64 * 1024
"""Bytes of one command's answer; 32 parameters of the longest values have 9 KiB."""


class Unanswered(Exception):
    """There is no answer of the car to a command, for a reason."""

    def __init__(self, reason: Reason, wait: float | None = None) -> None:
        super().__init__(reason.name)
        self.reason = reason
        self.wait = wait
        """Seconds until it may be asked again; ``None`` if that is unknown."""


class Reason(Enum):
    """Why there is no answer of the car."""

    NOT_CONNECTED = auto()
    """Nothing was sent: the car is not there."""
    CONNECTION_LOST = auto()
    """The car has gone, or called again, before it answered. It may have had the command."""
    NO_ANSWER = auto()
    """The time is over. The car may have had the command."""
    SEALED = auto()
    """The answer came sealed: only the owner's apps can read it."""
    OVERLONG = auto()
    """The answer has more than :data:`ANSWER_LIMIT` bytes."""
    PINS_LOCKED = auto()
    """Too many PINs were wrong: the car is asked none for a while."""
    TOO_MANY = auto()
    """Too many commands wait for the car."""
    TOO_LONG = auto()
    """The command does not fit the module's buffer."""
    WITHDRAWN = auto()
    """Whoever asked has taken it back before it was sent."""
    LOGIN_ENDED = auto()
    """The login by which it was asked ended before it was sent."""
    RIGHT_LOST = auto()
    """Whoever asked may not any more: the right was taken before it was sent."""


REFUSALS: Final = {
    NOT_CONNECTED: Reason.CONNECTION_LOST,
    NO_ANSWER: Reason.NO_ANSWER,
    TOO_MANY: Reason.TOO_MANY,
    TOO_LONG: Reason.TOO_LONG,
}
"""What the texts of refusals say of a command that was taken."""


class AnswerLine:
    """The line to an asker: what is sent on it is the answer, row by row."""

    peer = ""
    is_proven = True
    received = 0
    sent = 0
    unacknowledged = 0

    def __init__(self, on_row: Callable[[Answer], object] = bool) -> None:
        self.over = asyncio.Event()
        """Nothing more comes, or nothing that counts."""
        self.answers: list[Answer] = []
        self.failure: Reason | None = None
        self._on_row = on_row
        self._size = 0

    def send(self, message: Message) -> bool:
        """Take a row of the answer, or all of it."""
        answer = Answer.parse(message.data) if message.code == "c" else None
        self._size += len(message.data)
        if answer is None:
            self.fail(Reason.SEALED)
        elif self._size > ANSWER_LIMIT:
            self.fail(Reason.OVERLONG)
        else:
            self.answers.append(answer)
            self._on_row(answer)
        return True

    def send_all(self, messages: Sequence[Message]) -> bool:
        """Take rows of the answer."""
        sent = [self.send(each) for each in messages]
        return all(sent)

    async def drained(self) -> None:
        """Return at once: nothing waits."""

    def close(self, error: Exception | None = None) -> None:
        """Take nothing more."""
        self.fail(Reason.CONNECTION_LOST)

    def fail(self, reason: Reason) -> None:
        """Note why no answer comes, or no more of it."""
        self.failure = self.failure or reason
        self.over.set()


class AskedCommand:
    """A command that a car is being asked. Making one asks; await :meth:`answers` then.

    ``on_row`` is called with each row of the answer, or with all of it. Raises :class:`Unanswered`
    if the car is not there or too many ask.
    """

    def __init__(
        self, room: Room, command: Command, on_row: Callable[[Answer], object] = bool
    ) -> None:
        if room.car is None:
            raise Unanswered(Reason.NOT_CONNECTED)
        if len(room.askers) >= ASKERS_LIMIT:
            raise Unanswered(Reason.TOO_MANY)
        self._room = room
        self._line = AnswerLine(on_row)
        self._asker = Member(
            Role.BATCH, self._line, joined=0.0, heard=0.0, on_idle=self._line.over.set
        )
        room.askers += (self._asker,)
        try:
            room.take_command(self._asker, command.message)
        except BaseException:
            self._leave()
            raise

    @property
    def is_over(self) -> bool:
        """Return whether the answer is there, or why there is none."""
        return self._line.over.is_set()

    @property
    def is_waiting(self) -> bool:
        """Return whether the car was not sent the command so far."""
        car = self._room.car
        queue = None if car is None else car.queue
        return not self.is_over and queue is not None and queue.is_waiting(self._asker)

    def withdraw(self, reason: Reason = Reason.WITHDRAWN) -> bool:
        """Take the command back; return whether that was possible, for it was not sent."""
        if not self.is_waiting:
            return False
        self._room.drop_commands(self._asker)
        self._line.fail(reason)
        return True

    async def answers(self, timeout: float) -> list[Answer]:
        """Return the car's answer, all its rows, within ``timeout`` seconds; call it once.

        Whoever is cancelled hears nothing of it; a command that was not sent by then never is.
        Raises :class:`Unanswered`.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._line.over.wait()
        except TimeoutError:
            raise Unanswered(Reason.NO_ANSWER) from None
        finally:
            self._leave()
        return _checked(self._line)

    def _leave(self) -> None:
        self._room.askers = tuple(each for each in self._room.askers if each is not self._asker)
        self._room.drop_commands(self._asker)


async def ask(
    room: Room,
    command: Command,
    timeout: float,
    on_asked: Callable[[AskedCommand], None] | None = None,
) -> list[Answer]:
    """Return a car's answer to a command; see :class:`AskedCommand`. Raises :class:`Unanswered`.

    ``on_asked`` is called at once with what was asked.
    """
    asked = AskedCommand(room, command)
    if on_asked is not None:
        on_asked(asked)
    return await asked.answers(timeout)


def _checked(line: AnswerLine) -> list[Answer]:
    """Return what came; raise :class:`Unanswered` if that is no answer of the car."""
    if line.failure is not None:
        raise Unanswered(line.failure)
    for answer in line.answers:
        if answer.result == Result.FAILED:
            wait = locked_for(answer.text)
            if wait is not None:
                raise Unanswered(Reason.PINS_LOCKED, wait)
            if answer.text in REFUSALS:
                raise Unanswered(REFUSALS[answer.text])
    return line.answers
