"""Which shown journeys are stale: for each vehicle and kind, from which start on.

:mod:`.stale_journeys` makes them anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select, update

from ovms.server.storage.schema import journey_stale, vehicles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from ovms.server.journeys.values import JourneyKind

SINCE_EVER: Final = -(2**53)
"""Before every journey."""

s = journey_stale.c


def mark_stale(
    connection: Connection, owner_id: int, kinds: Iterable[JourneyKind], since: int
) -> None:
    """Mark the journeys of an owner's vehicles, those of some kinds that start at ``since`` on."""
    v = vehicles.c
    query = select(v.id).where(v.owner_id == owner_id, v.deleted.is_(None), v.type == "car")
    kinds = [*kinds]
    for vehicle_id in connection.scalars(query).all():
        for kind in kinds:
            this = (s.vehicle_id == vehicle_id, s.kind == kind.value)
            before = connection.scalar(select(s.since).where(*this))
            if before is None:
                row = {"vehicle_id": vehicle_id, "kind": kind.value, "since": since}
                connection.execute(insert(journey_stale).values(row))
            elif since < before:
                connection.execute(update(journey_stale).where(*this).values(since=since))
