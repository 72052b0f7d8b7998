"""How many bytes went over a car's line each day.

There are sums that still grow while a day goes on, so what is added here is what came since they
were taken. The newer servers keep the newest day alone, the older ones a row for each day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from ovms.server.migrate.report import MovedKind
from ovms.server.migrate.source import HISTORY, UTILISATION
from ovms.server.migrate.texts import number_of, text_of, time_of
from ovms.server.storage.schema import utilisation

if TYPE_CHECKING:
    from ovms.server.migrate.context import Move, MovedVehicle

TYPE: Final = "*-OVM-Utilisation"
"""The type of the records that hold a day's sums, each under its number."""

COLUMNS: Final = ("car_received", "car_sent", "apps_received", "apps_sent")
"""What the numbers 0 to 3 are."""

LONGEST: Final = 2**53
"""A sum above that is damaged."""

u = utilisation.c

Sums = list[int]


def move_traffic(move: Move) -> None:
    """Add what went over the lines there since it was taken."""
    taken = move.taken(MovedKind.TRAFFIC)
    there: dict[str, dict[str, Sums]] = {}
    for vehicle, day, number, value in (*_records(move), *_days(move)):
        sums = there.setdefault(vehicle.id, {}).setdefault(day, [0, 0, 0, 0])
        if 0 <= value < LONGEST:
            sums[number] = value
    for vehicle_id, days in there.items():
        before = taken.get(vehicle_id)
        newest = "" if before is None else str(before["day"])
        for day in sorted(days):
            if day < newest:
                move.kind(MovedKind.TRAFFIC).unchanged += 1
                continue
            here = _find(move, vehicle_id, day)
            base = here if before is None else before["sums"] if day == newest else None
            _put(move, vehicle_id, day, _more(days[day], base), is_known=here is not None)
            taken[vehicle_id] = {"day": day, "sums": days[day]}
    move.remember(MovedKind.TRAFFIC, taken)


Found = Iterator[tuple["MovedVehicle", str, int, int]]


def _records(move: Move) -> Found:
    """Yield vehicle, day, number and sum of the newer servers' records."""
    if not move.source.has(HISTORY):
        return
    is_sum = move.source.column(HISTORY, "h_recordtype") == TYPE
    for page in move.source.pages(HISTORY, is_sum):
        for row in page:
            vehicle = move.vehicle_of(row.owner, text_of(row.vehicleid))
            time, number = time_of(row.h_timestamp), number_of(row.h_recordnumber)
            if vehicle is not None and time is not None and 0 <= number < len(COLUMNS):
                yield vehicle, _day(time), number, number_of(text_of(row.h_data).strip())


def _days(move: Move) -> Found:
    """Yield the same of the older servers' rows."""
    for page in move.source.pages(UTILISATION):
        for row in page:
            vehicle, time = move.vehicle_of(None, text_of(row.vehicleid)), time_of(row.u_date)
            if vehicle is not None and time is not None:
                for number, value in enumerate((row.u_c_rx, row.u_c_tx, row.u_a_rx, row.u_a_tx)):
                    yield vehicle, _day(time), number, number_of(value)


def _day(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")


def _more(sums: Sums, base: Sums | None) -> Sums:
    """Return what came since; where nothing is remembered, what is here may be of there."""
    return [max(0, now - old) for now, old in zip(sums, base or [0, 0, 0, 0], strict=True)]


def _find(move: Move, vehicle_id: str, day: str) -> Sums | None:
    query = select(*(u[name] for name in COLUMNS))
    row = move.connection.execute(query.where(u.vehicle_id == vehicle_id, u.day == day)).first()
    return None if row is None else [*row]


def _put(move: Move, vehicle_id: str, day: str, more: Sums, *, is_known: bool) -> None:
    report = move.kind(MovedKind.TRAFFIC)
    if not any(more):
        report.unchanged += 1
        return
    this = (u.vehicle_id == vehicle_id, u.day == day)
    values: dict[str, Any] = dict(zip(COLUMNS, more, strict=True))
    if is_known:
        added = {name: u[name] + value for name, value in values.items()}
        move.connection.execute(update(utilisation).where(*this).values(added))
        report.changed += 1
    else:
        row = {"vehicle_id": vehicle_id, "day": day, **values}
        move.connection.execute(insert(utilisation).values(row))
        report.added += 1
