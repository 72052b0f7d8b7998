"""Sums of journeys: by day, week, month, year, vehicle or place.

A journey counts on the day on which it began. What is unknown is not 0: a sum is ``None`` where
all journeys lack the number, and says how many lacked it where some do. Only one index is read, so
that sums of ten years take milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, func, select

from ovms.server.journeys.values import JourneyKind, Purpose
from ovms.server.storage.journey_context import MILLS
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.schema import journeys, places

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection

j = journeys.c

_TripRow = tuple[
    Any, int, int, float | None, int, float | None, int, float | None, float | None, float | None,
    str | None,
]  # fmt: skip
"""A key and the columns of ``_TRIPS``; so the next, of ``_CHARGES``."""

_ChargeRow = tuple[
    Any, int, int, float | None, int, float | None, int, int | None, int | None, str | None
]

BUSINESS: Final = Purpose.BUSINESS.value


class SumBy(Enum):
    """By what journeys are summed up; each has keys of its own."""

    DAY = "day"
    """2025-06-15"""
    WEEK = "week"
    """2025-W24, as ISO 8601 numbers them"""
    MONTH = "month"
    """2025-06"""
    YEAR = "year"
    """2025"""
    VEHICLE = "vehicle"
    """Its id."""
    PLACE = "place"
    """The id of the place, where trips ended and charges were; empty for no place."""
    ALL = "all"
    """One row, without a key."""


@dataclass(slots=True)
class NumberSum:
    """A sum of a number that some journeys may lack."""

    known: int = 0
    """Journeys that have it."""
    total: float = 0.0
    lacking: int = 0
    """Journeys that do not."""

    @property
    def value(self) -> float | None:
        """The sum of those that are known; ``None`` if there are journeys and none is."""
        return self.total if self.known or not self.lacking else None

    def add(self, count: int, known: int, total: float | None) -> None:
        """Add what ``known`` of ``count`` journeys have."""
        self.known += known
        self.lacking += count - known
        self.total += total or 0.0


@dataclass(slots=True)
class ChargeSum:
    """Sums of charges."""

    count: int = 0
    energy: NumberSum = field(default_factory=NumberSum)
    """KWh into the battery."""
    grid_energy: NumberSum = field(default_factory=NumberSum)
    """KWh from the grid."""
    costs: dict[str, Decimal] = field(default_factory=dict)
    """By currency."""
    cost_lacking: int = 0
    """Charges of which nobody knows what they cost."""

    def add(self, row: _ChargeRow) -> None:
        """Add what a query found."""
        _, count, energies, energy, grid_energies, grid_energy, costs, cost, _, currency = row
        self.count += count
        self.energy.add(count, energies, energy)
        self.grid_energy.add(count, grid_energies, grid_energy)
        self.cost_lacking += count - costs
        if costs and currency is not None:
            before = self.costs.get(currency, Decimal(0))
            self.costs[currency] = before + Decimal(cost or 0) / MILLS


@dataclass(slots=True)
class SumRow:
    """Sums of the journeys of one key. Units as in :mod:`ovms.server.journeys.values`."""

    key: str
    trips: int = 0
    distance: NumberSum = field(default_factory=NumberSum)
    energy: NumberSum = field(default_factory=NumberSum)
    """KWh that the battery lost by driving."""
    moving_time: NumberSum = field(default_factory=NumberSum)
    """Seconds in motion."""
    business: NumberSum = field(default_factory=NumberSum)
    """Distance of business trips; so the next, of private ones."""
    private: NumberSum = field(default_factory=NumberSum)
    consumed: float = 0.0
    """KWh of the trips of which both energy and distance are known, and the distance of these."""
    consumed_distance: float = 0.0
    charges: ChargeSum = field(default_factory=ChargeSum)
    """All of them; each is at home, away (at another place), or at no known place."""
    charges_home: ChargeSum = field(default_factory=ChargeSum)
    charges_away: ChargeSum = field(default_factory=ChargeSum)
    charges_nowhere: ChargeSum = field(default_factory=ChargeSum)

    @property
    def consumption(self) -> float | None:
        """KWh for 100 km, of the trips of which both are known."""
        if not self.consumed_distance:
            return None
        return 100 * self.consumed / self.consumed_distance

    def add_trips(self, row: _TripRow) -> None:
        """Add what a query found."""
        (_, count, distances, distance, energies, energy, moving_times, moving_time,
         consumed, consumed_distance, purpose) = row  # fmt: skip
        self.trips += count
        self.distance.add(count, distances, distance)
        self.energy.add(count, energies, energy)
        self.moving_time.add(count, moving_times, moving_time)
        if purpose is not None:
            of_purpose = self.business if purpose == BUSINESS else self.private
            of_purpose.add(count, distances, distance)
        self.consumed += consumed or 0.0
        self.consumed_distance += consumed_distance or 0.0


def sums(
    connection: Connection,
    vehicle_ids: Iterable[str],
    by: SumBy,
    since: date | None = None,
    until: date | None = None,
    *,
    place: int | None = None,
    purpose: Purpose | None = None,
) -> list[SumRow]:
    """Return the sums of some vehicles' journeys by key, those keys that have any.

    Those that began on the local day ``since`` or later, and before ``until``. With ``place`` only
    trips that ended and charges that were there count; with ``purpose`` only trips with it.
    """
    found: dict[str, SumRow] = {}
    home = set(connection.scalars(select(places.c.id).where(places.c.is_home)).all())
    for vehicle_id in dict.fromkeys(map(vehicle_key, vehicle_ids)):
        for kind in (JourneyKind.TRIP, JourneyKind.CHARGE):
            where = _where(vehicle_id, kind, since, until, place)
            if purpose is not None and kind is JourneyKind.TRIP:
                where.append(j.purpose == purpose.value)
            for found_row in connection.execute(_query(kind, by).where(*where)).all():
                row: Any = tuple(found_row)
                key = _key(by, vehicle_id, row[0])
                this = found.get(key)
                if this is None:
                    this = found[key] = SumRow(key)
                if kind is JourneyKind.TRIP:
                    this.add_trips(row)
                else:
                    _add_charges(this, row, home)
    return [found[key] for key in sorted(found, key=_order(by))]


def _where(
    vehicle_id: str, kind: JourneyKind, since: date | None, until: date | None, place: int | None
) -> list[ColumnElement[bool]]:
    where = [j.vehicle_id == vehicle_id, j.kind == kind.value]
    if since is not None:
        where += [j.month >= since.isoformat()[:7], j.day >= since.isoformat()]
    if until is not None:
        where += [j.month <= until.isoformat()[:7], j.day < until.isoformat()]
    if place is not None:
        where.append((j.end_place if kind is JourneyKind.TRIP else j.start_place) == place)
    return where


def _query(kind: JourneyKind, by: SumBy) -> Any:
    is_trip = kind is JourneyKind.TRIP
    query = _TRIPS if is_trip else _CHARGES
    more = [j.purpose] if is_trip else [j.start_place, j.currency]
    # In the order of the index, so that trips are not sorted.
    key: Any = j.month
    keys = [j.month, *more]
    if by in (SumBy.DAY, SumBy.WEEK):
        key = j.day
        keys.append(j.day)
    elif by is SumBy.PLACE:
        key = j.end_place if is_trip else j.start_place
        keys = [key, *more]
    return select(key, *query).group_by(*keys)


def _key(by: SumBy, vehicle_id: str, value: Any) -> str:
    """Return the key of what a query grouped."""
    match by:
        case SumBy.WEEK:
            year, week, _ = date.fromisoformat(value).isocalendar()
            return f"{year:04}-W{week:02}"
        case SumBy.YEAR:
            return str(value)[:4]
        case SumBy.VEHICLE:
            return vehicle_id
        case SumBy.ALL:
            return ""
        case _:
            return "" if value is None else str(value)


def _order(by: SumBy) -> Any:
    """Return by what keys are sorted: places by number, the others as text."""
    return (lambda key: int(key or 0)) if by is SumBy.PLACE else str


def _add_charges(to: SumRow, row: _ChargeRow, home: set[int]) -> None:
    to.charges.add(row)
    place = row[-2]
    if place is None:
        to.charges_nowhere.add(row)
    elif place in home:
        to.charges_home.add(row)
    else:
        to.charges_away.add(row)


_IS_BOTH: Final = j.energy.is_not(None) & j.distance.is_not(None)

_TRIPS: Final = (
    func.count(),
    func.count(j.distance),
    func.sum(j.distance),
    func.count(j.energy),
    func.sum(j.energy),
    func.count(j.moving_time),
    func.sum(j.moving_time),
    func.sum(case((_IS_BOTH, j.energy))),
    func.sum(case((_IS_BOTH, j.distance))),
    j.purpose,
)

_CHARGES: Final = (
    func.count(),
    func.count(j.energy),
    func.sum(j.energy),
    func.count(j.grid_energy),
    func.sum(j.grid_energy),
    func.count(j.cost),
    func.sum(j.cost),
    j.start_place,
    j.currency,
)
