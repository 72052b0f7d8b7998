"""What is on its way to a car's bus: questions that fall due, and the frames of commands. Pure.

A command is answered when the car has shown what it made of it: its order names what must be true
then (``expect``), and how long that may take. If the car goes on saying otherwise, the command has
failed: a wrong PIN ends so, or a charge without a plug. What was known before proves nothing. If
the car says nothing at all of it, as it may while it sleeps, the command counts as done when that
time is over; if nothing is named, once its frames are sent.

No frame leaves after its command was answered, or when nobody can be waiting for that any more.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from ovms.car.answers import AnswerCallback
from ovms.car.frames import Frame
from ovms.car.vehicles.data.command_frames import CommandFrames, Poll
from ovms.car.vehicles.data.conditions import Condition, Look
from ovms.car.vehicles.data.encodings import ValueRefused
from ovms.car.vehicles.data.fields import SEPARATOR
from ovms.car.vehicles.data.models import LONGEST_COMMAND
from ovms.protocol.commands import Answer, Command, Result

MOST_WAITING = 50
"""Commands on their way at once; a server sends one after the other."""


@dataclass(slots=True, eq=False)
class _SentCommand:
    """A command that is not answered yet, with the callback for its answer."""

    number: int
    answer: AnswerCallback
    expected: Condition
    within: float
    left: int
    """Frames that are not on the bus yet."""
    until: float
    """When it is too late to send one."""
    sent_at: float | None = None
    news: set[str] = field(default_factory=set)
    """The fields that the car has told since."""

    @property
    def fields(self) -> set[str]:
        """What the car has to tell of."""
        return {name.partition(SEPARATOR)[0] for name in self.expected.names}


class Sender:
    """The frames for one car. ``now`` is the car's time; ``look`` gives what is known of it."""

    def __init__(self, questions: Sequence[Poll], look: Look) -> None:
        self._questions = questions
        self._look = look
        self._asked: dict[int, float] = {}
        self._queue: list[tuple[float, int, Frame, _SentCommand]] = []
        self._count = itertools.count()
        self._waiting: list[_SentCommand] = []
        self._leaving: list[_SentCommand] = []
        """Those whose frames were given to be sent, one entry a frame."""

    @property
    def next(self) -> float | None:
        """When the next frame of a command is to be sent."""
        return self._queue[0][0] if self._queue else None

    def asking(self, now: float) -> list[Frame]:
        """Return the frames that ask for data and are due; they count as sent at ``now``."""
        due = []
        for at, question in enumerate(self._questions):
            asked = self._asked.get(at)
            is_due = asked is None or now - asked >= question.every
            if is_due and question.when.holds(self._look):
                self._asked[at] = now
                due.append(Frame(now, question.id, question.data, question.is_extended))
        return due

    def order(
        self, order: CommandFrames, command: Command, now: float, answer: AnswerCallback
    ) -> None:
        """Begin to carry out a command. Raise :class:`~.encodings.ValueRefused` if it is wrong."""
        frames = order.make(command)
        if len(self._waiting) >= MOST_WAITING:
            raise ValueRefused("too many commands at once")
        waiting = _SentCommand(
            command.number, answer, order.expected(command), order.within, len(frames),
            now + LONGEST_COMMAND - order.patience,
        )  # fmt: skip
        self._waiting.append(waiting)
        for frame in frames:
            at = now + frame.time
            heapq.heappush(self._queue, (at, next(self._count), frame._replace(time=at), waiting))

    def commanding(self, now: float, *, one: bool = False) -> list[Frame]:
        """Return the frames of one command that are due, or ``one`` of them.

        :meth:`sent` is to be called next: whether they were sent is that command's affair alone.
        """
        self._give_up_late(now)
        due: list[Frame] = []
        while self._queue and self._queue[0][0] <= now and not (one and due):
            waiting = self._queue[0][3]
            if self._leaving and self._leaving[0] is not waiting:
                break
            due.append(heapq.heappop(self._queue)[2])
            self._leaving.append(waiting)
        return due

    def sent(self, now: float, problem: str | None) -> None:
        """Learn that what was given is on the bus, or why not; then the rest is not sent either."""
        leaving, self._leaving = self._leaving, []
        for waiting in leaving:
            waiting.left -= 1
            if problem is not None:
                self._fail(waiting, problem)
            elif not waiting.left:
                waiting.sent_at = now

    def heard(self, attribute: str) -> None:
        """Learn that the car has told a field, or a part of it."""
        for waiting in self._waiting:
            if waiting.sent_at is not None:
                waiting.news.add(attribute)

    def look(self, now: float) -> None:
        """See which commands have come to an end."""
        self._give_up_late(now)
        for waiting in [each for each in self._waiting if each.sent_at is not None]:
            is_told = not waiting.fields or bool(waiting.news & waiting.fields)
            if is_told and waiting.expected.holds(self._look):
                self._settle(waiting, None)
            elif now - (waiting.sent_at or 0.0) >= waiting.within:
                text = f"the car shows no sign of it after {waiting.within:g} s"
                self._settle(waiting, text if is_told else None)

    @property
    def is_waiting(self) -> bool:
        """A command is not answered yet."""
        return bool(self._waiting)

    def _give_up_late(self, now: float) -> None:
        """Give up commands that could not be sent as long as somebody waited for it."""
        for waiting in [each for each in self._waiting if each.sent_at is None]:
            if now > waiting.until:
                self._fail(waiting, "it could not be sent in time")

    def _fail(self, waiting: _SentCommand, problem: str) -> None:
        """Answer that it failed; the rest of it is not sent."""
        self._queue = [entry for entry in self._queue if entry[3] is not waiting]
        heapq.heapify(self._queue)
        self._settle(waiting, problem)

    def _settle(self, waiting: _SentCommand, problem: str | None) -> None:
        if waiting in self._waiting:
            self._waiting.remove(waiting)
            result = Result.OK if problem is None else Result.FAILED
            waiting.answer(Answer(waiting.number, result, problem or ""))
