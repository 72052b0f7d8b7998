"""What is to be sent to a car's bus: requests for data, and the frames of commands. Pure.

A command is answered when the car has shown its effect: the type's data names what must hold then
(``expect``), and how long that may take. If the car keeps reporting something else, the command has
failed, as with a wrong PIN, or a charge without a plug. What was known before does not count. If
the car reports nothing of it at all, as it may while it sleeps, the command counts as done when the
time is over. If nothing is expected, it is done once its frames are sent.

No frame is sent after its command was answered, or when the client has stopped waiting.
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

RETRY_AFTER = 1.0
"""Seconds after which a question is due again that could not be sent, such as while an adapter
opens."""

MOST_WAITING = 50
"""Commands at a time. A server sends one after the other."""


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
    """When it is too late to send them."""
    sent_at: float | None = None
    news: set[str] = field(default_factory=set)
    """The fields that the car has reported since the command was sent."""

    @property
    def fields(self) -> set[str]:
        """The fields that the car has to report."""
        return {name.partition(SEPARATOR)[0] for name in self.expected.names}


def retry_from(now: float, every: float) -> float:
    """Return when a question that did not leave counts as asked, so that it is due again soon."""
    return now - every + min(every, RETRY_AFTER)


class FrameSender:
    """The frames for one car. ``now`` is the car's time; ``look`` returns what is known of it."""

    def __init__(self, questions: Sequence[Poll], look: Look) -> None:
        self._questions = questions
        self._look = look
        self._asked: dict[int, float] = {}
        self._asking: list[int] = []
        """The questions that are being sent."""
        self._queue: list[tuple[float, int, Frame, _SentCommand]] = []
        self._count = itertools.count()
        self._waiting: list[_SentCommand] = []
        self._leaving: list[_SentCommand] = []
        """The commands of the frames that are being sent, one entry per frame."""

    @property
    def next(self) -> float | None:
        """When the next frame of a command is to be sent."""
        return self._queue[0][0] if self._queue else None

    def asking(self, now: float) -> list[Frame]:
        """Return the due frames that ask for data. :meth:`sent` says whether they left."""
        due = []
        for at, question in enumerate(self._questions):
            asked = self._asked.get(at)
            is_due = asked is None or now - asked >= question.every
            if is_due and question.when.holds(self._look):
                self._asked[at] = now
                self._asking.append(at)
                due.append(Frame(now, question.id, question.data, question.is_extended))
        return due

    def order(
        self, order: CommandFrames, command: Command, now: float, answer: AnswerCallback
    ) -> None:
        """Start a command. Raise :class:`~.encodings.ValueRefused` if it cannot be sent."""
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
        """Return the due frames of one command, or ``one`` of them.

        Call :meth:`sent` next. If they could not be sent, only that command fails.
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
        """Note that the frames are on the bus.

        With a ``problem``, fail their command instead, and ask the same questions again soon.
        """
        asking, self._asking = self._asking, []
        if problem is not None:
            for at in asking:
                self._asked[at] = retry_from(now, self._questions[at].every)
        leaving, self._leaving = self._leaving, []
        for waiting in leaving:
            waiting.left -= 1
            if problem is not None:
                self._fail(waiting, problem)
            elif not waiting.left:
                waiting.sent_at = now

    def heard(self, attribute: str) -> None:
        """Note that the car has reported a field, or a part of it."""
        for waiting in self._waiting:
            if waiting.sent_at is not None:
                waiting.news.add(attribute)

    def look(self, now: float) -> None:
        """Answer the commands that are done or have failed."""
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
        """Whether a command is not answered yet."""
        return bool(self._waiting)

    def _give_up_late(self, now: float) -> None:
        """Fail the commands that could not be sent in time."""
        for waiting in [each for each in self._waiting if each.sent_at is None]:
            if now > waiting.until:
                self._fail(waiting, "it could not be sent in time")

    def _fail(self, waiting: _SentCommand, problem: str) -> None:
        """Answer that a command failed, and drop the rest of its frames."""
        self._queue = [entry for entry in self._queue if entry[3] is not waiting]
        heapq.heapify(self._queue)
        self._settle(waiting, problem)

    def _settle(self, waiting: _SentCommand, problem: str | None) -> None:
        if waiting in self._waiting:
            self._waiting.remove(waiting)
            result = Result.OK if problem is None else Result.FAILED
            waiting.answer(Answer(waiting.number, result, problem or ""))
