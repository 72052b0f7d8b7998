"""How far the journeys of vehicles are: what was read, and states of the fold to go on from.

Each function takes a connection inside a transaction; vehicle ids are as the database has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from ovms.protocol.modules import ModuleKind, module_kind
from ovms.server.journeys.samples import RECORD_TYPES, JourneyRecord
from ovms.server.storage.schema import (
    history,
    history_counts,
    history_purges,
    journey_checkpoints,
    journey_progress,
    messages,
    vehicles,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

ALL: Final = ""
"""Stands for all vehicles: what is recorded up to its id, all journeys know."""

WINDOW: Final = 1000
"""Records of a type that are read at once: some milliseconds, and as many to fold them."""

CHECKPOINT_DAYS: Final = 2
"""Days before the newest of which all checkpoints are kept: records come late by hours."""

CHECKPOINT_LIMIT: Final = 100
"""Checkpoints of a vehicle, some kilobytes each: the older ones are one a day."""

FIRST_REPORTS: Final = 3600
"""Seconds within which a car reports everything once."""

DAY: Final = 86400

LOG_DAYS: Final = 30
"""The settings' own default of ``log_days``."""

h = history.c
p = journey_progress.c
c = journey_checkpoints.c
v = vehicles.c

# What is asked at each look, and of each vehicle: the statements are made once, which is half of
# what it costs.
_FRESH: Final = select(func.min(h.id)).where(
    h.id > bindparam("after"), h.time > bindparam("settled"), h.time <= bindparam("now")
)
_NEWEST: Final = select(func.max(h.id))
_ROWS: Final = (
    select(h.id, h.vehicle_id, h.time, h.type, h.number, h.data)
    .where(h.id > bindparam("after"), h.id <= bindparam("last_id"))
    .order_by(h.id)
    .limit(bindparam("rows"))
)
_PURGED: Final = select(history_purges.c.last_id).where(
    history_purges.c.vehicle_id == bindparam("vehicle")
)
_OF_TYPE: Final = (
    h.vehicle_id == bindparam("vehicle"),
    h.type == bindparam("type"),
    h.id > bindparam("purged"),
)
_WINDOW: Final = (
    select(h.time, h.type, h.number, h.data)
    .where(*_OF_TYPE, h.time > bindparam("after"), h.id <= bindparam("last_id"))
    .order_by(h.time, h.number, h.id)
    .limit(bindparam("rows"))
)
_LATE: Final = select(func.min(h.time)).where(
    *_OF_TYPE,
    h.time > bindparam("since"),
    h.time <= bindparam("until"),
    h.id > bindparam("seen_id"),
    h.id <= bindparam("last_id"),
)
_NEWEST_DATA: Final = (
    select(h.data)
    .where(*_OF_TYPE, h.id <= bindparam("last_id"))
    .order_by(h.time.desc(), h.id.desc())
    .limit(1)
)
_OLDEST: Final = select(h.time).where(*_OF_TYPE).order_by(h.time).limit(1)
_PROGRESS: Final = select(p.seen_id, p.version, p.since).where(p.vehicle_id == bindparam("vehicle"))
_WRITE: Final = (
    update(journey_progress)
    .where(p.vehicle_id == bindparam("vehicle"))
    .values(seen_id=bindparam("seen_id"), version=bindparam("version"))
)
_LOWER: Final = (
    update(journey_progress)
    .where(p.vehicle_id == ALL, p.seen_id > bindparam("seen"))
    .values(seen_id=bindparam("seen"))
)
_COUNT: Final = select(func.sum(history_counts.c.records)).where(
    history_counts.c.vehicle_id == bindparam("vehicle"), history_counts.c.type.in_(RECORD_TYPES)
)
_FIRMWARE: Final = select(messages.c.data).where(
    messages.c.vehicle_id == bindparam("vehicle"), messages.c.code == "F", messages.c.token == ""
)
_FORGET_CHECKPOINTS: Final = delete(journey_checkpoints).where(
    c.vehicle_id == bindparam("vehicle"), c.time > bindparam("after")
)
_FOLLOWED: Final = select(v.id).where(
    v.id.in_(bindparam("ids", expanding=True)),
    v.deleted.is_(None),
    v.type == "car",
    v.journeys.is_(True),
    v.paranoid_token == "",
    func.coalesce(v.log_days, bindparam("log_days")) > 0,
)


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as the follower reads it."""

    id: int
    vehicle_id: str
    record: JourneyRecord


# -- records --------------------------------------------------------------------------------


def last_record(connection: Connection, after: int, settled: int, now: int) -> int:
    """Return the id up to which records are read: none of this moment is among them.

    More of the same second may come. What is far in the future is of a clock that was wrong: it is
    not waited for.
    """
    span = {"after": after, "settled": settled, "now": now}
    first: int | None = connection.scalar(_FRESH, span)
    if first is not None:
        return first - 1
    newest: int | None = connection.scalar(_NEWEST)
    return after if newest is None else max(after, newest)


def read_rows(connection: Connection, after: int, last_id: int, limit: int) -> list[StoredRecord]:
    """Return records of all vehicles behind an id, in the order in which they were stored."""
    span = {"after": after, "last_id": last_id, "rows": limit}
    return [
        StoredRecord(id_, vehicle_id, JourneyRecord(time, type_, number, data))
        for id_, vehicle_id, time, type_, number, data in connection.execute(_ROWS, span)
    ]


def read_window(
    connection: Connection, vehicle_id: str, after: int, last_id: int, rows: int = WINDOW
) -> tuple[list[JourneyRecord], int | None]:
    """Return a vehicle's next records made after a time, sorted, and the time up to which.

    They are all that there are up to then; ``None`` is: to the end. None of above ``last_id`` are
    among them.
    """
    found: list[JourneyRecord] = []
    until: int | None = None
    span = {**_kept(connection, vehicle_id), "after": after, "last_id": last_id, "rows": rows}
    for record_type in RECORD_TYPES:
        query = connection.execute(_WINDOW, {**span, "type": record_type})
        part = [JourneyRecord(*row) for row in query.all()]
        if len(part) == rows:  # of its last second there may be more
            last = part[-1].time - 1
            if last <= after:
                return read_window(connection, vehicle_id, after, last_id, 8 * rows)
            until = last if until is None else min(until, last)
        found += part
    if until is not None:
        found = [each for each in found if each.time <= until]
    return sorted(found), until


def first_late(
    connection: Connection, vehicle_id: str, seen_id: int, last_id: int, since: int, until: int
) -> int | None:
    """Return the time of the oldest record of a span that was stored after ``seen_id``."""
    times: list[int] = []
    span = {
        **_kept(connection, vehicle_id),
        "since": since,
        "until": until,
        "seen_id": seen_id,
        "last_id": last_id,
    }
    for record_type in RECORD_TYPES:
        time = connection.scalar(_LATE, {**span, "type": record_type})
        if time is not None:
            times.append(time)
    return min(times, default=None)


def newest_data(
    connection: Connection, vehicle_id: str, record_types: Iterable[str], last_id: int
) -> dict[str, bytes]:
    """Return what a vehicle's newest record of each type says, none of above ``last_id``."""
    of_vehicle = {**_kept(connection, vehicle_id), "last_id": last_id}
    said = {
        each: connection.scalar(_NEWEST_DATA, {**of_vehicle, "type": each}) for each in record_types
    }
    return {each: data for each, data in said.items() if data is not None}


def whole_since(connection: Connection, vehicle_id: str) -> int:
    """Return from when on all that a vehicle reports is kept: what is older may lack something.

    The first reports of a new car do not come in one moment, and lack nothing.
    """
    starts: list[int] = []
    of_vehicle = _kept(connection, vehicle_id)
    for code in ("D", "S", "L"):
        time = connection.scalar(_OLDEST, {**of_vehicle, "type": code})
        if time is not None:
            starts.append(time)
    first, last = min(starts, default=0), max(starts, default=0)
    return first if last - first <= FIRST_REPORTS else last


def _kept(connection: Connection, vehicle_id: str) -> dict[str, str | int]:
    """Return the parameters by which a statement asks for what was not deleted of a vehicle."""
    purged = connection.scalar(_PURGED, {"vehicle": vehicle_id})
    return {"vehicle": vehicle_id, "purged": 0 if purged is None else purged}


def is_pic(connection: Connection, vehicle_id: str) -> bool:
    """Return whether a vehicle's module is a PIC, as far as is known."""
    firmware = connection.scalar(_FIRMWARE, {"vehicle": vehicle_id})
    return module_kind(firmware) is ModuleKind.PIC


def count_records(connection: Connection, vehicle_id: str) -> int:
    """Return how many records there are of a vehicle of which journeys are made, about."""
    return connection.scalar(_COUNT, {"vehicle": vehicle_id}) or 0


def newest_record(connection: Connection) -> int:
    """Return the highest id of a record of any vehicle."""
    return connection.scalar(_NEWEST) or 0


# -- progress -------------------------------------------------------------------------------


class Progress(NamedTuple):
    """How far a vehicle's journeys are."""

    seen_id: int
    """The highest id that they know."""
    version: int
    """Another one says that they were made anew."""
    since: int = 0
    """Since when it is its owner's."""


def read_progress(connection: Connection, vehicle_id: str) -> Progress | None:
    """Return how far a vehicle's journeys are; ``None`` if there are none yet."""
    row = connection.execute(_PROGRESS, {"vehicle": vehicle_id}).one_or_none()
    return None if row is None else Progress(*row)


def write_progress(connection: Connection, vehicle_id: str, seen_id: int, version: int) -> None:
    """Store how far a vehicle's journeys are."""
    values = {"seen_id": seen_id, "version": version}
    if not connection.execute(_WRITE, {"vehicle": vehicle_id, **values}).rowcount:
        connection.execute(insert(journey_progress).values(vehicle_id=vehicle_id, **values))


def lower_mark(connection: Connection, seen_id: int) -> None:
    """Have the follower read again what came after an id."""
    connection.execute(_LOWER, {"seen": seen_id})


def unfolded_vehicles(connection: Connection) -> list[str]:
    """Return the cars that have records and no journeys yet, by id."""
    n = history_counts.c
    known = select(p.vehicle_id)
    having = select(n.vehicle_id).where(n.type.in_(RECORD_TYPES))
    query = select(v.id).where(
        v.deleted.is_(None), v.type == "car", v.id.in_(having), v.id.not_in(known)
    )
    return [*connection.scalars(query.order_by(v.id))]


def followed(
    connection: Connection, vehicle_ids: Iterable[str], log_days: int = LOG_DAYS
) -> set[str]:
    """Return those of the vehicles of which journeys are made.

    ``log_days`` are those of telemetry of vehicles without their own.
    """
    found: set[str] = set()
    ids = [*vehicle_ids]
    for start in range(0, len(ids), 500):
        some = {"ids": ids[start : start + 500], "log_days": log_days}
        found.update(connection.scalars(_FOLLOWED, some))
    return found


# -- checkpoints ----------------------------------------------------------------------------


def find_checkpoint(
    connection: Connection, vehicle_id: str, before: int | None
) -> tuple[int, bytes] | None:
    """Return the newest state of a vehicle's fold, of a time before ``before`` if that is given."""
    query = select(c.time, c.state).where(c.vehicle_id == vehicle_id)
    if before is not None:
        query = query.where(c.time < before)
    row = connection.execute(query.order_by(c.time.desc()).limit(1)).one_or_none()
    return None if row is None else (row.time, row.state)


def write_checkpoints(
    connection: Connection, vehicle_id: str, after: int, states: Iterable[tuple[int, bytes]]
) -> None:
    """Replace the states after a time by these, and forget those that are too many."""
    connection.execute(_FORGET_CHECKPOINTS, {"vehicle": vehicle_id, "after": after})
    rows = [{"vehicle_id": vehicle_id, "time": time, "state": state} for time, state in states]
    if not rows:
        return
    connection.execute(insert(journey_checkpoints), rows)
    of_vehicle = c.vehicle_id == vehicle_id
    times = connection.scalars(select(c.time).where(of_vehicle)).all()
    gone = set(times) - set(kept_times(times))
    if gone:
        connection.execute(delete(journey_checkpoints).where(of_vehicle, c.time.in_(gone)))


def kept_times(times: Iterable[int]) -> list[int]:
    """Return which checkpoints are kept: the newest ones, and of each day before the last one."""
    ordered = sorted(times, reverse=True)
    kept: list[int] = []
    for time in ordered:
        is_new = time > ordered[0] - CHECKPOINT_DAYS * DAY
        if is_new or time // DAY != kept[-1] // DAY:
            kept.append(time)
    if len(kept) > CHECKPOINT_LIMIT:  # a day has thousands where something flaps
        step = -(-len(kept) // CHECKPOINT_LIMIT)
        kept = kept[::step]
    return kept
