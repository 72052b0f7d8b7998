"""``ovms history``: what the server keeps of what a vehicle sent.

A large result is read page by page, each page a short read of its own, and printed as it comes: the
server beside it is not held up, and nothing here grows with the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ovms.cli.common import iso_time
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.cli.listing import CsvOption, FormatOption, JsonOption, choose_format, make_listing
from ovms.cli.record_listing import (
    FieldsOption,
    HistoryQuery,
    KeptLine,
    RecordListing,
    UnitsOption,
    make_query,
)
from ovms.cli.times import TIME_HELP
from ovms.protocol.modules import module_kind
from ovms.protocol.records import Status
from ovms.server.storage import queries

if TYPE_CHECKING:
    from ovms.server.storage.database import Database
    from ovms.server.values import HistoryEntry, LatestMessage, TypeSummary

PAGE: Final = 1000
"""Records that are read at once: some milliseconds, some 100 KiB."""

SUMMARY: Final = ("type", "distinct", "total", "size", "oldest", "newest")
"""Columns and names, the same as those of ``ovms app history``."""

STATUS: Final = "S"
"""The type of the records that name the unit of distances."""


def history(
    vehicle: Annotated[str, typer.Argument(metavar="VEHICLE", help="The vehicle id, in any case.")],
    type: Annotated[  # noqa: A002 -- the option's name
        str | None,
        typer.Option(
            "--type",
            metavar="T",
            help="Records of this type, such as S, D, L, trips, charges; without, a summary.",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help=f"Made after this: {TIME_HELP}")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Made until then, in the same spelling.")
    ] = None,
    fields: FieldsOption = None,
    format: FormatOption = None,  # noqa: A002 -- the option's name
    units: UnitsOption = None,
    csv: CsvOption = False,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show what the server keeps of what a vehicle sent: telemetry and historical records.

    CSV and JSON have a column for each field, with its name and its unit. What is unknown is
    empty, null in JSON. Times are ISO 8601, UTC.
    """
    query = make_query(type, since, until, fields, units, choose_format(format, csv, json))
    with open_database(data, database, config, must_exist=True) as db:
        with db.reading() as connection:
            known = queries.get_vehicle(connection, vehicle)
        if query.type is None:
            _print_summary(db, known.id, query)
        else:
            _print_records(db, known.id, query)


def _print_summary(db: Database, vehicle_id: str, query: HistoryQuery) -> None:
    since, until = _whole(query.since), _whole(query.until)
    with db.reading() as connection:
        types = queries.history_summary(connection, vehicle_id, since, until)
    listing = make_listing(query.format, SUMMARY)
    for each in types:
        listing.print(dict(zip(SUMMARY, _summary_row(each), strict=True)))
    listing.end()


def _summary_row(each: TypeSummary) -> tuple[object, ...]:
    counts = (each.type, each.distinct, each.total, each.bytes)
    return (*counts, iso_time(each.first), iso_time(each.last))


def _print_records(db: Database, vehicle_id: str, query: HistoryQuery) -> None:
    record_type = query.type or ""
    with db.reading() as connection:
        loaded = queries.load_vehicle(connection, vehicle_id)
    latest = {} if loaded is None else {each.code: each for each in loaded[1]}
    unit, firmware = _unit_of(latest), _plain_data(latest, "F")
    listing = RecordListing(vehicle_id, query, unit, module_kind(firmware))
    statuses = _records(db, vehicle_id, STATUS, None, query.until)
    units = UnitsOverTime(statuses if listing.needs_unit else iter(()), unit)
    for entry in _records(db, vehicle_id, record_type, query.since, query.until):
        line = KeptLine.of(record_type, entry.time, entry.number, entry.data)
        listing.print(line, units.at(entry.time))
    listing.end()


class UnitsOverTime:
    """The unit, M or K, that a car reported distances in: its status of the time says it.

    ``now`` is its unit now, which holds where no status is kept. Before the first status that is
    kept its unit holds.
    """

    def __init__(self, statuses: Iterator[HistoryEntry], now: str | None) -> None:
        self._statuses = statuses
        self._unit: str | None = None
        self._now = now
        self._next = next(statuses, None)
        while self._next is not None and self._unit is None:
            self._take()

    def at(self, time: float) -> str | None:
        """Return the unit of a time, not before that of the call before; ``None`` for unknown."""
        while self._next is not None and self._next.time <= time:
            self._take()
        return self._unit or self._now

    def _take(self) -> None:
        assert self._next is not None
        self._unit = Status.parse(self._next.data).distance_unit or self._unit
        self._next = next(self._statuses, None)


def _unit_of(latest: dict[str, LatestMessage]) -> str | None:
    data = _plain_data(latest, STATUS)
    return None if data is None else Status.parse(data).distance_unit


def _plain_data(latest: dict[str, LatestMessage], code: str) -> bytes | None:
    """Return the data of the latest message of a code; ``None`` for none, and for a sealed one."""
    message = latest.get(code)
    return None if message is None or message.token else message.data


def _records(
    db: Database, vehicle_id: str, record_type: str, begin: float | None, end: float | None
) -> Iterator[HistoryEntry]:
    """Yield a type's records, oldest first; those that come while we read are left out."""
    since, until = _whole(begin), _whole(end)
    with db.reading() as connection:
        _, last_id = queries.history_count(connection, vehicle_id, record_type, since, until)
    after = None
    while True:
        with db.reading() as connection:
            page = queries.history_page(
                connection, vehicle_id, record_type, since, after, last_id, PAGE, until
            )
        yield from page
        if not page:
            return
        after = page[-1].key


def _whole(time: float | None) -> int | None:
    """Return the whole second that a time is in: records are made at whole seconds."""
    return None if time is None else int(time // 1)
