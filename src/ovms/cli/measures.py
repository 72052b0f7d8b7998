"""The units that people read: those of the car, or of their choice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import typer

from ovms.cli.common import refuse
from ovms.protocol.records.status import KM_PER_MILE
from ovms.protocol.records.tyres import PSI_PER_KPA

UNKNOWN = "–"
"""What stands for a value that nobody knows."""

FEET_PER_METRE = 1 / 0.3048

LARGEST_PLAIN = 1e15
"""From here on a number is written with an exponent: no vehicle has such a one."""

UNKNOWN_DISTANCE = "km or mi"
"""The unit of distances of a car that has not said which it uses."""


@dataclass(frozen=True, slots=True)
class ShownUnits:
    """The units to show; ``None`` leaves distances as the car sends them."""

    length: str | None = None
    """``km`` or ``mi``."""
    pressure_unit: str | None = None
    """``bar``, ``kPa`` or ``psi``; else bar beside kilometres, psi beside miles."""
    temperature_unit: str = "°C"
    """``°C`` or ``°F``."""

    def distance(self, value: float | None, of_car: str | None) -> str:
        """Write a distance that is in the car's unit, ``km``, ``mi`` or unknown (``None``)."""
        return number(self._converted(value, of_car), self._unit(of_car), 1)

    def speed(self, value: float | None, of_car: str | None) -> str:
        """Write a speed in the car's unit of distance an hour."""
        unit = self._unit(of_car)
        names = {"km": "km/h", "mi": "mph"}
        return number(self._converted(value, of_car), names.get(unit, f"{unit} an hour"), 0)

    def height(self, metres: float | None) -> str:
        """Write a height."""
        if metres is not None and self.length == "mi":
            return number(metres * FEET_PER_METRE, "ft", 0)
        return number(metres, "m", 0)

    def _unit(self, of_car: str | None) -> str:
        return UNKNOWN_DISTANCE if of_car is None else self.length or of_car

    def _converted(self, value: float | None, of_car: str | None) -> float | None:
        if value is None or of_car is None or self._unit(of_car) == of_car:
            return value
        return value * KM_PER_MILE if of_car == "mi" else value / KM_PER_MILE

    def temperature(self, celsius: float | None) -> str:
        """Write a temperature."""
        if celsius is not None and self.temperature_unit == "°F":
            return number(celsius * 9 / 5 + 32, "°F", 0)
        return number(celsius, "°C" if celsius is not None else "", 1)

    def pressure(self, kpa: float | None, of_car: str | None) -> tuple[str, str]:
        """Write a pressure; return the number and its unit."""
        unit = self.pressure_unit or ("psi" if (self.length or of_car) == "mi" else "bar")
        factor, places = {"kPa": (1.0, 0), "bar": (0.01, 2), "psi": (PSI_PER_KPA, 1)}[unit]
        return number(None if kpa is None else kpa * factor, "", places, fixed=True), unit


AS_CAR = ShownUnits()

WORDS: dict[str, dict[str, str]] = {
    "car": {},
    "metric": {"length": "km", "pressure_unit": "bar", "temperature_unit": "°C"},
    "imperial": {"length": "mi", "pressure_unit": "psi", "temperature_unit": "°F"},
    "km": {"length": "km"}, "k": {"length": "km"},
    "mi": {"length": "mi"}, "m": {"length": "mi"}, "miles": {"length": "mi"},
    "bar": {"pressure_unit": "bar"}, "kpa": {"pressure_unit": "kPa"},
    "psi": {"pressure_unit": "psi"},
    "c": {"temperature_unit": "°C"}, "°c": {"temperature_unit": "°C"},
    "f": {"temperature_unit": "°F"}, "°f": {"temperature_unit": "°F"},
}  # fmt: skip
"""What ``--units`` takes, in any case, several with commas between; later ones count over earlier.

``M`` and ``K`` are how cars name the units of distance.
"""

UnitsOption = Annotated[
    str,
    typer.Option(
        "--units",
        metavar="UNITS",
        envvar="OVMS_UNITS",
        help="What people read: car (as it reports), metric, imperial, or single ones, as in "
        "mi,bar,c. JSON stays as the car sends it.",
    ),
]


def find_units(text: str) -> ShownUnits:
    """Return the units that ``--units`` names; other words are wrong usage."""
    chosen: dict[str, str] = {}
    for word in text.split(","):
        found = WORDS.get(word.strip().lower())
        if found is None:
            refuse(
                f"--units {word.strip()!r} is none of car, metric, imperial, km, mi, bar, kpa, psi,"
                " c, f"
            )
        chosen.update(found)
    return ShownUnits(**chosen)


def number(value: float | None, unit: str = "", places: int = 2, *, fixed: bool = False) -> str:
    """Write a number for people: thousands with commas, no more than ``places`` behind the point.

    With ``fixed`` exactly so many. Without a value it is a dash.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if abs(value) >= LARGEST_PLAIN:
        text = f"{value:.3g}"
    else:
        text = f"{value:,.{places}f}"
        text = text.rstrip("0").rstrip(".") if "." in text and not fixed else text
        text = text.removeprefix("-") if not text.strip("-0.") else text
    return f"{text} {unit}".rstrip()
