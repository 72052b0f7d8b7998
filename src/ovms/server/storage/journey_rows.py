"""How a journey is stored to be shown: its day, its places, its cost, and what is summed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from ovms.server.journeys.codec import encode_journey, kind_of, without_points
from ovms.server.journeys.places import Place, place_at
from ovms.server.journeys.values import Position, Trip
from ovms.server.storage.schema import owners, places, vehicles

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.journeys.values import Journey, JourneyEnd

MILLS: Final = 1000
"""Costs are stored in so many parts of the currency's unit."""


@dataclass(frozen=True)
class RowContext:
    """What the rows of a vehicle's journeys are made with."""

    connection: Connection
    owner_id: int | None
    zone: ZoneInfo
    currency: str

    @cached_property
    def places(self) -> list[Place]:
        """The places of the vehicle's owner."""
        p = places.c
        query = select(p.id, p.owner_id, p.name, p.latitude, p.longitude, p.radius, p.is_home,
                       p.zone).where(p.owner_id == self.owner_id)  # fmt: skip
        return [
            Place(
                id=row.id,
                owner_id=row.owner_id,
                name=row.name,
                position=Position(latitude=row.latitude, longitude=row.longitude),
                radius=row.radius,
                is_home=row.is_home,
                zone=row.zone,
            )
            for row in self.connection.execute(query)
        ]

    def day(self, time: int) -> str:
        """Return the local date of a time."""
        return datetime.fromtimestamp(time, self.zone).date().isoformat()

    def place_id(self, end: JourneyEnd) -> int | None:
        """Return the id of the place where a journey began or ended."""
        place = place_at(self.places, end.position) if end.position is not None else None
        return None if place is None else place.id


def row_context(connection: Connection, vehicle_id: str) -> RowContext:
    """Return what the rows of a vehicle's journeys are made with."""
    query = select(owners.c.id, owners.c.zone, owners.c.currency)
    query = query.join(vehicles, vehicles.c.owner_id == owners.c.id)
    row = connection.execute(query.where(vehicles.c.id == vehicle_id)).one_or_none()
    owner_id, zone, currency = (None, None, None) if row is None else row
    return RowContext(connection, owner_id, ZoneInfo(zone or "UTC"), currency or "EUR")


def journey_values(context: RowContext, journey: Journey) -> dict[str, Any]:
    """Return the columns of a journey that follow from it and its owner, all but its cost."""
    start_place, end_place = context.place_id(journey.start), context.place_id(journey.end)
    if not isinstance(journey, Trip):  # it stood still: where one of both is known, both are
        start_place = end_place = end_place if start_place is None else start_place
    elif journey.is_open:
        end_place = None
    values: dict[str, Any] = {
        "kind": kind_of(journey).value,
        "start": journey.start.time,
        "end": journey.end.time,
        "day": context.day(journey.start.time),
        "is_open": journey.is_open,
        "certainty": journey.certainty.value,
        "start_place": start_place,
        "end_place": end_place,
        "data": encode_journey(without_points(journey)),
    }
    for name in ("distance", "energy", "energy_used", "energy_recovered", "grid_energy",
                 "moving_time"):  # fmt: skip
        values[name] = getattr(journey, name, None)
    return values


def to_mills(cost: Decimal | None) -> int | None:
    """Return a cost as it is stored."""
    if cost is None:
        return None
    return int((cost * MILLS).quantize(Decimal(1), ROUND_HALF_UP))


def from_mills(cost: int | None) -> Decimal | None:
    """Return a cost that was stored."""
    return None if cost is None else Decimal(cost) / MILLS
