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
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from ovms.server.journeys.values import Journey
    from ovms.server.storage.database import Database
    from ovms.server.storage.journey_context import JourneyContext

STALE_ROWS: Final = 1000
"""Journeys that are made anew in one transaction; a charge counts as so many:"""

CHARGE_WEIGHT: Final = 10
"""It is priced, perhaps by its curve."""

j = journeys.c
s = journey_stale.c


_STALE: Final = select(s.vehicle_id).limit(1)


def refresh_journeys(
    connection: Connection, owner_id: int | None = None, rows: int = STALE_ROWS
) -> bool:
    """Make some stale journeys anew, of one owner or of anybody; return whether more are left."""
    query = select(journey_stale).order_by(s.vehicle_id, s.kind)
    if owner_id is not None:
        v = vehicles.c
        query = query.join(vehicles, v.id == s.vehicle_id).where(v.owner_id == owner_id)
    left = rows
    for vehicle_id, kind, since in connection.execute(query).all():
        if left <= 0:
            return True
        left -= _refresh(connection, vehicle_id, JourneyKind(kind), since, left)
    return left <= 0 and connection.execute(query.limit(1)).first() is not None


def has_stale(connection: Connection) -> bool:
    """Return whether any journeys are stale."""
    return connection.execute(_STALE).first() is not None


async def refresh_all(database: Database, owner_id: int | None = None) -> None:
    """Make all stale journeys anew, of one owner or of everybody, in short transactions."""
    while await database.write(lambda connection: refresh_journeys(connection, owner_id)):
        pass


async def refresh_left(database: Database) -> None:
    """Make anew what somebody left, who was ended in the middle; without it nothing is written."""
    if await database.read(has_stale):
        await refresh_all(database)


def refresh_all_now(database: Database, owner_id: int | None = None) -> None:
    """Do the same, blocking: for the command line."""
    is_left = True
    while is_left:
        with database.writing() as connection:
            is_left = refresh_journeys(connection, owner_id)


_COLUMNS: Final = (
    j.id, j.start, j.is_open, j.start_latitude, j.start_longitude, j.end_latitude,
    j.end_longitude, j.day, j.start_place, j.end_place,
)  # fmt: skip
_OF_CHARGES: Final = (*_COLUMNS, j.cost, j.currency, j.has_own_cost, j.end, j.data)
_CHANGED: Final = ("day", "start_place", "end_place", "cost", "currency")


def _refresh(
    connection: Connection, vehicle_id: str, kind: JourneyKind, since: int, left: int
) -> int:
    """Make some stale journeys of a kind anew; return what that took of ``left``."""
    is_charge = kind is JourneyKind.CHARGE
    weight = CHARGE_WEIGHT if is_charge else 1
    limit = max(1, left // weight)
    query = select(*(_OF_CHARGES if is_charge else _COLUMNS)).where(
        j.vehicle_id == vehicle_id, j.kind == kind.value, j.start >= since
    )
    found = connection.execute(query.order_by(j.start, j.id).limit(limit)).all()
    context = journey_context(connection, vehicle_id)
    if is_charge:
        raws = _raws(connection, vehicle_id, found) if context.prices_vary else []
        _write(connection, _CHANGED, [_charge(context, raws, row) for row in found])
    else:
        values = [_moved(context, row, is_trip=kind is JourneyKind.TRIP) for row in found]
        _write(connection, _CHANGED[:3], values)
    this = (s.vehicle_id == vehicle_id, s.kind == kind.value)
    if len(found) < limit:
        connection.execute(delete(journey_stale).where(*this))
    else:  # of those that start at one second some may be left
        last = found[-1].start
        behind = last if last > since else last + 1
        connection.execute(update(journey_stale).where(*this).values(since=behind))
    return weight * len(found)


def _write(
    connection: Connection, names: tuple[str, ...], rows: list[tuple[Any, ...] | None]
) -> None:
    """Write the columns of rows, each after its id; ``None`` is one that stays as it is."""
    changed = [dict(zip(("id_", *names), row, strict=True)) for row in rows if row is not None]
    if changed:
        row = update(journeys).where(j.id == bindparam("id_"))
        connection.execute(row.values({name: bindparam(name) for name in names}), changed)


def _moved(context: JourneyContext, row: Row[Any], *, is_trip: bool) -> tuple[Any, ...] | None:
    """Return the id of a row and its day and places; ``None`` if they are as they were."""
    values: tuple[Any, ...] = tuple(row)
    id_, start, is_open, north, east, end_north, end_east, *before = values[:10]
    begin = _place(context, north, east, before[1])
    if not is_trip and begin is not None:
        end = begin
    elif is_trip and is_open:
        end = None
    else:
        end = _place(context, end_north, end_east, before[2])
        begin = begin if is_trip else end
    after = [context.day(start), begin, end]
    return None if after == before else (id_, *after)


def _place(
    context: JourneyContext, latitude: float | None, longitude: float | None, before: int | None
) -> int | None:
    """Return the place of a journey's end; one whose position is not kept any more stays there."""
    if latitude is None or longitude is None:
        return before if before is not None and context.has_place(before) else None
    return context.place_id(Position(latitude=latitude, longitude=longitude))


def _raws(connection: Connection, vehicle_id: str, found: Sequence[Row[Any]]) -> list[Journey]:
    """Return the raw charges of some shown ones, which have their curves."""
    if not found:
        return []
    end = max(row.end for row in found)
    return raw_of(connection, vehicle_id, JourneyKind.CHARGE, found[0].start, end)


def _charge(
    context: JourneyContext, raws: Sequence[Journey], row: Row[Any]
) -> tuple[Any, ...] | None:
    """Return the id of a charge, its day, places, cost and currency, if any changed."""
    moved = _moved(context, row, is_trip=False) or (row.id, row.day, row.start_place, row.end_place)
    after = (*moved, *_cost(context, raws, row, moved[2]))
    before = (row.id, row.day, row.start_place, row.end_place, row.cost, row.currency)
    return None if after == before else after


def _cost(
    context: JourneyContext, raws: Sequence[Journey], row: Row[Any], place_id: int | None
) -> tuple[int | None, str | None]:
    """Return a charge's cost and its currency."""
    if row.has_own_cost:
        return row.cost, None if row.cost is None else context.currency(place_id)
    charge = decode_journey(JourneyKind.CHARGE, row.data)
    assert isinstance(charge, Charge)
    if raws:
        mine = [each for each in raws if each.start.time < row.end and each.end.time > row.start]
        whole = with_points(charge, mine)
        assert isinstance(whole, Charge)
        charge = whole
    values = cost_values(context, charge, place_id)
    if values["cost"] is None and place_id is None and charge.start.position is None:
        return row.cost, row.currency  # nobody knows any more where it was
    return values["cost"], values["currency"]
