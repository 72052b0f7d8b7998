"""What each command to the car takes: how many parameters, and what each of them may be.

The one place that says so: the module checks a command here before anybody acts on it, so a vehicle
finds what it is handed well-formed, and only has to know what it can do now. Commands that take
nothing ignore what they are given, as the guide says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from ovms.protocol.commands import CHARGE_MODE_NUMBERS, Command

_DIGITS = re.compile(r"[0-9]{1,5}")
_PIN = re.compile(r"[0-9]{1,8}")

FEATURE_COUNT, PARAMETER_COUNT = 16, 32
"""As many as the first modules have, which is what every app expects at least."""

LONGEST_VALUE = 255
"""Bytes of a parameter's value; with its row it fits a line, sealed or not."""

LONGEST_ORDER = 700
"""Bytes of a text command; what a line to the car has room for."""

MOST_AMPS = 255

ALL_CURRENTS = range(1, MOST_AMPS + 1)


class ParameterType(Protocol):
    """What one parameter may be."""

    @property
    def name(self) -> str:
        """What it is called when it is wrong."""
        ...

    def problem(self, text: str) -> str | None:
        """Return what is wrong with a parameter; ``None`` for a good one.

        It has no commas and no line ends.
        """
        ...

    def describe(self) -> str:
        """Return what it may be, for people."""
        ...


@dataclass(frozen=True, slots=True)
class NumberParameter:
    """A decimal number within bounds, both included."""

    name: str
    least: int
    most: int

    def problem(self, text: str) -> str | None:
        """See :class:`ParameterType`."""
        if _DIGITS.fullmatch(text) and self.least <= int(text) <= self.most:
            return None
        return f"{self.name} must be a number {self.describe()}"

    def describe(self) -> str:
        """See :class:`ParameterType`."""
        return f"from {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some numbers, each with its word."""

    name: str
    words: Mapping[int, str]

    def problem(self, text: str) -> str | None:
        """See :class:`ParameterType`."""
        if text in map(str, self.words):
            return None
        return f"{self.name} must be {self.describe()}"

    def describe(self) -> str:
        """See :class:`ParameterType`."""
        *first, last = (f"{number} {word}" for number, word in self.words.items())
        return f"{'; '.join(first)} or {last}"


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN. Whether it is the right one is for the car to say."""

    name: str = "PIN"

    def problem(self, text: str) -> str | None:
        """See :class:`ParameterType`."""
        return None if _PIN.fullmatch(text) else f"{self.name} must be {self.describe()}"

    def describe(self) -> str:
        """See :class:`ParameterType`."""
        return "1 to 8 digits"


@dataclass(frozen=True, slots=True)
class TextParameter:
    """Printable text of at most ``longest`` bytes in UTF-8."""

    name: str
    longest: int

    def problem(self, text: str) -> str | None:
        """See :class:`ParameterType`."""
        if text.isprintable() and len(text.encode()) <= self.longest:
            return None
        return f"{self.name} must be {self.describe()}"

    def describe(self) -> str:
        """See :class:`ParameterType`."""
        return f"printable text of at most {self.longest} bytes"


_MODE = Choice("mode", {number: word for word, number in CHARGE_MODE_NUMBERS.items()})
_AMPS = NumberParameter("current", ALL_CURRENTS[0], ALL_CURRENTS[-1])

INPUTS: dict[int, tuple[ParameterType, ...]] = {
    1: (),
    2: (NumberParameter("feature", 0, FEATURE_COUNT - 1), NumberParameter("value", 0, 255)),
    3: (),
    4: (
        NumberParameter("parameter", 0, PARAMETER_COUNT - 1),
        TextParameter("value", LONGEST_VALUE),
    ),
    5: (),
    6: (),
    7: (TextParameter("text", LONGEST_ORDER),),
    10: (_MODE,),
    11: (),
    12: (),
    15: (_AMPS,),
    16: (_MODE, _AMPS),
    17: (Choice("timer mode", {0: "plug-in", 1: "timer"}), NumberParameter("start time", 0, 1439)),
    18: (),
    19: (),
    20: (Pin(),),
    21: (Pin(),),
    22: (Pin(),),
    23: (Pin(),),
    24: (NumberParameter("button", 0, 2),),
    25: (),
    26: (Choice("climate", {0: "off", 1: "on"}),),
}
"""What the commands take that car and module obey, by their numbers."""


def problem(command: Command, currents: range = ALL_CURRENTS) -> str | None:
    """Return what is wrong with a command's parameters; ``None`` if nothing is.

    ``currents`` are the charge current limits that this car can be set to, A. The number must be
    one of :data:`INPUTS`.
    """
    kinds, given = INPUTS[command.number], command.parameters
    if not kinds:
        return None
    if len(given) != len(kinds):
        return f"expected {' and '.join(kind.name for kind in kinds)}"
    narrowed = (_narrow(kind, currents) for kind in kinds)
    problems = (kind.problem(text) for kind, text in zip(narrowed, given, strict=True))
    return next((found for found in problems if found is not None), None)


def _narrow(kind: ParameterType, currents: range) -> ParameterType:
    if kind is _AMPS and currents:
        return replace(_AMPS, least=currents[0], most=currents[-1])
    return kind
