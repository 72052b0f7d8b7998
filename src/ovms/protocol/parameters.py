"""What the parameters of commands may be: numbers, choices, PINs and text.

A parameter in the command table is one of these types, so it is never without one. Cars check what
they are given with them; apps can, before they send a command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_DIGITS = re.compile(r"[0-9]{1,5}")
_PIN = re.compile(r"[0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class NumberParameter:
    """A decimal number of up to five digits within bounds, both included."""

    name: str
    least: int
    most: int
    label: str = ""
    """What it is called in an error text, if not by its name."""
    units: tuple[str, ...] = ()
    """What people may write behind it, in lower case."""
    names: Mapping[int, str] = field(default_factory=dict)
    """What people may write instead of it."""
    is_time: bool = False
    """It is a time of day, in minutes after midnight UTC."""

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for bounds that no number is within."""
        if not 0 <= self.least <= self.most <= 99999:
            raise ValueError(f"{self.name} is a number {self.describe()}, which none can be")

    def problem(self, text: str) -> str | None:
        """Return what is wrong with a parameter; ``None`` for a good one."""
        is_good = _DIGITS.fullmatch(text) and self.least <= int(text) <= self.most
        return None if is_good else f"{title(self)} must be a number {self.describe()}"

    def describe(self) -> str:
        """Return what it may be, for people."""
        return f"from {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class ChoiceParameter:
    """One of some numbers, each with its word."""

    name: str
    words: Mapping[int, str]
    label: str = ""

    def __post_init__(self) -> None:
        """Raise ``ValueError`` where there is nothing to choose."""
        if len(self.words) < 2 or len({*self.words.values()}) < len(self.words):
            raise ValueError(f"{self.name} is a choice of at least two different words")

    def problem(self, text: str) -> str | None:
        """Return what is wrong with a parameter; ``None`` for a good one."""
        is_good = text in map(str, self.words)
        return None if is_good else f"{title(self)} must be {self.describe()}"

    def describe(self) -> str:
        """Return what it may be, for people."""
        *first, last = (f"{number} {word}" for number, word in self.words.items())
        return f"{'; '.join(first)} or {last}"

    def number_of(self, text: str) -> str:
        """Return the number of a word; any other text as it is."""
        return next((str(number) for number, word in self.words.items() if word == text), text)


@dataclass(frozen=True, slots=True)
class PinParameter:
    """A PIN. Only the car knows whether it is the right one."""

    name: str = "pin"
    label: str = "PIN"

    def problem(self, text: str) -> str | None:
        """Return what is wrong with a parameter; ``None`` for a good one."""
        is_good = _PIN.fullmatch(text)
        return None if is_good else f"{title(self)} must be {self.describe()}"

    def describe(self) -> str:
        """Return what it may be, for people."""
        return "1 to 8 digits"


@dataclass(frozen=True, slots=True)
class TextParameter:
    """Printable text of at most ``longest`` bytes in UTF-8."""

    name: str
    longest: int
    label: str = ""

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for text without a byte."""
        if self.longest < 1:
            raise ValueError(f"{self.name} is text of {self.longest} bytes")

    def problem(self, text: str) -> str | None:
        """Return what is wrong with a parameter; ``None`` for a good one."""
        is_good = text.isprintable() and len(text.encode()) <= self.longest
        return None if is_good else f"{title(self)} must be {self.describe()}"

    def describe(self) -> str:
        """Return what it may be, for people."""
        return f"printable text of at most {self.longest} bytes"


ParameterType = NumberParameter | ChoiceParameter | PinParameter | TextParameter


def title(kind: ParameterType) -> str:
    """Return what a parameter is called in an error text."""
    return kind.label or kind.name


def find_problem(
    kinds: Sequence[ParameterType], given: Sequence[str], optional: int = 0
) -> str | None:
    """Return what is wrong with the parameters of a command; ``None`` if nothing is.

    The last ``optional`` ones may be left out. A command that takes none ignores what it is given,
    as the guide says. The text has one line and no comma.
    """
    if not kinds:
        return None
    if not len(kinds) - optional <= len(given) <= len(kinds):
        return f"expected {' and '.join(map(title, kinds))}"
    problems = (kind.problem(text) for kind, text in zip(kinds, given, strict=False))
    return next((found for found in problems if found is not None), None)
