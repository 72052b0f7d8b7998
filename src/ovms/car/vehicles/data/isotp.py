"""Requests and answers on a link to a control unit: ISO-TP (ISO 15765-2). Pure.

One request is open at a time. The next one is sent when the answer has come, positive or negative,
or is overdue; it is the one that has been due for longest. Other testers on the bus are not
disturbed: a long answer is told to go on only if it answers our own request. Answers to others are
read, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ovms.car.frames import Frame
from ovms.car.vehicles.data.command_frames import Poll
from ovms.car.vehicles.data.conditions import Look
from ovms.car.vehicles.data.links import IsoTpLink
from ovms.car.vehicles.data.sending import retry_from
from ovms.car.vehicles.data.transport import IsoTpEndpoint

ANSWER_TIMEOUT = 1.0
"""Seconds until an answer, or the next frame of it, is overdue."""

PENDING_TIMEOUT = 5.0
"""The same after a control unit has said that it needs longer."""

WHOLE_TIMEOUT = 30.0
"""Seconds until an incomplete answer is given up, however often it was announced to take longer."""

PAUSE = 0.1
"""Seconds until questions are checked again after none was due. A bus has thousands of frames a
second, and there is a check after each."""

NEGATIVE, PENDING = 0x7F, 0x78
"""The service of a negative answer, and its reason that the answer takes longer."""

ANSWERS: Final = 0x40
"""Added to the number of the service in a positive answer."""

ECHOED = {0x22: 2, 0x2E: 2, 0x2F: 2, 0x31: 3}
"""Bytes behind the service's number that its answer repeats; one for other services."""

FIRST_FRAME = 0x1
"""The upper half of the first byte of a long answer's first frame."""


@dataclass(slots=True)
class _Open:
    """A request that is not answered yet."""

    request: bytes
    began: float
    deadline: float
    purpose: str = ""
    is_own: bool = False
    """It went to the unit's own id."""

    def wait(self, now: float, seconds: float) -> None:
        """Extend the deadline, within the bound of the whole."""
        self.deadline = min(now + seconds, self.began + WHOLE_TIMEOUT)

    def is_answered_by(self, payload: bytes) -> bool:
        """Return whether a payload, or its beginning, is the positive answer."""
        service = self.request[0]
        if payload[:1] != bytes([service + ANSWERS & 0xFF]):
            return False
        end = 1 + min(ECHOED.get(service, 1), len(self.request) - 1)
        return all(a == b for a, b in zip(payload[1:end], self.request[1:end], strict=False))

    def is_refused_by(self, payload: bytes) -> bool:
        """Return whether a payload is a negative answer, or says that the answer takes longer."""
        return payload[:2] == bytes([NEGATIVE, self.request[0]])


class IsoTpChannel:
    """One link between a car and its module. ``look`` returns what is known of the car."""

    def __init__(
        self,
        link: IsoTpLink,
        questions: Sequence[Poll],
        look: Look,
        is_asked: Callable[[Poll], bool] = lambda _: True,
        most_misses: int | None = None,
    ) -> None:
        """Make a channel. ``is_asked`` says whether a question is for it, too.

        With ``most_misses`` requests go to the unit's own id, until it has missed so many in a row.
        """
        self.link = link
        self.look = look
        self.misses = 0
        """Requests in a row without an answer."""
        self.last_answered = ""
        """The purpose of the question that the last payload answered."""
        self._questions = questions
        self._is_asked = is_asked
        self._most_misses = most_misses
        self._answers_own = False
        """Whether it has ever answered a request to its own id."""
        self._asked: dict[int, float] = {}
        self._open: _Open | None = None
        self._asking: int | None = None
        """The question that is being sent."""
        self._idle_until = float("-inf")
        self._end = IsoTpEndpoint(link.request, link.response, link.is_extended)

    @property
    def open_until(self) -> float | None:
        """When the open request is given up, if its answer does not come or go on."""
        return self._open.deadline if self._open else None

    def receive(self, frame: Frame, now: float, *, is_ours: bool = False) -> list[bytes]:
        """Handle a frame of the control unit. Return the answers that it completes.

        ``is_ours`` says that it begins an answer to a request to all.
        """
        listens = not (is_ours or self.begins_our_answer(frame))
        payloads = self._end.receive(frame, now, listens=listens)
        if self._open is not None and self._end.is_receiving:
            self._open.wait(now, ANSWER_TIMEOUT)
        for payload in payloads:
            self.last_answered = self.process_payload(payload, now)
            self._idle_until = now
        return payloads

    def begins_our_answer(self, frame: Frame) -> bool:
        """Return whether a frame is the first of a long answer to our request."""
        is_first = bool(frame.data) and frame.data[0] >> 4 == FIRST_FRAME
        return is_first and self._open is not None and self._open.is_answered_by(frame.data[2:])

    def process_payload(self, payload: bytes, now: float) -> str:
        """Close or extend the open request if a payload answers it.

        Return the purpose of the question that it answers positively.
        """
        if self._open is None:
            return ""
        purpose = self._open.purpose if self._open.is_answered_by(payload) else ""
        if self._open.is_refused_by(payload) and payload[2:3] == bytes([PENDING]):
            self._open.wait(now, PENDING_TIMEOUT)
        elif self._open.is_refused_by(payload) or self._open.is_answered_by(payload):
            self._answers_own |= self._open.is_own
            self._open = None
            self.misses = 0 if self._answers_own else min(self.misses, self._most_misses or 0)
        return purpose

    def proceed(self, now: float) -> list[Frame]:
        """Return the frames that let an answer go on. Give up an overdue answer."""
        if self._open is not None and now >= self._open.deadline:
            self._open = None
            self.misses += 1
            self._end.reset()
        return self._end.take()

    def ask(self, now: float) -> list[Frame]:
        """Return the next request if none is open and one is due.

        :meth:`sent` says whether it left.
        """
        if self._open is not None or now < self._idle_until:
            return []
        due = [
            (self._asked.get(at, float("-inf")) + question.every, at)
            for at, question in enumerate(self._questions)
            if now - self._asked.get(at, float("-inf")) >= question.every
        ]
        for _, at in sorted(due):
            question = self._questions[at]
            if question.when.holds(self.look) and self._is_asked(question):
                self._asked[at], self._asking = now, at
                frame = Frame(now, self._goal(question), question.data, question.is_extended)
                self.note(frame, now, question.purpose)
                return [frame]
        self._idle_until = now + PAUSE
        return []

    def _goal(self, question: Poll) -> int:
        """Return the id that a question goes to."""
        if self._most_misses is None:
            return question.id
        own = self._answers_own or self.misses < self._most_misses
        return self.link.request if own else self.link.asked_by

    def sent(self, now: float, problem: str | None) -> None:
        """Note that the request is on the bus. With a ``problem``, ask it again soon."""
        asking, self._asking = self._asking, None
        if asking is not None and problem is not None:
            self._open = None
            self._asked[asking] = retry_from(now, self._questions[asking].every)

    def note(self, frame: Frame, now: float, purpose: str = "") -> None:
        """Note a frame that is sent: a request on this link is open from now on."""
        own_ids = (self.link.asked_by, self.link.request)
        is_here = frame.id in own_ids and frame.is_extended == self.link.is_extended
        if is_here and 0 < frame.data[0] < len(frame.data):
            request = frame.data[1 : 1 + frame.data[0]]
            is_own = frame.id == self.link.request
            self._open = _Open(request, now, now + ANSWER_TIMEOUT, purpose, is_own)
