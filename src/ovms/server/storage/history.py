"""History and utilisation: the queries, each a short read.

Each takes a connection inside a transaction; ids are compared without case. ``since`` and ``until``
are in Unix seconds, the first exclusive, the second not: spans that follow each other share no
record. What a removed vehicle of the same id left is not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, func, literal, select, tuple_

from ovms.protocol.records.record import legible
from ovms.server.storage.expiry import TRAFFIC_DAYS
from ovms.server.storage.history_batch import RECORD_OVERHEAD
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.schema import history, history_counts, history_purges
from ovms.server.storage.schema import utilisation as traffic
from ovms.server.values import DayTraffic, HistoryEntry, TypeSummary

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.values import HistoryKey

TYPES_A_PAGE: Final = 20
"""Types that one read of a summary counts: some 20 ms."""

ROWS_A_PAGE: Final = 5000
"""Rows after which such a read ends."""

BYTES_A_PAGE: Final = 256 * 1024
"""Bytes of records after which a page of them ends: many read one at the same time."""

h = history.c
counts = history_counts.c


def history_summary(
    connection: Connection, vehicle_id: str, since: int | None = None, until: int | None = None
) -> list[TypeSummary]:
    """Return what a vehicle's history holds, by type; without a span from the counters."""
    types: list[TypeSummary] = []
    place: str | None = ""
    while place is not None:
        page, place = summary_page(connection, vehicle_id, since, place, until)
        types += page
    return types


def summary_page(
    connection: Connection,
    vehicle_id: str,
    since: int | None,
    place: str,
    until: int | None = None,
) -> tuple[list[TypeSummary], str | None]:
    """Return the part of a summary behind ``place``, and where the next part begins.

    A part is a short read, unless one type alone has very many records; the first is behind ``""``,
    and behind the last one there is ``None``.
    """
    vehicle_id = vehicle_key(vehicle_id)
    page: list[TypeSummary] = []
    rows = 0
    for _ in range(TYPES_A_PAGE):
        behind = select(func.min(counts.type)).where(counts.vehicle_id == vehicle_id)
        name: str | None = connection.scalar(behind.where(counts.type > place))
        if name is None:
            return page, None
        place = name
        found = _summary(connection, vehicle_id, name, since, until)
        if found is not None:
            page.append(found)
            rows += found.distinct if since is until is None else found.total
        if rows >= ROWS_A_PAGE:
            break
    return page, place


def history_count(
    connection: Connection,
    vehicle_id: str,
    record_type: str,
    since: int | None = None,
    until: int | None = None,
) -> tuple[int, int]:
    """Count a type's records; return the count and an id that none of them exceeds."""
    vehicle_id, record_type = vehicle_key(vehicle_id), legible(record_type)
    last_id = connection.scalar(select(func.max(h.id))) or 0
    if since is until is None:
        query = select(func.coalesce(func.sum(counts.records), 0))
        query = query.where(counts.vehicle_id == vehicle_id, counts.type == record_type)
    else:
        query = select(func.count())
        query = query.where(*records_of(connection, vehicle_id, record_type, since, until))
    return connection.scalar(query) or 0, last_id


def history_page(
    connection: Connection,
    vehicle_id: str,
    record_type: str,
    since: int | None,
    after: HistoryKey | None,
    last_id: int,
    limit: int,
    until: int | None = None,
) -> list[HistoryEntry]:
    """Return up to ``limit`` records of a type behind ``after``, oldest first, then by number.

    Large records make a page shorter; behind the last one a page is empty.
    ``last_id`` is that of :func:`history_count`: what came later is left out. A reader that
    continues from the last entry's key sees each record once, whatever comes and goes meanwhile.
    """
    # Behind a key ``since`` holds anyway, and each page would be looked for from there.
    since = since if after is None else None
    where = records_of(connection, vehicle_key(vehicle_id), legible(record_type), since, until)
    query = select(h.time, h.number, h.id, h.data).where(*where, h.id <= last_id)
    if after is not None:
        query = query.where(tuple_(h.time, h.number, h.id) > tuple_(*map(literal, after)))
    query = query.order_by(h.time, h.number, h.id).limit(limit)
    page: list[HistoryEntry] = []
    size = 0
    with connection.execute(query) as rows:
        for row in rows:
            page.append(HistoryEntry(*row))
            size += len(page[-1].data)
            if size >= BYTES_A_PAGE:
                break
    return page


def utilisation(
    connection: Connection, vehicle_id: str, days: int = TRAFFIC_DAYS
) -> list[DayTraffic]:
    """Return a vehicle's traffic of the last ``days`` days that had any, newest first."""
    u = traffic.c
    query = select(u.day, u.car_received, u.car_sent, u.apps_received, u.apps_sent)
    query = query.where(u.vehicle_id == vehicle_key(vehicle_id)).order_by(u.day.desc())
    return [DayTraffic(*row) for row in connection.execute(query.limit(days))]


def records_of(
    connection: Connection,
    vehicle_id: str,
    record_type: str,
    since: int | None,
    until: int | None = None,
) -> list[ColumnElement[bool]]:
    """Return the conditions for the records that are meant."""
    where = [h.vehicle_id == vehicle_id, h.type == record_type]
    if since is not None:
        where.append(h.time > since)
    if until is not None:
        where.append(h.time <= until)
    purge = select(history_purges.c.last_id).where(history_purges.c.vehicle_id == vehicle_id)
    if (purged := connection.scalar(purge)) is not None:
        where.append(h.id > purged)
    return where


def _summary(
    connection: Connection,
    vehicle_id: str,
    record_type: str,
    since: int | None,
    until: int | None,
) -> TypeSummary | None:
    """Return what there is of a type; ``None`` if there is nothing."""
    where = records_of(connection, vehicle_id, record_type, since, until)
    if since is until is None:
        sums = select(func.count(), func.sum(counts.records), func.sum(counts.bytes))
        sums = sums.where(counts.vehicle_id == vehicle_id, counts.type == record_type)
    else:
        words = len(vehicle_id.encode()) + len(record_type.encode()) + RECORD_OVERHEAD
        size = func.sum(func.length(h.data) + words)
        sums = select(func.count(h.number.distinct()), func.count(), size).where(*where)
    distinct, total, size_of_all = connection.execute(sums).one()
    if not total:
        return None
    return TypeSummary(record_type, distinct, total, size_of_all, *_span(connection, where))


def _span(connection: Connection, where: list[ColumnElement[bool]]) -> tuple[int, int]:
    """Return the times of a type's oldest and newest record."""
    query = select(h.time).where(*where).limit(1)
    order = h.time, h.number, h.id
    first = connection.scalar(query.order_by(*order))
    last = connection.scalar(query.order_by(*(column.desc() for column in order)))
    assert first is not None
    assert last is not None
    return first, last
