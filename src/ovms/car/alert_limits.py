"""When a change of the car's state counts as an event: how long it lasts, how far it goes.

One sample is no event. A bus sends a zero while a control unit starts, a charger lets go for two
seconds, a starter pulls the 12 V line down. So each event has a duration and a hysteresis. A
vehicle's data may set them (``[alerts]`` in ``vehicle.toml``), and its owner (``--alerts FILE``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

LimitPath = tuple[str | int, ...]
"""The place of a value: its table and its key."""

LONGEST = 86400.0
"""Seconds that anything may have to last, at most."""


@dataclass(frozen=True, slots=True)
class LimitInfo:
    """What a limit is: its unit, its largest value, its meaning."""

    unit: str
    most: float
    meaning: str


def _limit(default: float, unit: str, most: float, meaning: str) -> Any:
    return field(default=default, metadata={"info": LimitInfo(unit, most, meaning)})


def _seconds(default: float, meaning: str) -> Any:
    return _limit(default, "s", LONGEST, meaning)


def _readings(default: int) -> Any:
    return _limit(default, "", 100, "and in how many readings, where the bus tells those")


@dataclass(frozen=True, slots=True)
class ChargeLimits:
    """A charge, in alerts and in the history."""

    begins: float = _seconds(2.0, "how long it charges until that is a charge")
    ends: float = _seconds(30.0, "how long it does not charge until the charge is over")
    again: float = _seconds(600.0, "until the same end of a charge is told again, if it still is")


@dataclass(frozen=True, slots=True)
class TripLimits:
    """A trip in the history."""

    ends: float = _seconds(30.0, "how long the car is off until the trip is over")
    least: float = _limit(0.2, "km", 1000, "what is shorter is no trip")


@dataclass(frozen=True, slots=True)
class LowVoltageLimits:
    """An empty 12 V battery."""

    reference: float = _limit(
        12.6, "V", 100, "a full battery at rest; what the car says counts where it is more"
    )
    drop: float = _limit(1.0, "V", 100, "below the reference it alerts; 0 never")
    recovered: float = _limit(0.5, "V", 100, "within this of the reference it may alert again")
    lasting: float = _seconds(30.0, "how long it is that low, or recovered")
    readings: float = _readings(2)


@dataclass(frozen=True, slots=True)
class ChargeLevelLimits:
    """A state of charge below the minimum, which feature 9 sets."""

    margin: float = _limit(2.0, "%", 100, "above the minimum it may alert again")
    lasting: float = _seconds(30.0, "how long it is below, or above by the margin")
    readings: float = _readings(2)


@dataclass(frozen=True, slots=True)
class ErrorLimits:
    """An error of the vehicle."""

    lasting: float = _seconds(2.0, "how long it is there")
    changed: float = _seconds(60.0, "until the same error is told with other data")
    again: float = _seconds(600.0, "how long it is gone until it is told again")


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    """The alarm."""

    lasting: float = _seconds(3.0, "how long it sounds, by two readings")
    alone: float = _seconds(30.0, "how long it sounds, by a single reading")
    silent: float = _seconds(60.0, "how long it is silent until it may alert again")


@dataclass(frozen=True, slots=True)
class MovedLimits:
    """A car that is moved while it is off."""

    distance: float = _limit(0.2, "km", 1000, "how far; 0 never")
    lasting: float = _seconds(30.0, "how long it is that far away")
    readings: float = _readings(3)


@dataclass(frozen=True, slots=True)
class ValetLimits:
    """A car in valet mode."""

    distance: float = _limit(1.5, "km", 1000, "how far; 0 never")
    lasting: float = _seconds(30.0, "how long it is that far away")
    readings: float = _readings(3)


@dataclass(frozen=True, slots=True)
class PositionLimits:
    """A position of the receiver that can be true."""

    fastest: float = _limit(300.0, "km/h", 2000, "what is faster is a jump")
    slack: float = _limit(1.0, "km", 1000, "what a jump exceeds in any case")
    lasting: float = _seconds(30.0, "how long it is elsewhere until that is believed")
    readings: float = _readings(3)


@dataclass(frozen=True, slots=True)
class AlertLimits:
    """All of them, by table."""

    charge: ChargeLimits = ChargeLimits()
    trip: TripLimits = TripLimits()
    low_12v: LowVoltageLimits = LowVoltageLimits()
    soc: ChargeLevelLimits = ChargeLevelLimits()
    error: ErrorLimits = ErrorLimits()
    alarm: AlarmLimits = AlarmLimits()
    moved: MovedLimits = MovedLimits()
    valet: ValetLimits = ValetLimits()
    position: PositionLimits = PositionLimits()


TABLES = tuple(each.name for each in fields(AlertLimits))
DEFAULTS = AlertLimits()


def known_limits(table: str) -> Mapping[str, LimitInfo]:
    """Return the limits of a table by key."""
    return {each.name: each.metadata["info"] for each in fields(getattr(DEFAULTS, table))}


def changed_limits(
    limits: AlertLimits, written: Mapping[str, object], report: Callable[[LimitPath, str], None]
) -> AlertLimits:
    """Return limits with those that are written down. Report what is wrong with one, and go on."""
    for table, values in written.items():
        if table not in TABLES:
            report((table,), f"no alert {table[:40]!r}: there are {', '.join(TABLES)}")
        elif not isinstance(values, Mapping):
            report((table,), f"{table} should be a table")
        else:
            good = dict(_good(table, values, report))
            limits = replace(limits, **{table: replace(getattr(limits, table), **good)})
    return limits


def _good(
    table: str, values: Mapping[str, object], report: Callable[[LimitPath, str], None]
) -> Iterator[tuple[str, float]]:
    """Yield the limits of a table that can be used."""
    known = known_limits(table)
    for key, value in values.items():
        info = known.get(key)
        if info is None:
            report((table, key), f"no key {key[:40]!r}: there are {', '.join(known)}")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            report((table, key), f"{key} is a number")
        elif not 0 <= value <= info.most:
            report((table, key), f"{key}: 0 to {info.most:g} {info.unit}".rstrip())
        else:
            yield key, float(value)
