"""Journeys: what the fold made of a vehicle's records, and what is shown of it.

The fold's journeys are raw; the shown ones are they with corrections, places and costs. A shown one
keeps its id while its kind and start stay, or else while another of its kind covers most of its
time. Each function takes a connection inside a transaction; ids are compared without case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    union_all,
    update,
)

from ovms.server.journeys.codec import decode_journey, encode_journey, kind_of
from ovms.server.journeys.covering import with_points
from ovms.server.journeys.shown import ShownJourney, shown
from ovms.server.journeys.tariffs import charged_energy
from ovms.server.journeys.values import Charge, JourneyKind, Purpose
from ovms.server.storage.edit_rows import read_edits
from ovms.server.storage.errors import NotFound
from ovms.server.storage.journey_context import from_mills, journey_context
from ovms.server.storage.journey_rows import journey_values
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.schema import journey_edits, journeys, raw_journeys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from decimal import Decimal

    from sqlalchemy import BindParameter, ColumnElement, Connection, Result, Select, Table

    from ovms.server.journeys.values import Journey

JourneyKey = tuple[int, int]
"""The place of a journey among a vehicle's: its start and its id."""

RawValues = tuple[str, int, int, int | None, bytes]
"""Kind, start, end, when it was over, and the whole journey as bytes."""

IDS_AT_ONCE: Final = 1000
"""Rows that a statement deletes: SQLite takes some 32,000 values at most."""

JOURNEYS_A_VEHICLE: Final = 100_000
"""Raw journeys of a vehicle, of some 2 kB each: those of thirty years of a car that is driven much.
Then the oldest go: who fakes trips all day pushes out their own."""

SINCE_EVER: Final = -1
"""Before every record."""

j = journeys.c
r = raw_journeys.c


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyRow:
    """A journey as it is shown, without track and curve; places are ids."""

    id: int
    vehicle_id: str
    kind: JourneyKind
    journey: Journey
    start_place: int | None = None
    end_place: int | None = None
    """That of a charge and of parked time is the one where it began."""
    cost: Decimal | None = None
    currency: str | None = None
    """ISO 4217; ``None`` without a cost."""
    purpose: Purpose | None = None
    note: str = ""
    is_edited: bool = False
    has_own_cost: bool = False
    """Whether somebody said the cost; otherwise it follows from a tariff."""

    @property
    def estimated(self) -> tuple[str, ...]:
        """What was concluded: also the cost, if its energy was not counted at the grid."""
        of_journey = self.journey.estimated
        if not self.cost or self.has_own_cost or not isinstance(self.journey, Charge):
            return of_journey
        _, is_estimated = charged_energy(self.journey)
        return tuple(sorted((*of_journey, "cost"))) if is_estimated else of_journey

    @property
    def key(self) -> JourneyKey:
        """Its place among the vehicle's."""
        return self.journey.start.time, self.id


_COLUMNS: Final = (
    j.id, j.vehicle_id, j.kind, j.data, j.start_place, j.end_place, j.cost, j.currency,
    j.purpose, j.note, j.is_edited, j.has_own_cost,
)  # fmt: skip


# -- reading --------------------------------------------------------------------------------


def list_journeys(
    connection: Connection,
    vehicle_id: str,
    *,
    kinds: Collection[JourneyKind] = (),
    since: int | None = None,
    until: int | None = None,
    place: int | None = None,
    limit: int,
    after: JourneyKey | None = None,
    newest_first: bool = False,
) -> tuple[list[JourneyRow], bool]:
    """Return up to ``limit`` journeys behind ``after``, by start, and whether there are more.

    Those that begin at ``since`` or later, and before ``until``; of these kinds, if any are named;
    that began or ended at ``place``.
    """
    where: list[ColumnElement[bool]] = [j.vehicle_id == vehicle_key(vehicle_id)]
    if kinds:
        where.append(j.kind.in_(sorted(each.value for each in kinds)))
    if since is not None:
        where.append(j.start >= since)
    if until is not None:
        where.append(j.start < until)
    if place is not None:
        where.append(or_(j.start_place == place, j.end_place == place))
    key = (j.start, j.id)
    if after is not None:
        mine = tuple_(*key)
        where.append(mine < after if newest_first else mine > after)
    order = [column.desc() for column in key] if newest_first else key
    query = select(*_COLUMNS).where(*where).order_by(*order).limit(limit + 1)
    rows = [_row(each) for each in connection.execute(query)]
    return rows[:limit], len(rows) > limit


def get_journey(connection: Connection, vehicle_id: str, journey_id: int) -> JourneyRow:
    """Return a journey. Raises :class:`NotFound`."""
    query = select(*_COLUMNS)
    query = query.where(j.vehicle_id == vehicle_key(vehicle_id), j.id == journey_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no journey {journey_id} of {vehicle_key(vehicle_id)}")
    return _row(row)


def journey_points(connection: Connection, row: JourneyRow) -> Journey:
    """Return a journey with its track or curve."""
    start, end = row.journey.start.time, row.journey.end.time
    return with_points(row.journey, raw_of(connection, row.vehicle_id, row.kind, start, end))


def raw_of(
    connection: Connection, vehicle_id: str, kind: JourneyKind, start: int, end: int
) -> list[Journey]:
    """Return the raw journeys of a kind that share a moment with a span, by start."""
    where = _within(connection, raw_journeys, vehicle_key(vehicle_id), kind, start, end)
    query = select(r.data).where(*where).order_by(r.start, r.id)
    return [decode_journey(kind, data) for data in connection.scalars(query)]


def _row(row: Any) -> JourneyRow:
    kind = JourneyKind(row.kind)
    return JourneyRow(
        id=row.id,
        vehicle_id=row.vehicle_id,
        kind=kind,
        journey=decode_journey(kind, row.data),
        start_place=row.start_place,
        end_place=row.end_place,
        cost=from_mills(row.cost),
        currency=row.currency,
        purpose=None if row.purpose is None else Purpose(row.purpose),
        note=row.note,
        is_edited=row.is_edited,
        has_own_cost=row.has_own_cost,
    )


def _within(
    connection: Connection, table: Table, vehicle_id: str, kind: JourneyKind, start: int, end: int
) -> list[ColumnElement[bool]]:
    """Return the conditions for what shares time with a span; what only touches it does not.

    None of a kind goes on under another, so it is found by the index from the last that had begun.
    """
    c = table.c
    of_kind = (c.vehicle_id == vehicle_id, c.kind == kind.value)
    query = select(c.start).where(*of_kind, c.start <= start).order_by(c.start.desc()).limit(1)
    first = connection.scalar(query)
    shared = and_(c.start < end, c.end > start)
    inside = and_(c.start >= start, c.end <= end)
    begun = c.start.between(start if first is None else first, max(start, end))
    return [*of_kind, begun, or_(shared, inside)]


# -- recording ------------------------------------------------------------------------------


def record_journeys(
    connection: Connection, vehicle_id: str, after: int, journeys: Iterable[Journey]
) -> None:
    """Replace the raw journeys that were not over at ``after`` by these, and show them."""
    vehicle_id = vehicle_key(vehicle_id)
    found = connection.execute(_NOT_OVER, {"vehicle": vehicle_id, "after": after})
    _replace_raws(connection, vehicle_id, found, map(raw_values, journeys))


def replace_span(
    connection: Connection, vehicle_id: str, begin: int, end: int | None, new: Iterable[RawValues]
) -> None:
    """Replace the raw journeys that began at ``begin`` or later, before ``end``, and show them."""
    old = r.start >= begin if end is None else and_(r.start >= begin, r.start < end)
    found = connection.execute(_RAW_ROWS.where(r.vehicle_id == vehicle_id, old))
    _replace_raws(connection, vehicle_id, found, new)


def raw_values(journey: Journey) -> RawValues:
    """Return a raw journey as it is stored."""
    start, end = journey.start.time, journey.end.time
    return kind_of(journey).value, start, end, journey.closed, encode_journey(journey)


def _replace_raws(
    connection: Connection, vehicle_id: str, found: Result[Any], new: Iterable[RawValues]
) -> None:
    before: dict[RawValues, int] = {tuple(row[:5]): row.id for row in found}
    added = [each for each in new if before.pop(each, None) is None]
    if _grown(connection, vehicle_id, before, added):
        return
    _delete(connection, raw_journeys, before.values())
    if added:
        names = ("kind", "start", "end", "closed", "data")
        rows = [{"vehicle_id": vehicle_id, **dict(zip(names, each, strict=True))} for each in added]
        connection.execute(insert(raw_journeys), rows)
    changed = [*before, *added]
    if changed:
        start, end = min(each[1] for each in changed), max(max(each[1:3]) for each in changed)
        reshow(connection, vehicle_id, start, end)


def _grown(
    connection: Connection,
    vehicle_id: str,
    before: Mapping[RawValues, int],
    added: Sequence[RawValues],
) -> bool:
    """Let journeys that go on grow, raw and shown; return whether that was all there is to do.

    It is what happens most: each few minutes of each car. So it takes a third of the queries.
    """
    ids = {each[:2]: id_ for each, id_ in before.items() if each[3] is None}
    grown = {each[:2]: each for each in added if each[3] is None}
    if not ids or not len(ids) == len(before) == len(added) or ids.keys() != grown.keys():
        return False
    start, end = min(each[1] for each in added), max(each[2] for each in (*before, *added))
    if read_edits(connection, vehicle_id, start, end):
        return False
    going = (j.vehicle_id == vehicle_id, j.is_open.is_(True), j.start >= start)
    rows = connection.execute(select(j.kind, j.start, j.id).where(*going)).all()
    if sorted((kind, begin) for kind, begin, _ in rows) != sorted(grown):
        return False
    context = journey_context(connection, vehicle_id)
    for kind, begin, id_ in rows:
        values = grown[kind, begin]
        raw = update(raw_journeys).where(r.id == ids[kind, begin])
        connection.execute(raw.values(end=values[2], data=values[4]))
        journey = ShownJourney(journey=decode_journey(JourneyKind(kind), values[4]))
        row = update(journeys).where(j.id == id_)
        connection.execute(row.values(journey_values(context, journey)))
    return True


def keep_within(connection: Connection, vehicle_id: str, limit: int = JOURNEYS_A_VEHICLE) -> None:
    """Delete the oldest journeys of a vehicle that has more raw ones than it may, and some more."""
    count = connection.scalar(select(func.count()).where(r.vehicle_id == vehicle_id)) or 0
    if count <= limit:
        return
    query = select(r.start).where(r.vehicle_id == vehicle_id).order_by(r.start)
    first = connection.scalar(query.offset(count - limit + limit // 100).limit(1))
    if first is None:
        return
    for table in (raw_journeys, journeys):
        c = table.c
        old = (c.vehicle_id == vehicle_id, c.start < first, c.end <= first)
        connection.execute(delete(table).where(*old))


def reshow(connection: Connection, vehicle_id: str, start: int, end: int) -> None:
    """Make anew what is shown of a span: something changed but what the vehicle reported.

    It follows from the raw journeys, the corrections, the places and their tariffs.
    """
    vehicle_id = vehicle_key(vehicle_id)
    start, end = _whole(connection, vehicle_id, start, end)
    found = _shown(connection, vehicle_id, start, end)
    context = journey_context(connection, vehicle_id)
    span = {"vehicle": vehicle_id, "first": start, "last": end}
    before = [{**row._mapping} for row in connection.execute(_SHOWN, span)]
    for kind in JourneyKind:
        new = [journey_values(context, each) for each in found if kind_of(each.journey) is kind]
        of_kind = [each for each in before if each["kind"] == kind.value]
        _replace(connection, vehicle_id, of_kind, new)


def shown_around(
    connection: Connection, vehicle_id: str, start: int, end: int
) -> list[ShownJourney]:
    """Return what is to be shown of a span, with the ids of the corrections that count."""
    vehicle_id = vehicle_key(vehicle_id)
    return _shown(connection, vehicle_id, *_whole(connection, vehicle_id, start, end))


def _shown(connection: Connection, vehicle_id: str, start: int, end: int) -> list[ShownJourney]:
    span = {"vehicle": vehicle_id, "first": start, "last": end}
    raws = [
        decode_journey(JourneyKind(kind), data) for kind, data in connection.execute(_RAWS, span)
    ]
    return shown(raws, read_edits(connection, vehicle_id, start, end))


def _whole(connection: Connection, vehicle_id: str, start: int, end: int) -> tuple[int, int]:
    """Return a span that cuts nothing in two: no raw or shown journey, no correction."""
    while True:
        before = start, end
        span = {"vehicle": vehicle_id, "first": start, "last": end}
        for low, high in connection.execute(_SPANS, span):
            if low is not None:
                start, end = min(start, low), max(end, high)
        if (start, end) == before:
            return before


def _spans(table: Table, kind: JourneyKind) -> Select[Any]:
    """Return the query of the span of what shares time with one; see :func:`_within`."""
    c, before = table.c, table.alias().c
    begun = (
        select(before.start)
        .where(before.vehicle_id == VEHICLE, before.kind == kind.value, before.start <= FIRST)
        .order_by(before.start.desc())
        .limit(1)
        .scalar_subquery()
    )
    return _span(table).where(c.kind == kind.value, c.start >= func.coalesce(begun, FIRST))


def _span(table: Table) -> Select[Any]:
    c = table.c
    shared = and_(c.start < LAST, c.end > FIRST)
    inside = and_(c.start >= FIRST, c.end <= LAST)
    query = select(func.min(c.start), func.max(c.end))
    return query.where(c.vehicle_id == VEHICLE, or_(shared, inside))


VEHICLE: Final[BindParameter[str]] = bindparam("vehicle")
FIRST: Final[BindParameter[int]] = bindparam("first")
LAST: Final[BindParameter[int]] = bindparam("last")

# Made once: to make a query takes longer than to run it.
_SPANS: Final = union_all(
    *(_spans(table, kind) for table in (raw_journeys, journeys) for kind in JourneyKind),
    # They may overlap each other. Few end after what is new begins, which is the index.
    _span(journey_edits).where(journey_edits.c.end >= FIRST),
)
_RAW_ROWS: Final = select(r.kind, r.start, r.end, r.closed, r.data, r.id)
_NOT_OVER: Final = _RAW_ROWS.where(
    r.vehicle_id == VEHICLE, or_(r.closed.is_(None), r.closed > bindparam("after"))
)
_RAWS: Final = (
    select(r.kind, r.data)
    .where(r.vehicle_id == VEHICLE, r.start >= FIRST, r.start <= LAST, r.end <= LAST)
    .order_by(r.start, r.id)
)
_SHOWN: Final = (
    select(journeys)
    .where(j.vehicle_id == VEHICLE, j.start >= FIRST, j.start <= LAST, j.end <= LAST)
    .order_by(j.start, j.id)
)


def _replace(
    connection: Connection,
    vehicle_id: str,
    before: Sequence[dict[str, Any]],
    new: Sequence[dict[str, Any]],
) -> None:
    """Replace shown rows by others, which take over the ids."""
    ids = _ids(before, new)
    kept = {each["id"]: each for each in before}
    gone = kept.keys() - ids.values()
    _delete(connection, journeys, gone)
    _keep_places(before, new)
    made: list[dict[str, Any]] = []
    for place, values in enumerate(new):
        id_ = ids.get(place)
        if id_ is None:
            made.append({"vehicle_id": vehicle_id, **values})
        elif any(kept[id_][name] != value for name, value in values.items()):
            connection.execute(update(journeys).where(j.id == id_).values(values))
    if made:
        connection.execute(insert(journeys), made)


def _delete(connection: Connection, table: Table, ids: Iterable[int]) -> None:
    """Delete rows, however many: a statement names a bounded number of them."""
    left = [*ids]
    for place in range(0, len(left), IDS_AT_ONCE):
        some = left[place : place + IDS_AT_ONCE]
        connection.execute(delete(table).where(table.c.id.in_(some)))


def _keep_places(before: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> None:
    """Leave what has its position no more at the place where it was, and at its cost."""
    ends = {(end, each[end]): each for each in before for end in ("start", "end")}
    for values in new:
        for end in ("start", "end"):
            old = ends.get((end, values[end]))
            if old is None or values[f"{end}_latitude"] is not None:
                continue
            values[f"{end}_place"] = old[f"{end}_place"]
            if end == "start" and values["cost"] is None and not old["has_own_cost"]:
                values |= {"cost": old["cost"], "currency": old["currency"]}


def _ids(before: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> dict[int, int]:
    """Return the ids that new rows take over, by their places."""
    by_start = {each["start"]: each["id"] for each in before}
    ids = {
        place: by_start.pop(each["start"])
        for place, each in enumerate(new)
        if each["start"] in by_start
    }
    left = [each for each in before if each["id"] not in ids.values()]
    shared = sorted(
        (
            (min(old["end"], each["end"]) - max(old["start"], each["start"]), -place, old["id"])
            for old in left
            for place, each in enumerate(new)
            if place not in ids
        ),
        reverse=True,
    )
    for seconds, place, id_ in shared:
        if seconds > 0 and -place not in ids and id_ not in ids.values():
            ids[-place] = id_
    return ids
