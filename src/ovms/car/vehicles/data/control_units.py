"""The control units that answer on a link with several ids: each is asked for what it offers. Pure.

One question can go to all of them: they share an id for that. What they then tell of themselves is
kept for each, so conditions of further questions hold for one and not for another. Those go to a
unit's own id; to one that does not answer there they go by the id of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ovms.base.logs import get_logger
from ovms.car.frames import Frame
from ovms.car.vehicles.data.command_frames import Poll
from ovms.car.vehicles.data.conditions import Look, Value
from ovms.car.vehicles.data.isotp import IsoTpChannel
from ovms.car.vehicles.data.links import IsoTpLink

log = get_logger("ovms.car")

TOLD_AFTER = 30.0
"""Seconds after which it is logged what a control unit answers."""

MISSES = 2
"""Requests in a row that a unit does not answer; from then on it is asked by the id of all."""

LookIn = Callable[[Mapping[str, float], str], Value]
"""Returns the value of a name, with the codes of one control unit's signals."""


@dataclass(eq=False)
class ControlUnit:
    """A control unit that has answered."""

    number: int
    channel: IsoTpChannel
    codes: dict[str, float]
    """The codes of its signals, by their whole names."""
    since: float
    answers: dict[str, None] = field(default_factory=dict)
    """The purposes of the questions that it has answered."""
    is_told: bool = False


class ControlUnits:
    """The control units on one link of a car."""

    def __init__(
        self, link: IsoTpLink, questions: Sequence[Poll], look: Look, look_in: LookIn
    ) -> None:
        self.link = link
        self._look_in = look_in
        self._of_units = [each for each in questions if each.whom != "all"]
        self._everyone = IsoTpChannel(
            link, [each for each in questions if each.whom == "all"], look
        )
        self._units: dict[int, ControlUnit] = {}

    @property
    def open_until(self) -> float | None:
        """When the last open request is given up."""
        ends = [each.open_until for each in self._channels()]
        return max((end for end in ends if end is not None), default=None)

    def _channels(self) -> Iterator[IsoTpChannel]:
        yield self._everyone
        for unit in self._sorted():
            yield unit.channel

    def _sorted(self) -> list[ControlUnit]:
        return [unit for _, unit in sorted(self._units.items())]

    def receive(self, frame: Frame, now: float) -> list[tuple[bytes, ControlUnit]]:
        """Handle a frame of a control unit. Return the answers that it completes."""
        number = frame.id - self.link.response
        unit = self._units.get(number)
        if unit is None:
            unit = self._units[number] = self._make(number, now)
        is_ours = self._everyone.begins_our_answer(frame)
        payloads = unit.channel.receive(frame, now, is_ours=is_ours)
        for payload in payloads:
            purposes = (unit.channel.last_answered, self._everyone.process_payload(payload, now))
            unit.answers.update(dict.fromkeys(each for each in purposes if each))
        return [(payload, unit) for payload in payloads]

    def _make(self, number: int, now: float) -> ControlUnit:
        codes: dict[str, float] = {}
        link = replace(
            self.link,
            request=self.link.request_of(number), response=self.link.response + number, units=1,
        )  # fmt: skip
        unit: ControlUnit | None = None

        def is_asked(question: Poll) -> bool:
            return question.whom == "each" or self._is_first(unit, question)

        channel = IsoTpChannel(
            link, self._of_units, lambda name: self._look_in(codes, name), is_asked, MISSES
        )
        unit = ControlUnit(number, channel, codes, now)
        return unit

    def _is_first(self, unit: ControlUnit | None, question: Poll) -> bool:
        """Return whether a unit is the first of those that a question may go to."""
        able = (
            each
            for each in self._sorted()
            if each.channel.misses < 2 * MISSES and question.when.holds(each.channel.look)
        )
        return next(able, unit) is unit

    def proceed(self, now: float) -> list[Frame]:
        """Return the frames that let answers go on. Log what units answer, once each."""
        for unit in self._units.values():
            if not unit.is_told and now - unit.since >= TOLD_AFTER:
                unit.is_told = True
                log.info(
                    "control unit",
                    id=f"{unit.channel.link.response:X}", answers="; ".join(unit.answers) or "-",
                )  # fmt: skip
        return [frame for each in self._channels() for frame in each.proceed(now)]

    def ask(self, now: float) -> list[Frame]:
        """Return the next request, if one is due to somebody who is not busy.

        :meth:`sent` says whether it left.
        """
        for each in self._channels():
            if frames := each.ask(now):
                return frames
        return []

    @property
    def is_answered(self) -> bool:
        """Whether any control unit has answered on this link."""
        return bool(self._units)

    def sent(self, now: float, problem: str | None) -> None:
        """Note that the requests are on the bus. With a ``problem``, ask them again soon."""
        for each in self._channels():
            each.sent(now, problem)

    def note(self, frame: Frame, now: float) -> None:
        """Note a frame of a command that is sent to all."""
        self._everyone.note(frame, now)
