"""Records of the history, those that came since they were taken.

What is there is told apart by month: a checksum of the records' keys, made by the other server's
database, says whether a month is as it was when it was taken. Of one that is not, the records are
read, and those whose keys are known are passed over: so one that came late is taken, and one that
was deleted here does not come back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, insert, literal_column, select, update

from ovms.server.migrate.report import MovedKind
from ovms.server.migrate.source import HISTORY
from ovms.server.migrate.texts import text_of, time_of
from ovms.server.migrate.traffic import TYPE as TRAFFIC_TYPE
from ovms.server.storage.history_batch import RECORD_OVERHEAD
from ovms.server.storage.moved import MovedMonth, load_months, save_months
from ovms.server.storage.schema import history, history_counts, history_purges
from ovms.server.values import ALERT_TYPE

if TYPE_CHECKING:
    from ovms.server.migrate.context import Move, MovedVehicle

OWN_TYPES: Final = (ALERT_TYPE, "*-OVM-ServerLogs")
"""What the other server kept for itself."""

NOT_RECORDS: Final = (*OWN_TYPES, TRAFFIC_TYPE)

NEVER: Final = 253402300799
"""The end of records that do not expire: the last second of the year 9999."""

HASH: Final = 8
"""Bytes of a key's hash: in half a million records two of the same are one chance in 10^8."""

h = history.c


def move_history(move: Move) -> None:
    """Take records, a vehicle after the other."""
    if not move.source.has(HISTORY):
        return
    total = len(move.vehicles)
    for count, vehicle in enumerate(move.vehicles.values()):
        move.progress(MovedKind.RECORDS, count, total)
        _move_vehicle(move, vehicle)
    move.progress(MovedKind.RECORDS, total, total)
    _count_own(move)


def _count_own(move: Move) -> None:
    kind = move.source.column(HISTORY, "h_recordtype")
    query = move.source.from_table(select(func.count()), HISTORY)
    for name in OWN_TYPES:
        [(count,)] = move.source.run(query.where(kind == name))
        move.kind(MovedKind.RECORDS).leave_many(f"{name}: that server's own", count)


def _move_vehicle(move: Move, vehicle: MovedVehicle) -> None:
    where = _where(move, vehicle)
    there = _checksums(move, where)
    taken = load_months(move.connection, move.report.source, vehicle.id)
    stale = sorted(
        month for month, sums in there.items() if month not in taken or taken[month][:2] != sums
    )
    report = move.kind(MovedKind.RECORDS)
    report.unchanged += sum(there[month][0] for month in there.keys() - {*stale})
    if not stale:
        return
    known = {month: _known(move, vehicle, month, taken.get(month)) for month in stale}
    seen: dict[str, set[bytes]] = {month: set() for month in stale}
    time = move.source.column(HISTORY, "h_timestamp")
    where += [time >= f"{stale[0]}-01 00:00:00"] if stale[0] > "0000-00" else []
    where += [time < f"{_next(stale[-1])}-01 00:00:00"] if stale[-1] > "0000-00" else []
    key = ("h_recordtype", "h_recordnumber", "h_timestamp")
    for page in move.source.pages(HISTORY, *where, key=key):
        rows: list[dict[str, Any]] = []
        for row in page:
            month = row.h_timestamp_text[:7]
            if month not in seen:
                continue
            digest = _digest(row.h_recordtype, row.h_recordnumber, row.h_timestamp_text)
            seen[month].add(digest)
            if digest in known[month]:
                report.unchanged += 1
            else:
                rows += _record(move, vehicle, row)
        _store(move, vehicle.id, rows)
    months = {
        month: MovedMonth(*there[month], b"".join(sorted(hashes))) for month, hashes in seen.items()
    }
    save_months(move.connection, move.report.source, vehicle.id, months)


def _where(move: Move, vehicle: MovedVehicle) -> list[Any]:
    column = move.source.column
    where: list[Any] = [column(HISTORY, "vehicleid") == vehicle.there_id]
    if move.source.has_column(HISTORY, "owner"):
        where.insert(0, column(HISTORY, "owner") == vehicle.there_owner)
    return [*where, column(HISTORY, "h_recordtype").not_in(NOT_RECORDS)]


def _checksums(move: Move, where: list[Any]) -> dict[str, tuple[int, str]]:
    """Return how many records there are of each month there, and the checksum of their keys."""
    time, kind, number = (
        move.source.column(HISTORY, name)
        for name in ("h_timestamp", "h_recordtype", "h_recordnumber")
    )
    month = func.date_format(time, "%Y-%m").label("month")
    checksum = func.sum(func.crc32(func.concat_ws("/", kind, number, time)))
    query = move.source.from_table(select(month, func.count(), checksum), HISTORY)
    rows = move.source.run(query.where(*where).group_by(literal_column("month")))
    return {str(name): (int(count), str(value)) for name, count, value in rows}


def _next(month: str) -> str:
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return f"{year:04}-{number + 1:02}"


def _digest(kind: Any, number: Any, time: str) -> bytes:
    return blake2b(f"{text_of(kind)}/{number}/{time}".encode(), digest_size=HASH).digest()


def _known(move: Move, vehicle: MovedVehicle, month: str, taken: MovedMonth | None) -> set[bytes]:
    """Return the keys of the records of a month that are not to be taken.

    Where nothing is remembered these are the ones that are here.
    """
    if taken is not None:
        hashes = taken.hashes
        return {hashes[start : start + HASH] for start in range(0, len(hashes), HASH)}
    if month <= "1970":
        return set()
    first, last = (
        int(datetime(int(name[:4]), int(name[5:]), 1, tzinfo=UTC).timestamp())
        for name in (month, _next(month))
    )
    purged = select(history_purges.c.last_id).where(history_purges.c.vehicle_id == vehicle.id)
    lives = h.id > func.coalesce(purged.scalar_subquery(), 0)
    query = select(h.type, h.number, h.time)
    query = query.where(h.vehicle_id == vehicle.id, h.time >= first, h.time < last, lives)
    return {
        _digest(kind, number, datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S"))
        for kind, number, time in move.connection.execute(query)
    }


def _record(move: Move, vehicle: MovedVehicle, row: Any) -> Iterator[dict[str, Any]]:
    """Yield a record as it stands here, unless it is left."""
    time, expires = time_of(row.h_timestamp), time_of(row.h_expires)
    if time is None:
        move.kind(MovedKind.RECORDS).leave_many("without a time")
    elif expires is not None and expires <= move.now:
        move.kind(MovedKind.RECORDS).leave_many("expired")
    else:
        yield {
            "vehicle_id": vehicle.id,
            "type": text_of(row.h_recordtype),
            "number": int(row.h_recordnumber or 0),
            "time": int(time),
            "expires": NEVER if expires is None else int(expires),
            "data": text_of(row.h_data).encode(),
        }


def _store(move: Move, vehicle_id: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        move.connection.execute(insert(history), rows)
        _count(move, vehicle_id, rows)
        move.kind(MovedKind.RECORDS).added += len(rows)


def _count(move: Move, vehicle_id: str, rows: Iterable[dict[str, Any]]) -> None:
    """Add records to the counts that command 31 answers."""
    sums: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    overhead = len(vehicle_id.encode()) + RECORD_OVERHEAD
    for row in rows:
        found = sums[row["type"], row["number"]]
        found[0] += 1
        found[1] += len(row["type"].encode()) + len(row["data"]) + overhead
    c = history_counts.c
    query = select(c.type, c.number).where(c.vehicle_id == vehicle_id)
    known = {(row.type, row.number) for row in move.connection.execute(query)}
    values = [
        {"_vehicle": vehicle_id, "_type": kind, "_number": number, "more": count, "size": size}
        for (kind, number), (count, size) in sums.items()
    ]
    new = [
        {"vehicle_id": vehicle_id, "type": each["_type"], "number": each["_number"],
         "records": each["more"], "bytes": each["size"]}
        for each in values
        if (each["_type"], each["_number"]) not in known
    ]  # fmt: skip
    old = [each for each in values if (each["_type"], each["_number"]) in known]
    if new:
        move.connection.execute(insert(history_counts), new)
    if old:
        these = update(history_counts).where(
            c.vehicle_id == bindparam("_vehicle"),
            c.type == bindparam("_type"),
            c.number == bindparam("_number"),
        )
        more = {"records": c.records + bindparam("more"), "bytes": c.bytes + bindparam("size")}
        move.connection.execute(these.values(more), old)
