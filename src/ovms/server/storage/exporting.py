"""All data of an owner, or of a vehicle, as one ZIP of JSON, CSV and GPX, made page by page.

:func:`export_steps` reads nothing itself: it yields queries, is sent what they return, and writes
into the sink; :func:`vehicle_export_steps` does the same. So server and command line make the same
file, each reading in its own way, and none holds more than a page. Secrets, the digits of tokens,
and passwords are not in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

from ovms.base.sheets import csv_lines
from ovms.protocol.columns import ColumnReader, TimedColumns
from ovms.protocol.gpx import GpxWriter
from ovms.protocol.modules import module_kind
from ovms.protocol.positions import holds_position, says_position
from ovms.protocol.records import Location
from ovms.server.journeys.exports.rows import ExportRow
from ovms.server.journeys.exports.tables import csv_of
from ovms.server.journeys.values import JourneyKind
from ovms.server.storage.audit import AuditFilter, list_audit, shown_address
from ovms.server.storage.export_facts import (
    access_facts,
    account_facts,
    iso,
    place_facts,
    text_of,
    vehicle_facts,
)
from ovms.server.storage.history import history_summary, utilisation
from ovms.server.storage.history_records import distance_units, read_records
from ovms.server.storage.journey_view import place_names
from ovms.server.storage.journeys import list_journeys
from ovms.server.storage.owners import get_owner
from ovms.server.storage.places import list_places
from ovms.server.storage.vehicles import list_vehicles, load_vehicle
from ovms.server.values import ALERT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator

    from sqlalchemy import Connection

    from ovms.protocol.modules import ModuleKind
    from ovms.server.storage.journeys import JourneyKey, JourneyRow
    from ovms.server.values import HistoryEntry, HistoryKey, TypeSummary, Vehicle

    Query = Callable[[Connection], Any]
    Steps = Generator[Query, Any, None]
    Counted = Callable[[int], object]


def ignore(count: int) -> None:
    """Count nothing."""


PAGE: Final = 1000
"""Records, or entries, that are read at once."""

POSITIONS: Final = "L"

FILES: Final = {
    JourneyKind.TRIP: "trips",
    JourneyKind.CHARGE: "charges",
    JourneyKind.PARKED: "parked",
}
"""The files of journeys, by kind."""

UTC_ZONE: Final = ZoneInfo("UTC")

README: Final = """\
Data of {what} at this server, as of {time}. Times are in UTC.

{files}vehicles/ID/vehicle.json          the vehicle, the latest of each message, and what its
                                  owner wants to be told of journeys
vehicles/ID/traffic.csv           bytes by day, of the car and of its apps
vehicles/ID/history/N-TYPE.csv    records of one type, as the car has sent them{fields}
vehicles/ID/track.gpx             positions, for maps
vehicles/ID/trips.csv             what was made of the records; charges.csv and parked.csv, too

{units} Secrets, passwords and tokens are not here.
"""
"""What the file README.txt says."""

NAMED: Final = """\
Columns of fields are in km, the column data is in the unit of the car; docs/records.md of OVMS
tells what they are."""

UNNAMED: Final = """\
GET /api/v1/vehicles/ID/history/records?type=TYPE&format=csv has the same records with a name for
each field; /docs at the server tells their units."""

OF_ACCOUNT: Final = """\
account.json                      the account: vehicles, shares, tokens, sessions and so on
places.json                       places and what charging costs there
audit.csv                         log-ins, commands and changes
"""

OF_VEHICLE: Final = """\
access.json                       with whom it is shared, links to it, who is told of its alerts
audit.csv                         log-ins, commands and changes
"""


class ExportSink:
    """Takes the bytes of the file until somebody takes them; a ZIP needs no more of a file."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep bytes."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Keep them on."""

    def take(self) -> bytes:
        """Return what has gathered."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class ExportScope:
    """What of an owner's data is exported; ``None`` is all vehicles."""

    owner: str
    now: float
    vehicles: Collection[str] | None = None
    """Those that may be seen."""
    located: Collection[str] | None = None
    """Those of which positions may be seen."""
    has_places: bool = True
    """The owner's places may be seen."""
    names_fields: bool = False
    """Records have a column for each field, too. That takes four times as long, in which a server
    has others to wait for it."""


def export_steps(scope: ExportScope, sink: ExportSink, on_records: Counted = ignore) -> Steps:
    """Yield the queries of an owner's export; the file is whole after the last one.

    ``on_records`` is called with how many records were written since the last time.
    """
    with ZipFile(cast("BinaryIO", sink), "w", ZIP_DEFLATED) as archive:
        writer = ExportWriter(archive, scope, on_records)
        yield from writer.account()
        statuses = yield partial(_vehicles, owner=scope.owner, now=scope.now)
        for vehicle in statuses:
            if scope.vehicles is None or vehicle.id in scope.vehicles:
                yield from writer.vehicle(vehicle)


def vehicle_export_steps(
    vehicle: Vehicle, now: float, sink: ExportSink, on_records: Counted = ignore
) -> Steps:
    """Yield the queries of one vehicle's export, in the same way."""
    with ZipFile(cast("BinaryIO", sink), "w", ZIP_DEFLATED) as archive:
        scope = ExportScope(vehicle.owner, now, names_fields=True)
        writer = ExportWriter(archive, scope, on_records)
        yield from writer.access(vehicle)
        yield from writer.vehicle(vehicle)


@dataclass(frozen=True, slots=True)
class ExportWriter:
    """Writes the files of the archive."""

    archive: ZipFile
    scope: ExportScope
    on_records: Counted

    def account(self) -> Steps:
        """Write what there is of the account itself."""
        facts = yield partial(account_facts, name=self.scope.owner, now=self.scope.now)
        owner_id = facts.pop("id")
        self._readme(f"the owner {facts['name']}", OF_ACCOUNT)
        self._json("account.json", facts)
        if self.scope.has_places:
            found = yield partial(list_places, owner_id=owner_id)
            self._json("places.json", {"places": [place_facts(each) for each in found]})
        yield from self._audit(AuditFilter(owner_id=owner_id), facts["name"])

    def access(self, vehicle: Vehicle) -> Steps:
        """Write who may do what with a vehicle, and what was done."""
        facts = yield partial(access_facts, vehicle=vehicle, now=self.scope.now)
        self._readme(f"the vehicle {vehicle.id}", OF_VEHICLE)
        self._json("access.json", facts)
        yield from self._audit(AuditFilter(vehicle_id=vehicle.id), vehicle.owner)

    def vehicle(self, vehicle: Vehicle) -> Steps:
        """Write what there is of a vehicle."""
        folder = f"vehicles/{quote(vehicle.id, safe='').replace('.', '%2E')}"
        is_located = self.scope.located is None or vehicle.id in self.scope.located
        facts = yield partial(vehicle_facts, vehicle=vehicle, is_located=is_located)
        self._json(f"{folder}/vehicle.json", facts)
        days = yield partial(utilisation, vehicle_id=vehicle.id)
        names = ("day", "car_received", "car_sent", "apps_received", "apps_sent")
        lines = [[getattr(each, name) for name in names] for each in days]
        self._bytes(f"{folder}/traffic.csv", csv_lines([names, *lines]))
        for kind in JourneyKind:
            yield from self._journeys(f"{folder}/{FILES[kind]}.csv", vehicle.id, kind, is_located)
        module = yield partial(_module, vehicle_id=vehicle.id)
        types: list[TypeSummary] = yield partial(history_summary, vehicle_id=vehicle.id)
        for at, each in enumerate(types):
            if is_located or not holds_position(each.type):
                file = f"{folder}/history/{at:03}-{quote(each.type, safe='')[:100]}.csv"
                columns = yield partial(_columns, vehicle_id=vehicle.id, of=each, module=module)
                yield from self._records(file, vehicle.id, each.type, columns, is_located)
        if is_located:
            yield from self._track(f"{folder}/track.gpx", vehicle.id)

    def _readme(self, what: str, files: str) -> None:
        is_named = self.scope.names_fields
        about = README.format(
            what=what, time=iso(self.scope.now), files=files,
            fields=", and each field" if is_named else "", units=NAMED if is_named else UNNAMED,
        )  # fmt: skip
        self._bytes("README.txt", about.encode("utf-8", "replace"))

    def _audit(self, wanted: AuditFilter, owner: str) -> Steps:
        header = ("time", "action", "actor", "vehicle", "detail", "address")
        with self.archive.open(self._info("audit.csv"), "w", force_zip64=True) as out:
            out.write(csv_lines([header]))
            before: int | None = None
            while page := (yield partial(list_audit, wanted=wanted, limit=PAGE, before=before)):
                before = page[-1][0].id
                out.write(
                    csv_lines(
                        (iso(each.time), each.action, each.actor, each.vehicle_id, each.detail,
                         shown_address(each, owner))
                        for each, _ in page
                    )
                )  # fmt: skip

    def _journeys(self, file: str, vehicle_id: str, kind: JourneyKind, is_located: bool) -> Steps:
        with self.archive.open(self._info(file), "w", force_zip64=True) as out:
            after: JourneyKey | None = None
            is_more, is_first = True, True
            while is_more:
                rows, names, is_more = yield partial(
                    _journey_page, vehicle_id=vehicle_id, kind=kind, after=after
                )
                pieces = csv_of(
                    kind, (_export_row(each, names, is_located) for each in rows), UTC_ZONE
                )
                if not is_first:
                    next(pieces)  # the head
                out.write(b"".join(pieces))
                is_first = False
                after = rows[-1].key if rows else None

    def _records(
        self, file: str, vehicle_id: str, record_type: str, columns: TimedColumns, is_located: bool
    ) -> Steps:
        shown = _without_places if record_type == ALERT_TYPE and not is_located else text_of
        has_names = self.scope.names_fields and shown is text_of
        names = columns.reader.names if has_names else ()
        with self.archive.open(self._info(file), "w", force_zip64=True) as out:
            head = ("type", "time", "number", "data")
            out.write(csv_lines([(*head, *(_renamed(name, head) for name in names))]))
            after: HistoryKey | None = None
            is_more = True
            while is_more:
                page, is_more = yield _page(vehicle_id, record_type, after)
                out.write(
                    csv_lines(
                        (
                            record_type, iso(each.time), each.number, shown(each.data),
                            *_values(columns, each, names),
                        )
                        for each in page
                    )
                )  # fmt: skip
                after = page[-1].key if page else None
                self.on_records(len(page))

    def _track(self, file: str, vehicle_id: str) -> Steps:
        with self.archive.open(self._info(file), "w", force_zip64=True) as binary:
            out = TextIOWrapper(binary, "utf-8", write_through=True)
            writer = GpxWriter(vehicle_id, out)
            after: HistoryKey | None = None
            is_more = True
            while is_more:
                page, is_more = yield _page(vehicle_id, POSITIONS, after)
                _add_points(writer, page)
                after = page[-1].key if page else None
            writer.end()
            out.detach()

    def _info(self, file: str) -> ZipInfo:
        time = datetime.fromtimestamp(max(self.scope.now, 315532800.0), UTC)
        info = ZipInfo(file, time.timetuple()[:6])
        info.compress_type = ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        return info

    def _bytes(self, file: str, data: bytes) -> None:
        self.archive.writestr(self._info(file), data)

    def _json(self, file: str, facts: dict[str, Any]) -> None:
        text = json.dumps(facts, indent=2, ensure_ascii=False)
        self._bytes(file, text.encode("utf-8", "replace"))


def _page(vehicle_id: str, record_type: str, after: HistoryKey | None) -> Query:
    return partial(
        read_records, vehicle_id=vehicle_id, record_type=record_type, limit=PAGE, after=after
    )


def _add_points(writer: GpxWriter, page: list[HistoryEntry]) -> None:
    for each in page:
        writer.add(each.time, Location.parse(each.data).as_json())


def _journey_page(
    connection: Connection, vehicle_id: str, kind: JourneyKind, after: JourneyKey | None
) -> tuple[list[JourneyRow], dict[int, str], bool]:
    """Return journeys, the names of their places, and whether there are more."""
    rows, is_more = list_journeys(connection, vehicle_id, kinds=[kind], limit=PAGE, after=after)
    return rows, place_names(connection, rows), is_more


def _export_row(row: JourneyRow, names: dict[int, str], is_located: bool) -> ExportRow:
    journey, note = row.journey, row.note
    if not is_located:  # a note may say where it was
        start, end = (
            replace(each, position=None, altitude=None) for each in (journey.start, journey.end)
        )
        journey, names, note = replace(journey, start=start, end=end), {}, ""
    return ExportRow(
        id=row.id,
        journey=journey,
        start_place=names.get(row.start_place or 0),
        end_place=names.get(row.end_place or 0),
        cost=row.cost,
        currency=row.currency,
        purpose=row.purpose,
        note=note,
        is_edited=row.is_edited,
    )


def _vehicles(connection: Connection, owner: str, now: float) -> list[Vehicle]:
    found = list_vehicles(connection, now, get_owner(connection, owner))
    return [each.vehicle for each in found]


def _module(connection: Connection, vehicle_id: str) -> ModuleKind:
    """Return which module a vehicle has, as its latest plain firmware says."""
    loaded = load_vehicle(connection, vehicle_id)
    latest = {each.code: each for each in loaded[1]} if loaded else {}
    firmware = latest.get("F")
    return module_kind(None if firmware is None or firmware.token else firmware.data)


def _columns(
    connection: Connection, vehicle_id: str, of: TypeSummary, module: ModuleKind
) -> TimedColumns:
    reader = ColumnReader(of.type, "K", module)
    if not reader.needs_unit:
        return TimedColumns(reader)
    return TimedColumns(reader, distance_units(connection, vehicle_id, of.first - 1, of.last))


def _values(columns: TimedColumns, entry: HistoryEntry, names: tuple[str, ...]) -> list[object]:
    fields = columns.read(entry.data, entry.time) if names else {}
    return [fields.get(name) for name in names]


def _renamed(name: str, taken: tuple[str, ...]) -> str:
    """Return the name of a field's column: that of a record's own column is no other's."""
    return f"field_{name}" if name in taken else name


def _without_places(data: bytes) -> str:
    """Return an alert, without its text if that may say where the car was."""
    kind, comma, text = text_of(data).partition(",")
    return f"{kind}{comma}{'' if says_position(text) else text}"
