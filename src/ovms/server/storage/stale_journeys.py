"""Shown journeys whose places, costs and days are those of before a change, and making them anew.

A change of a place, a tariff, a zone or a currency touches journeys of years. It marks them
(:mod:`.stale_marks`) in its own transaction. What is marked is made anew in chunks, each a short
transaction: by whoever made the change, and by the server for what somebody left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select, update

from ovms.server.journeys.codec import decode_journey
from ovms.server.journeys.covering import with_points
from ovms.server.journeys.values import Charge, JourneyKind, Position
from ovms.server.storage.journey_context import cost_values, journey_context
from ovms.server.storage.journeys import raw_of
from ovms.server.storage.schema import journey_stale, journeys, vehicles

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from ovms.server.storage.database import Database
    from ovms.server.storage.journey_context import JourneyContext

STALE_ROWS: Final = 2000
"""Journeys that are made anew in one transaction; charges, which are priced, count as ten."""

j = journeys.c
s = journey_stale.c


def refresh_journeys(
    connection: Connection, owner_id: int | None = None, rows: int = STALE_ROWS
) -> bool:
    """Make some stale journeys anew, of one owner or of anybody; return whether more are left."""
    query = select(journey_stale)
    if owner_id is not None:
        v = vehicles.c
        query = query.join(vehicles, v.id == s.vehicle_id).where(v.owner_id == owner_id)
    left = rows
    for vehicle_id, kind, since in connection.execute(query).all():
        if left <= 0:
            return True
        left -= _refresh(connection, vehicle_id, JourneyKind(kind), since, left)
    return left <= 0 and connection.execute(query.limit(1)).first() is not None


async def refresh_all(database: Database, owner_id: int | None = None) -> None:
    """Make all stale journeys anew, of one owner or of everybody, in short transactions."""
    while await database.write(lambda connection: refresh_journeys(connection, owner_id)):
        pass


def refresh_all_now(database: Database, owner_id: int | None = None) -> None:
    """Do the same, blocking: for the command line."""
    is_left = True
    while is_left:
        with database.writing() as connection:
            is_left = refresh_journeys(connection, owner_id)


_COLUMNS: Final = (
    j.id, j.vehicle_id, j.start, j.end, j.day, j.is_open, j.start_place, j.end_place,
    j.start_latitude, j.start_longitude, j.end_latitude, j.end_longitude,
)  # fmt: skip
_OF_CHARGES: Final = (j.cost, j.currency, j.has_own_cost, j.data)


def _refresh(
    connection: Connection, vehicle_id: str, kind: JourneyKind, since: int, left: int
) -> int:
    """Make some stale journeys of a kind anew; return what that took of ``left``."""
    weight = 10 if kind is JourneyKind.CHARGE else 1
    limit = max(1, left // weight)
    columns = (*_COLUMNS, *_OF_CHARGES) if kind is JourneyKind.CHARGE else _COLUMNS
    query = select(*columns).where(
        j.vehicle_id == vehicle_id, j.kind == kind.value, j.start >= since
    )
    found = connection.execute(query.order_by(j.start, j.id).limit(limit)).all()
    context = journey_context(connection, vehicle_id)
    changed = [values for row in found if (values := _anew(context, kind, row))]
    by_names: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for values in changed:
        by_names.setdefault(tuple(values), []).append(values)
    for names, group in by_names.items():
        row = update(journeys).where(j.id == bindparam("id_"))
        connection.execute(
            row.values({name: bindparam(name) for name in names if name != "id_"}), group
        )
    this = (s.vehicle_id == vehicle_id, s.kind == kind.value)
    if len(found) < limit:
        connection.execute(delete(journey_stale).where(*this))
    else:  # of those that start at one second some may be left
        last = found[-1].start
        behind = last if last > since else last + 1
        connection.execute(update(journey_stale).where(*this).values(since=behind))
    return weight * len(found)


def _anew(context: JourneyContext, kind: JourneyKind, row: Row[Any]) -> dict[str, Any] | None:
    """Return the columns of a row that are to change, with its id; ``None`` if none is."""
    ends = _place(context, row, "start"), _place(context, row, "end")
    if kind is not JourneyKind.TRIP:
        ends = (ends[0], ends[0]) if ends[0] is not None else (ends[1], ends[1])
    elif row.is_open:
        ends = ends[0], None
    values = {"day": context.day(row.start), "start_place": ends[0], "end_place": ends[1]}
    if kind is JourneyKind.CHARGE:
        values |= _cost(context, row, ends[0])
    values = {name: value for name, value in values.items() if getattr(row, name) != value}
    return {"id_": row.id, **values} if values else None


def _place(context: JourneyContext, row: Row[Any], end: str) -> int | None:
    """Return the place of a journey's end; one whose position is not kept any more stays there."""
    latitude = getattr(row, f"{end}_latitude")
    longitude = getattr(row, f"{end}_longitude")
    if latitude is None or longitude is None:
        before: int | None = getattr(row, f"{end}_place")
        return before if before is not None and context.has_place(before) else None
    return context.place_id(Position(latitude=latitude, longitude=longitude))


def _cost(context: JourneyContext, row: Row[Any], place_id: int | None) -> dict[str, Any]:
    """Return the columns of a charge's cost."""
    if row.has_own_cost:
        return {} if row.cost is None else {"currency": context.currency(place_id)}
    charge = decode_journey(JourneyKind.CHARGE, row.data)
    assert isinstance(charge, Charge)
    if context.has_bands(charge, place_id):
        charge = _with_curve(context.connection, row, charge)
    values = cost_values(context, charge, place_id)
    is_lost = charge.start.position is None and place_id is None and values["cost"] is None
    return {} if is_lost else values


def _with_curve(connection: Connection, row: Row[Any], charge: Charge) -> Charge:
    raws = raw_of(connection, row.vehicle_id, JourneyKind.CHARGE, row.start, row.end)
    whole = with_points(charge, raws)
    assert isinstance(whole, Charge)
    return whole
