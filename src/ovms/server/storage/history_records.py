"""Records of the history as the API reads and deletes them: in either order, by number and span.

As in :mod:`.history`, ``since`` is exclusive and ``until`` is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, delete, func, literal, select, tuple_, update

from ovms.protocol.records.record import legible
from ovms.server.storage.expiry import CHUNK
from ovms.server.storage.history import BYTES_A_PAGE, records_of
from ovms.server.storage.history_batch import RECORD_OVERHEAD
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.schema import history, history_counts, messages
from ovms.server.values import HistoryEntry

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from ovms.server.values import HistoryKey

PROBES: Final = 8
"""Parts of a span at whose ends the unit of distances is looked up: one that changed and changed
back between two of them is not noticed."""

STATUS: Final = "S"
_UNITS: Final = {b"K": "K", b"M": "M"}

h = history.c


def read_records(
    connection: Connection,
    vehicle_id: str,
    record_type: str,
    *,
    limit: int,
    since: int | None = None,
    until: int | None = None,
    number: int | None = None,
    after: HistoryKey | None = None,
    newest_first: bool = False,
    starts: Collection[bytes] = (),
) -> tuple[list[HistoryEntry], bool]:
    """Return up to ``limit`` records behind ``after``, and whether there are more.

    Large ones make a page shorter. ``starts`` are what the data begin with, if not all are wanted.
    """
    where = records_of(connection, vehicle_key(vehicle_id), legible(record_type), since, until)
    if number is not None:
        where.append(h.number == number)
    if starts:
        where.append(_begins(starts))
    key = h.time, h.number, h.id
    if after is not None:
        mine, place = tuple_(*key), tuple_(*map(literal, after))
        where.append(mine < place if newest_first else mine > place)
    order = [column.desc() for column in key] if newest_first else key
    query = select(h.time, h.number, h.id, h.data).where(*where).order_by(*order)
    page: list[HistoryEntry] = []
    size = 0
    with connection.execute(query.limit(limit + 1)) as rows:
        for row in rows:
            if len(page) == limit or size >= BYTES_A_PAGE:
                return page, True
            page.append(HistoryEntry(*row))
            size += len(page[-1].data)
    return page, False


def _begins(starts: Collection[bytes]) -> ColumnElement[bool]:
    length = {len(each) for each in starts}
    assert len(length) == 1, "starts of one length"
    return func.substr(h.data, 1, length.pop()).in_(starts)


def delete_records(
    connection: Connection,
    vehicle_id: str,
    record_type: str,
    since: int | None,
    until: int | None,
    rows: int = CHUNK,
) -> int:
    """Delete up to ``rows`` of a type's oldest records, and take them off the counts."""
    vehicle_id, record_type = vehicle_key(vehicle_id), legible(record_type)
    where = records_of(connection, vehicle_id, record_type, since, until)
    query = select(h.id, h.number, func.length(h.data)).where(*where)
    found = connection.execute(query.order_by(h.time, h.number, h.id).limit(rows))
    return delete_found(connection, vehicle_id, record_type, [(*row,) for row in found])


def delete_found(
    connection: Connection, vehicle_id: str, record_type: str, found: list[tuple[int, int, int]]
) -> int:
    """Delete records of a type by id, number and size of their data; return how many."""
    connection.execute(delete(history).where(h.id.in_([id_ for id_, _, _ in found])))
    words = len(vehicle_id.encode()) + len(record_type.encode()) + RECORD_OVERHEAD
    sums: dict[int, tuple[int, int]] = {}
    for _, number, size in found:
        records, total = sums.get(number, (0, 0))
        sums[number] = records + 1, total + size + words
    c = history_counts.c
    of_type = (c.vehicle_id == vehicle_id, c.type == record_type)
    for number, (records, size) in sums.items():
        row = update(history_counts).where(*of_type, c.number == number)
        connection.execute(row.values(records=c.records - records, bytes=c.bytes - size))
    connection.execute(delete(history_counts).where(*of_type, c.records <= 0))
    return len(found)


def distance_units(
    connection: Connection, vehicle_id: str, since: int, until: int
) -> list[tuple[int, str | None]]:
    """Return from when on in a span a car reported distances in which unit, K or M.

    Its status of the time says it; before the first that is kept the first one's holds, and without
    any the latest status. The first row is of ``since``.
    """
    vehicle_id = vehicle_key(vehicle_id)
    where = records_of(connection, vehicle_id, STATUS, None, None)
    order = h.time, h.number, h.id

    def look(time: int) -> str | None:
        query = select(h.data).where(*where, h.time <= time)
        data = connection.scalar(query.order_by(*(each.desc() for each in order)).limit(1))
        return None if data is None else unit_of(data)

    def changes(begin: int, end: int, before: str | None, after: str | None) -> None:
        is_same = before == after and end - begin <= step
        if is_same or end - begin <= 1:
            if before != after:
                found.append((end, after))
            return
        middle = (begin + end) // 2
        unit = look(middle) or before
        changes(begin, middle, before, unit)
        changes(middle, end, unit, after)

    first = look(since)
    if first is None:
        data = connection.scalar(select(h.data).where(*where).order_by(*order).limit(1))
        first = _latest_unit(connection, vehicle_id) if data is None else unit_of(data)
    found = [(since, first)]
    step = max(1, -(-(until - since) // PROBES))
    changes(since, until, first, look(until) or first)
    return found


def unit_of(status: bytes) -> str | None:
    """Return the unit of distances that a status names."""
    return _UNITS.get(status.split(b",", 2)[1]) if status.count(b",") else None


def _latest_unit(connection: Connection, vehicle_id: str) -> str | None:
    m = messages.c
    where = (m.vehicle_id == vehicle_id, m.code == STATUS, m.token == "")
    data = connection.scalar(select(m.data).where(*where))
    return None if data is None else unit_of(data)
