"""What an owner wants to be told of a vehicle's journeys: a rule each, and its settings.

A rule that nobody set has its defaults. All are off but the service that the car itself knows of:
what modules tell by themselves needs no second alert, and what else is news is a matter of taste.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

import msgspec

LARGEST_KM: Final = 10_000_000.0
"""What settings say of an odometer."""

LAST_YEAR: Final = 2200

_CLOCK_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


class RuleName(Enum):
    """What there are rules of."""

    PLACES = "places"
    CHARGE_STOPPED = "charge_stopped"
    CHARGE_MISSED = "charge_missed"
    ARRIVAL_SOC = "arrival_soc"
    PARKED_LOSS = "parked_loss"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacesRule:
    """The vehicle enters or leaves a place of its owner."""

    is_on: bool = False
    entering: bool = True
    leaving: bool = True
    places: tuple[int, ...] | None = None
    """The ids of those that count; ``None`` is all, also those to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeStoppedRule:
    """A charge ended before it was full or at its limit, and the plug is still in."""

    is_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeMissedRule:
    """By ``end`` no charge had begun since ``start``, local times; past midnight if need be."""

    is_on: bool = False
    start: str = "22:00"
    end: str = "23:00"
    below: float = 80.0
    """Only if the SOC is below it."""
    place: int | None = None
    """Only if the vehicle is there; ``None`` is wherever it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalSocRule:
    """A trip ended with little SOC, and the vehicle was not plugged in at once."""

    is_on: bool = False
    below: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedLossRule:
    """The parked vehicle loses more SOC a day than it usually does."""

    is_on: bool = False
    days: float = 1.0
    """After so many days without a charge or a trip."""
    factor: float = 2.0
    """More than its usual loss times this, and by 1 % a day at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRule:
    """A service is due, as the car says or by intervals since the last one."""

    is_on: bool = True
    by_car: bool = True
    """Whether what the car says counts."""
    every_km: float | None = None
    every_months: int | None = None
    since_odometer: float | None = None
    """km; at the last service."""
    since_date: date | None = None
    ahead_km: float = 1000.0
    """Told so far before; so the next."""
    ahead_days: int = 30


Rule = (
    PlacesRule
    | ChargeStoppedRule
    | ChargeMissedRule
    | ArrivalSocRule
    | ParkedLossRule
    | ServiceRule
)

RULES: Final[dict[RuleName, type[Rule]]] = {
    RuleName.PLACES: PlacesRule,
    RuleName.CHARGE_STOPPED: ChargeStoppedRule,
    RuleName.CHARGE_MISSED: ChargeMissedRule,
    RuleName.ARRIVAL_SOC: ArrivalSocRule,
    RuleName.PARKED_LOSS: ParkedLossRule,
    RuleName.SERVICE: ServiceRule,
}

NAMES: Final[dict[type[Rule], RuleName]] = {kind: name for name, kind in RULES.items()}


def default_rules() -> dict[RuleName, Rule]:
    """Return all rules as they are for a vehicle whose owner set none."""
    return {name: kind() for name, kind in RULES.items()}


def encode_rule(rule: Rule) -> str:
    """Return a rule's settings as JSON."""
    return msgspec.json.encode(rule).decode()


def decode_rule(name: RuleName, data: str) -> Rule:
    """Return a rule of its settings. Raises :class:`msgspec.MsgspecError` for what is none."""
    return msgspec.json.decode(data, type=RULES[name])


def check_rule(rule: Rule) -> None:
    """Raise :class:`ValueError`, with one sentence, for settings that make no sense."""
    match rule:
        case ChargeMissedRule():
            for name, text in (("start", rule.start), ("end", rule.end)):
                _demand(_CLOCK_TIME.fullmatch(text), f"{name} must be a time such as 22:30")
            _demand(rule.start != rule.end, "start and end must differ")
            _demand(0 < rule.below <= 100, "below must be a SOC above 0, up to 100")
        case ArrivalSocRule():
            _demand(0 < rule.below <= 100, "below must be a SOC above 0, up to 100")
        case ParkedLossRule():
            _demand(0.5 <= rule.days <= 30, "days must be from 0.5 to 30")
            _demand(1 <= rule.factor <= 100, "factor must be from 1 to 100")
        case ServiceRule():
            _check_service(rule)


def _check_service(rule: ServiceRule) -> None:
    for name, km in (("every_km", rule.every_km), ("since_odometer", rule.since_odometer)):
        least = 0 if name == "since_odometer" else 1
        _demand(
            km is None or least <= km <= LARGEST_KM,
            f"{name} must be from {least} to {LARGEST_KM:.0f} km",
        )
    months = rule.every_months
    _demand(months is None or 1 <= months <= 240, "every_months must be from 1 to 240")
    _demand(
        rule.every_km is None or rule.since_odometer is not None,
        "every_km needs since_odometer, the odometer at the last service",
    )
    _demand(
        months is None or rule.since_date is not None,
        "every_months needs since_date, the day of the last service",
    )
    _demand(
        rule.since_date is None or 1900 <= rule.since_date.year <= LAST_YEAR,
        f"since_date must be from 1900 to {LAST_YEAR}",
    )
    _demand(0 <= rule.ahead_km <= LARGEST_KM, "ahead_km must not be below 0")
    _demand(0 <= rule.ahead_days <= 365, "ahead_days must be from 0 to 365")


def _demand(is_right: object, text: str) -> None:
    if not is_right:
        raise ValueError(text)
