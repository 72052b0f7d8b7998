"""What a car shows when it has obeyed a command: ``expect = { charge_limit = "{amps}" }``.

It is a condition (:mod:`~ovms.car.vehicles.data.conditions`) on fields of the car's state, in which
``"{amps}"`` stands for the number of the parameter of that name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ovms.car.vehicles.data.conditions import (
    ALWAYS,
    Condition,
    ConditionError,
    Test,
    parse_condition,
)
from ovms.car.vehicles.data.names import misfit_field
from ovms.car.vehicles.data.problems import Document, Path

_PLACE = re.compile(r"\{([a-z_]+)\}", re.ASCII)

WITHIN = 5.0
"""Seconds within which a car shows that it has obeyed, unless its data says otherwise."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A condition with places for the numbers of parameters."""

    condition: Condition = ALWAYS

    def fill(self, parameters: Mapping[str, str]) -> Condition:
        """Return the condition for these parameters. Those that it names must be numbers."""
        return Condition(
            tuple(
                {name: _fill(test, parameters) for name, test in tests.items()}
                for tests in self.condition.alternatives
            )
        )


NOTHING = Expectation()


def _fill(test: Test, parameters: Mapping[str, str]) -> Test:
    values = (float(parameters[place]) if (place := _place(each)) else each for each in test.one_of)
    return replace(test, one_of=tuple(values))


def _place(value: object) -> str:
    """Return the parameter that a value stands for."""
    found = _PLACE.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else ""


def read_expectation(
    written: object, numbers: tuple[str, ...], document: Document, path: Path
) -> Expectation:
    """Return ``expect``. Report what is wrong. ``numbers`` are the parameters that are numbers."""
    if written is None:
        return NOTHING
    try:
        condition = parse_condition(written)
    except ConditionError as error:
        document.report(path, str(error))
        return NOTHING
    for tests in condition.alternatives:
        for name, test in tests.items():
            for text in _problems(name, test, numbers):
                document.report(path, text)
    return Expectation(condition)


def _problems(name: str, test: Test, numbers: tuple[str, ...]) -> list[str]:
    places = [place for each in test.one_of if (place := _place(each))]
    unknown = [
        f"{{{place}}} is no parameter that is a number" for place in places if place not in numbers
    ]
    misfit = misfit_field(name, _fill(test, dict.fromkeys(places, "0")))
    return [*unknown, misfit] if misfit else unknown
