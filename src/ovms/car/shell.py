"""The module's text commands (command 7): a small table of them, and their answers. Pure.

An answer is one field of one message. Its lines end with CR and hold no comma. A longer answer is
cut at the end of a line, and says how much is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ovms.car.metrics import metrics
from ovms.car.parameter_types import FEATURE_COUNT, PARAMETER_COUNT
from ovms.car.parameters import FEATURE_OFFSET, KEPT_FEATURES, NAMES
from ovms.car.settings import KNOWN_FEATURES, ModuleSettings
from ovms.car.state import CarState, Topic
from ovms.car.summary import on_wire, stat_lines
from ovms.car.usage import DataUse
from ovms.protocol.parameters import NumberParameter

LONGEST_TEXT = 500
"""Bytes of an answer, so that it fits into a line even when it is sealed."""

ROOM_TO_SAY = 60
"""Bytes of an answer for the last line, which says what is missing."""


class ShellError(Exception):
    """A text command that was not carried out; the text says why."""


@dataclass(frozen=True, slots=True)
class ShellContext:
    """What text commands read and change. ``now`` is the car's time."""

    state: CarState
    settings: ModuleSettings
    now: float
    usage: DataUse = field(default_factory=DataUse)


Words = list[str]


@dataclass(frozen=True, slots=True)
class TextCommand:
    """One line of the table."""

    usage: str
    """The answer to a wrong number of words."""
    most: int
    """The largest number of words. The last one runs to the end of the text."""
    run: Callable[[ShellContext, Words], Iterable[str]]
    least: int = 0


def run(text: str, scene: ShellContext) -> str:
    """Carry out a text command. Return the answer as it goes on the wire.

    Raise :class:`ShellError`, or :class:`~ovms.car.settings.BadValue` for what cannot be set.
    """
    command, rest = _find(text)
    words = rest.split(None, command.most - 1) if command.most else rest.split()
    if not command.least <= len(words) <= command.most:
        raise ShellError(f"Usage: {command.usage}")
    return on_wire(_fitting(list(command.run(scene, [word.strip() for word in words]))))


def _find(text: str) -> tuple[TextCommand, str]:
    """Return the command that a text begins with, and the rest of the text."""
    words = text.split()
    for count in (2, 1):
        name = " ".join(words[:count])
        if len(words) >= count and name in TABLE:
            return TABLE[name], (text.split(None, count)[count:] or [""])[0]
    raise ShellError("Unknown command")


def _fitting(lines: Words) -> Iterator[str]:
    """Yield the lines that fit, and a last one that says how many do not."""
    room = LONGEST_TEXT - ROOM_TO_SAY
    for at, line in enumerate(lines):
        size = len(line.encode()) + 1
        if size > room and (at + 1 < len(lines) or size > room + ROOM_TO_SAY):
            yield f"... {len(lines) - at} lines more: name less of it"
            return
        room -= size
        yield line


def _help(scene: ShellContext, words: Words) -> Iterator[str]:
    yield from (command.usage for command in TABLE.values())


def _stat(scene: ShellContext, words: Words) -> Iterator[str]:
    yield from stat_lines(scene.state, scene.settings.units)


def _location(scene: ShellContext, words: Words) -> Iterator[str]:
    state = scene.state
    if not state.has_position:
        yield "No position"
        return
    is_fresh = state.gps_lock and state.freshness(Topic.POSITION, scene.now) > 0
    yield f"{state.latitude:.6f} {state.longitude:.6f}{'' if is_fresh else ' (last known)'}"
    if state.altitude is not None:
        yield f"Altitude: {state.altitude:.0f} m"
    if state.direction is not None:
        yield f"Direction: {state.direction:.0f} degrees"


def _data(scene: ShellContext, words: Words) -> Iterator[str]:
    yield from scene.usage.lines()


def _metrics(scene: ShellContext, words: Words) -> Iterator[str]:
    wanted = words[0] if words else ""
    found = [f"{name}: {value}" for name, value in metrics(scene.state) if wanted in name]
    yield from found or ["No such metric is known"]


def _config_list(scene: ShellContext, words: Words) -> Iterator[str]:
    for number in range(PARAMETER_COUNT):
        if value := scene.settings.parameter(number):
            yield _show_parameter(number, value)


def _config_get(scene: ShellContext, words: Words) -> Iterator[str]:
    number = _number("parameter", words[0], PARAMETER_COUNT)
    if number - FEATURE_OFFSET in KEPT_FEATURES:
        yield _show_feature(scene, number - FEATURE_OFFSET)
    else:
        yield _show_parameter(number, scene.settings.parameter(number))


def _config_set(scene: ShellContext, words: Words) -> Iterator[str]:
    number = _number("parameter", words[0], PARAMETER_COUNT)
    scene.settings.set_parameter(number, words[1] if len(words) > 1 else "")
    yield from _config_get(scene, words)


def _feature(scene: ShellContext, words: Words) -> Iterator[str]:
    if not words:
        yield from (_show_feature(scene, number) for number in range(FEATURE_COUNT))
        return
    number = _number("feature", words[0], FEATURE_COUNT)
    if len(words) > 1:
        scene.settings.set_feature(number, words[1])
    yield _show_feature(scene, number)


def _number(name: str, text: str, count: int) -> int:
    problem = NumberParameter(name, 0, count - 1).problem(text)
    if problem is not None:
        raise ShellError(problem)
    return int(text)


def _show_parameter(number: int, value: str) -> str:
    return f"{number} {NAMES.get(number, 'unnamed')}: {value}"


def _show_feature(scene: ShellContext, number: int) -> str:
    name = f" {KNOWN_FEATURES[number].name}" if number in KNOWN_FEATURES else ""
    return f"{number}{name}: {scene.settings.feature(number)}"


TABLE: dict[str, TextCommand] = {
    "help": TextCommand("help", 0, _help),
    "stat": TextCommand("stat", 0, _stat),
    "location": TextCommand("location", 0, _location),
    "data": TextCommand("data", 0, _data),
    "metrics list": TextCommand("metrics list [FILTER]", 1, _metrics),
    "config list": TextCommand("config list", 0, _config_list),
    "config get": TextCommand("config get NUMBER", 1, _config_get, least=1),
    "config set": TextCommand("config set NUMBER [VALUE]", 2, _config_set, least=1),
    "feature": TextCommand("feature [NUMBER [VALUE]]", 2, _feature),
}
"""The text commands by name, in the order of ``help``."""
