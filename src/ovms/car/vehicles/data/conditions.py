"""Conditions of a vehicle's data: ``when = { ErrorCode = { not = 0xFFFF }, vin = "?????????8*" }``.

Each entry names a signal (its last value, in the DBC file's unit) or a field of the car's state,
and what it must be. All entries must hold. A list of tables holds when any of them does. An entry
may be:

- a number, a truth value or a text, which the value must equal (``*`` and ``?`` in a text match
  anything);
- a list of those, one of which the value must equal;
- a table of ``least``, ``most``, ``bits`` (any of them is set) and ``not`` (none of these values).

For a value that is not known yet only ``not`` holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Value = float | bool | str | None
Single = float | bool | str
Look = Callable[[str], Value]
"""Returns the value of a signal or field by the name that a condition uses."""

OPERATORS = ("least", "most", "bits", "not")


class ConditionError(ValueError):
    """The text is not a condition."""


@dataclass(frozen=True, slots=True)
class Test:
    """What one value must be."""

    one_of: tuple[Single, ...] = ()
    none_of: tuple[Single, ...] = ()
    least: float = -math.inf
    most: float = math.inf
    bits: int = 0

    def holds(self, value: Value) -> bool:
        """Return whether a value passes."""
        if value is None:
            return self == Test(none_of=self.none_of)
        if self.one_of and not _is_among(value, self.one_of):
            return False
        if _is_among(value, self.none_of):
            return False
        return self._is_within(value)

    def _is_within(self, value: Single) -> bool:
        if not self.bits and (self.least, self.most) == (-math.inf, math.inf):
            return True
        if isinstance(value, str):
            return False
        if self.bits and not (math.isfinite(value) and int(value) & self.bits):
            return False
        return self.least <= value <= self.most

    def excludes(self, other: Test) -> bool:
        """Return whether clearly no value passes both."""
        if self.least > other.most or self.most < other.least:
            return True
        return _all_fail(self.one_of, other) or _all_fail(other.one_of, self)


def _is_among(value: Single, singles: Iterable[Single]) -> bool:
    return any(
        fnmatchcase(value, each) if isinstance(value, str) and isinstance(each, str)
        else value == each
        for each in singles
    )  # fmt: skip


def _all_fail(singles: tuple[Single, ...], test: Test) -> bool:
    """Return whether none of the values passes.

    A pattern fails only if it is excluded literally.
    """
    if not singles:
        return False
    return not any(
        each not in test.none_of if is_pattern(each) else test.holds(each) for each in singles
    )


def is_pattern(single: object) -> bool:
    """Return whether a text is a pattern."""
    return isinstance(single, str) and any(mark in single for mark in "*?[")


@dataclass(frozen=True, slots=True)
class Condition:
    """Alternatives, each of tests by name. Without alternatives it always holds."""

    alternatives: tuple[dict[str, Test], ...] = ()

    def holds(self, look: Look) -> bool:
        """Return whether it holds now."""
        if not self.alternatives:
            return True
        return any(
            all(test.holds(look(name)) for name, test in tests.items())
            for tests in self.alternatives
        )

    def excludes(self, other: Condition) -> bool:
        """Return whether clearly both never hold at once."""
        if not (self.alternatives and other.alternatives):
            return False
        return all(_exclude(a, b) for a in self.alternatives for b in other.alternatives)

    @property
    def names(self) -> set[str]:
        """The signals and fields that it tests."""
        return {name for tests in self.alternatives for name in tests}


ALWAYS = Condition()


def _exclude(one: dict[str, Test], other: dict[str, Test]) -> bool:
    return any(one[name].excludes(other[name]) for name in one.keys() & other.keys())


def parse_condition(written: object) -> Condition:
    """Parse a condition. Raise :class:`ConditionError`."""
    tables: list[Any] = written if isinstance(written, list) else [written]
    if not tables or not all(isinstance(table, dict) and table for table in tables):
        raise ConditionError("a condition is a table of what values must be, or a list of such")
    return Condition(
        tuple({name: _test(name, test) for name, test in table.items()} for table in tables)
    )


def _test(name: str, written: object) -> Test:
    if not isinstance(written, dict):
        return Test(one_of=_singles(name, written))
    unknown = set(written) - set(OPERATORS)
    if unknown or not written:
        raise ConditionError(
            f"{name} can be tested by {', '.join(OPERATORS)}, not {_list(unknown)}"
        )
    least, most = (
        _number(name, written.get("least", -math.inf)),
        _number(name, written.get("most", math.inf)),
    )
    if least > most:
        raise ConditionError(f"{name} is never from {least:g} to {most:g}: the ends are exchanged")
    none_of = _singles(name, written["not"]) if "not" in written else ()
    return Test((), none_of, least, most, _bits(name, written.get("bits")))


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "by nothing"


def _singles(name: str, written: object) -> tuple[Single, ...]:
    values = written if isinstance(written, list) else [written]
    if not values or not all(isinstance(value, int | float | str) for value in values):
        raise ConditionError(f"{name} must be a number, true or false, a text, or a list of those")
    return tuple(values)


def _number(name: str, written: object) -> float:
    if isinstance(written, bool) or not isinstance(written, int | float) or written != written:
        raise ConditionError(f"least and most of {name} must be numbers")
    return written


def _bits(name: str, written: object) -> int:
    if written is None:
        return 0
    if isinstance(written, bool) or not isinstance(written, int) or written <= 0:
        raise ConditionError(f"bits of {name} must be a whole number above 0")
    return written
