"""What is sent to the car: the frames of each command, and frames that ask for data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ovms.car.frames import Frame
from ovms.car.vehicles.data.conditions import Condition
from ovms.car.vehicles.data.dbc import BusFile
from ovms.car.vehicles.data.encodings import (
    EncodingError,
    Template,
    ValueRefused,
    parse_template,
)
from ovms.car.vehicles.data.expectations import (
    NOTHING,
    WITHIN,
    Expectation,
    read_expectation,
)
from ovms.car.vehicles.data.links import (
    LONGEST_REQUEST,
    IsoTpLink,
    Links,
    check_id,
    find_link,
    framed,
)
from ovms.car.vehicles.data.models import (
    LONGEST_COMMAND,
    AskEntry,
    CommandEntry,
    FrameEntry,
    ParameterEntry,
    read_entry,
)
from ovms.car.vehicles.data.names import read_condition
from ovms.car.vehicles.data.problems import Document, Path
from ovms.protocol.commands import BY_NAME, BY_NUMBER, AnsweredBy, Command, CommandSpec

_NUMBER = re.compile(r"[0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CommandParameter:
    """A parameter that is a number within bounds, both included."""

    name: str
    least: int
    most: int
    one_of: tuple[int, ...] = ()

    def check(self, text: str) -> str:
        """Return the parameter as it is sent. Raise :class:`ValueRefused` if it is wrong."""
        value = int(text) if _NUMBER.fullmatch(text) else -1
        if self.one_of and value not in self.one_of:
            raise ValueRefused(f"{self.name} must be one of {'; '.join(map(str, self.one_of))}")
        if not self.least <= value <= self.most:
            raise ValueRefused(f"{self.name} must be a number from {self.least} to {self.most}")
        return str(value)


@dataclass(frozen=True, slots=True)
class Sending:
    """A frame to send, ``after`` seconds after the one before it."""

    id: int
    is_extended: bool
    data: Template
    after: float = 0.0
    link: IsoTpLink | None = None


@dataclass(frozen=True, slots=True)
class CommandFrames:
    """How a command is sent to the car, and how the car shows that it has obeyed."""

    spec: CommandSpec
    parameters: tuple[CommandParameter, ...]
    """The parameters that are numbers; others are checked when they are packed."""
    frames: tuple[Sending, ...]
    expect: Expectation = NOTHING
    """What must hold once the car has obeyed."""
    within: float = WITHIN
    """Seconds after the last frame within which it must hold."""

    @property
    def patience(self) -> float:
        """Seconds from the last frame to the answer."""
        return self.within if self.expect.condition.alternatives else 0.0

    def expected(self, command: Command) -> Condition:
        """Return the condition that holds once the car has obeyed the command."""
        return self.expect.fill(self._named(command))

    def make(self, command: Command) -> tuple[Frame, ...]:
        """Return the frames, with ``time`` from the first. Raise :class:`ValueRefused`."""
        filled = self._named(command)
        filled |= {each.name: each.check(filled[each.name]) for each in self.parameters}
        time, made = 0.0, []
        for frame in self.frames:
            time += frame.after
            made.append(Frame(time, frame.id, frame.data.fill(filled), frame.is_extended))
        return tuple(made)

    def _named(self, command: Command) -> dict[str, str]:
        """Return the parameters by name. As in the guide, a command without any ignores them.

        Raise :class:`ValueRefused` if one is missing or wrong.
        """
        names, texts = self.spec.parameter_names, command.parameters
        if names and len(names) != len(texts):
            raise ValueRefused(f"expected {' and '.join(names)}")
        return dict(zip(names, texts, strict=False))


@dataclass(frozen=True, slots=True)
class Poll:
    """A frame that asks for data, ``every`` given seconds while ``when`` holds."""

    purpose: str
    id: int
    is_extended: bool
    data: bytes
    every: float
    when: Condition
    link: IsoTpLink | None = None
    """The link that it goes to; then ``data`` is a whole frame of the link."""
    whom: str = "all"
    """On a link with several control units: ``all`` at once, ``each``, or the first that fits."""


def read_questions(
    written: list[Any], bus: BusFile, links: Links, document: Document
) -> list[Poll]:
    """Yield the entries of ``[[ask]]``. Report what is wrong."""
    questions = []
    for at, each in enumerate(written):
        path: Path = ("ask", at)
        entry = read_entry(AskEntry, each, document, path)
        if entry is None:
            continue
        goals = _read_goals(entry, links, document, path)
        template = _read_template(entry.data, entry.to is not None, document, path)
        when = read_condition(entry.when, bus, document, (*path, "when"))
        if template is not None and template.places:
            document.report((*path, "data"), "a question has no parameters to put into its frame")
        elif template is not None:
            data = template.fill({})
            questions += [
                Poll(
                    entry.purpose, goal.id, goal.is_extended, data, entry.every, when, goal.link,
                    entry.whom,
                )
                for goal in goals
            ]  # fmt: skip
    return questions


class _Goal(NamedTuple):
    """The id or the link that a frame goes to."""

    id: int
    is_extended: bool
    link: IsoTpLink | None = None


def _read_goals(entry: AskEntry, links: Links, document: Document, path: Path) -> list[_Goal]:
    """Return where a question goes: an id, or one or several links."""
    names: list[str | None] = [*entry.to] if entry.to else [None]
    found = [_read_goal(entry, to, links, document, path) for to in names]
    goals = [goal for goal in found if goal]
    if entry.whom != "all" and any(not goal.link or goal.link.units == 1 for goal in goals):
        text = f"{entry.whom} needs a link with several control units (units)"
        document.report((*path, "whom"), text)
    return goals


def _read_goal(
    entry: AskEntry | FrameEntry, to: str | None, links: Links, document: Document, path: Path
) -> _Goal | None:
    if (entry.id is None) == (entry.to is None):
        document.report(path, "where it goes is either an id or, with to, a link")
        return None
    if entry.id is not None:
        check_id(entry.id, entry.extended, document, (*path, "id"))
        return _Goal(entry.id, entry.extended)
    if entry.extended:
        document.report((*path, "extended"), "whether its ids have 29 bits is said by the link")
    link = find_link(to or "", links, document, (*path, "to"))
    return _Goal(link.asked_by, link.is_extended, link) if link else None


def _read_template(text: str, has_link: bool, document: Document, path: Path) -> Template | None:
    """Return a frame, or for a link a request in a frame."""
    try:
        if has_link:
            return framed(parse_template(text, LONGEST_REQUEST, "a request"))
        return parse_template(text)
    except EncodingError as error:
        document.report((*path, "data"), str(error))
        return None


def read_orders(
    written: Mapping[str, Any], links: Links, document: Document
) -> dict[int, CommandFrames]:
    """Return the entries of ``[commands]``. Report what is wrong."""
    orders: dict[int, CommandFrames] = {}
    for name, each in written.items():
        path: Path = ("commands", name)
        spec = _find_command(name, document, path)
        entry = read_entry(CommandEntry, each, document, path)
        if spec is None or entry is None:
            continue
        if spec.number in orders:
            document.report(path, f"command {spec.number} is {spec.name}: it is there twice")
        orders[spec.number] = _read_order(spec, entry, links, document, path)
    return orders


def _find_command(name: str, document: Document, path: Path) -> CommandSpec | None:
    number = int(name) if _NUMBER.fullmatch(name) else -1
    spec = BY_NUMBER.get(number) or BY_NAME.get(name)
    if spec is None:
        known = ", ".join(each.name for each in BY_NUMBER.values() if _is_cars(each))
        document.report(path, f"no command {name!r}: use a number or one of {known}")
    elif not _is_cars(spec):
        document.report(path, f"command {spec.number}, {spec.name}, is not the car's")
        return None
    return spec


def _is_cars(spec: CommandSpec) -> bool:
    return spec.answered_by is AnsweredBy.VEHICLE


def _read_order(
    spec: CommandSpec, entry: CommandEntry, links: Links, document: Document, path: Path
) -> CommandFrames:
    frames = []
    for at, each in enumerate(entry.frames):
        frame = _read_frame(spec, each, links, document, (*path, "frames", at))
        frames += [frame] if frame else []
    is_whole = len(frames) == len(entry.frames)
    parameters = _Parameters(spec, entry, frames, document, path).read(is_whole)
    numbers = tuple(each.name for each in parameters)
    expect = read_expectation(entry.expect, numbers, document, (*path, "expect"))
    order = CommandFrames(spec, parameters, tuple(frames), expect, entry.within)
    takes = sum(frame.after for frame in frames) + order.patience
    if takes > LONGEST_COMMAND:
        text = f"{spec.name} takes {takes:g} s: nobody waits longer than {LONGEST_COMMAND:g} s"
        document.report((*path, "frames"), text)
    return order


def _read_frame(
    spec: CommandSpec, written: object, links: Links, document: Document, path: Path
) -> Sending | None:
    entry = read_entry(FrameEntry, written, document, path)
    if entry is None:
        return None
    goal = _read_goal(entry, entry.to, links, document, path)
    template = _read_template(entry.data, entry.to is not None, document, path)
    if template is None or goal is None:
        return None
    for place in template.places:
        if place.parameter not in spec.parameter_names:
            has = " and ".join(spec.parameter_names) or "no parameters"
            text = f"{spec.name} has no parameter {place.parameter!r}: it has {has}"
            document.report((*path, "data"), text)
    return Sending(goal.id, goal.is_extended, template, entry.after, goal.link)


class _Parameters:
    """Reads the bounds of a command's parameters, and checks that the frames carry each."""

    def __init__(
        self,
        spec: CommandSpec,
        entry: CommandEntry,
        frames: list[Sending],
        document: Document,
        path: Path,
    ) -> None:
        self._spec = spec
        self._written = entry.parameters
        self._document = document
        self._path = (*path, "parameters")
        self._encodings = {
            name: [place.encoding for frame in frames for place in frame.data.places
                   if place.parameter == name]
            for name in spec.parameter_names
        }  # fmt: skip

    def read(self, frames_are_whole: bool) -> tuple[CommandParameter, ...]:
        """Return the bounds. Check for missing parameters only if all frames are good."""
        for name in self._written.keys() - set(self._spec.parameter_names):
            has = " and ".join(self._spec.parameter_names) or "no parameters"
            self._report(name, f"{self._spec.name} has no parameter {name!r}: it has {has}")
        found = [self._parameter(name, frames_are_whole) for name in self._spec.parameter_names]
        return tuple(each for each in found if each)

    def _report(self, name: str, message: str) -> None:
        self._document.report((*self._path, name), message)

    def _parameter(self, name: str, frames_are_whole: bool) -> CommandParameter | None:
        path = (*self._path, name)
        entry = read_entry(ParameterEntry, self._written.get(name, {}), self._document, path)
        encodings = self._encodings[name]
        if entry is None:
            return None
        if not encodings and not entry.unused:
            if frames_are_whole:
                text = f"no frame carries the parameter {name} (say unused = true if none should)"
                self._report(name, text)
            return None
        if encodings and entry.unused:
            self._report(name, f"{name} is said to be unused, but a frame carries it")
        most = [encoding.most for encoding in encodings]
        if None not in most:
            numbers = [number for number in most if number is not None]
            return self._number(name, entry, min(numbers)) if numbers else None
        if any(number is not None for number in most):
            self._report(name, f"{name} is digits in one place and a number in another")
        if entry.model_fields_set - {"unused"}:
            self._report(name, f"{name} is digits: it has no bounds")
        return None

    def _number(self, name: str, entry: ParameterEntry, largest: int) -> CommandParameter:
        least = entry.least if entry.least is not None else 0
        most = entry.most if entry.most is not None else largest
        values = tuple(entry.one_of or ())
        if max((most, *values)) > largest:
            self._report(name, f"{name} is packed as a number up to {largest}")
        if least > most or any(not least <= value <= most for value in values):
            self._report(name, f"{name} is never from {least} to {most}")
        return CommandParameter(name, least, most, values)
