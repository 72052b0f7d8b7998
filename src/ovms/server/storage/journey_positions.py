"""Positions in journeys that are kept no longer: ends and tracks go, names of places stay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, or_, select, update

from ovms.server.journeys.codec import decode_journey, encode_journey
from ovms.server.journeys.values import JourneyKind, Trip
from ovms.server.storage.schema import journey_checkpoints, journeys, raw_journeys

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.journeys.values import Journey

JOURNEYS_A_PASS: Final = 200
"""Journeys that lose their positions in one transaction: some 50 ms."""

j = journeys.c
r = raw_journeys.c
c = journey_checkpoints.c


def end_journey_positions(
    connection: Connection, vehicle_id: str, until: int, rows: int = JOURNEYS_A_PASS
) -> int:
    """Take the positions out of journeys that were over at ``until``; return of how many.

    The oldest go first. States of the fold of before go, too: they hold positions.
    """
    located = or_(j.start_latitude.is_not(None), j.end_latitude.is_not(None))
    over = (j.vehicle_id == vehicle_id, j.end <= until, j.is_open.is_(False))
    query = select(j.id, j.kind, j.start, j.end, j.data).where(*over, located)
    found = connection.execute(query.order_by(j.start, j.id).limit(rows)).all()
    for row in found:
        nowhere = dict.fromkeys(
            ("start_latitude", "start_longitude", "end_latitude", "end_longitude")
        )
        data = _without_positions(row.kind, row.data)
        connection.execute(update(journeys).where(j.id == row.id).values(data=data, **nowhere))
    if found:
        first, last = min(row.start for row in found), max(row.end for row in found)
        raws = select(r.id, r.kind, r.data).where(
            r.vehicle_id == vehicle_id, r.start >= first, r.end <= last, r.closed.is_not(None)
        )
        for id_, kind, data in connection.execute(raws).all():
            row_data = _without_positions(kind, data)
            connection.execute(update(raw_journeys).where(r.id == id_).values(data=row_data))
    newest = select(func.max(c.time)).where(c.vehicle_id == vehicle_id).scalar_subquery()
    old = (c.vehicle_id == vehicle_id, c.time <= until, c.time < newest)
    connection.execute(delete(journey_checkpoints).where(*old))
    return len(found)


def _without_positions(kind: str, data: bytes) -> bytes:
    journey: Journey = decode_journey(JourneyKind(kind), data)
    journey = replace(
        journey,
        start=replace(journey.start, position=None, altitude=None),
        end=replace(journey.end, position=None, altitude=None),
    )
    return encode_journey(replace(journey, track=()) if isinstance(journey, Trip) else journey)
