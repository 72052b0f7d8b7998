"""All of an owner's own data as one ZIP of JSON, CSV and GPX, made page by page.

:func:`export_steps` reads nothing itself: it yields queries, is sent what they return, and writes
into the sink. So server and command line make the same file, each reading in its own way, and none
holds more than a page. Secrets, the digits of tokens, and passwords are not in it.
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

import msgspec

from ovms.base.clock import iso_time
from ovms.base.sheets import csv_lines
from ovms.protocol.gpx import GpxWriter
from ovms.protocol.positions import holds_position, says_position
from ovms.protocol.records import Location, legible
from ovms.server.journeys.exports.rows import ExportRow
from ovms.server.journeys.exports.tables import csv_of
from ovms.server.journeys.tariffs import tariff_as_json
from ovms.server.journeys.values import JourneyKind
from ovms.server.rights import format_rights
from ovms.server.storage.audit import AuditFilter, list_audit, shown_address
from ovms.server.storage.history import history_summary, utilisation
from ovms.server.storage.history_records import read_records
from ovms.server.storage.journey_rules import list_rules
from ovms.server.storage.journey_view import place_names
from ovms.server.storage.journeys import list_journeys
from ovms.server.storage.owners import get_owner
from ovms.server.storage.passkeys import list_passkeys
from ovms.server.storage.places import list_places
from ovms.server.storage.position_links import list_links
from ovms.server.storage.push_devices import list_devices
from ovms.server.storage.shares import list_shares
from ovms.server.storage.subscriptions import list_subscriptions
from ovms.server.storage.tokens import list_tokens
from ovms.server.storage.vehicles import list_vehicles, load_vehicle
from ovms.server.storage.web_sessions import list_sessions
from ovms.server.values import ALERT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator

    from sqlalchemy import Connection

    from ovms.server.storage.journeys import JourneyKey, JourneyRow
    from ovms.server.storage.places import PlaceDetails
    from ovms.server.values import HistoryEntry, HistoryKey, TypeSummary, Vehicle

    Query = Callable[[Connection], Any]
    Steps = Generator[Query, Any, None]

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
Data of the owner {owner} at this server, as of {time}. Times are in UTC.

account.json                      the account: vehicles, shares, tokens, sessions and so on
places.json                       places and what charging costs there
audit.csv                         log-ins, commands and changes
vehicles/ID/vehicle.json          the vehicle, the latest of each message, and what its owner wants
                                  to be told of journeys
vehicles/ID/traffic.csv           bytes by day, of the car and of its apps
vehicles/ID/history/N-TYPE.csv    records of one type, as the car has sent them
vehicles/ID/track.gpx             positions, for maps
vehicles/ID/trips.csv             what was made of the records; charges.csv and parked.csv, too

GET /api/v1/vehicles/ID/history/records?type=TYPE&format=csv has the same records with a name for
each field; /docs at the server tells their units. Passwords and tokens are not here.
"""
"""What the file README.txt says."""


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


def export_steps(scope: ExportScope, sink: ExportSink) -> Steps:
    """Yield the queries of an export; the file is whole after the last one."""
    with ZipFile(cast("BinaryIO", sink), "w", ZIP_DEFLATED) as archive:
        writer = ExportWriter(archive, scope)
        yield from writer.account()
        statuses = yield partial(_vehicles, owner=scope.owner, now=scope.now)
        for vehicle in statuses:
            if scope.vehicles is None or vehicle.id in scope.vehicles:
                yield from writer.vehicle(vehicle)


@dataclass(frozen=True, slots=True)
class ExportWriter:
    """Writes the files of the archive."""

    archive: ZipFile
    scope: ExportScope

    def account(self) -> Steps:
        """Write what there is of the account itself."""
        facts = yield partial(_account, scope=self.scope)
        owner_id = facts.pop("id")
        about = README.format(owner=facts["name"], time=_iso(self.scope.now))
        self._bytes("README.txt", about.encode("utf-8", "replace"))
        self._json("account.json", facts)
        if self.scope.has_places:
            found = yield partial(list_places, owner_id=owner_id)
            self._json("places.json", {"places": [_place(each) for each in found]})
        before: int | None = None
        rows: list[tuple[object, ...]] = []
        while page := (
            yield partial(
                list_audit, wanted=AuditFilter(owner_id=owner_id), limit=PAGE, before=before
            )
        ):
            before = page[-1][0].id
            rows += [
                (_iso(each.time), each.action, each.actor, each.vehicle_id, each.detail,
                 shown_address(each, facts["name"]))
                for each, _ in page
            ]  # fmt: skip
        header = ("time", "action", "actor", "vehicle", "detail", "address")
        self._bytes("audit.csv", csv_lines([header, *rows]))

    def vehicle(self, vehicle: Vehicle) -> Steps:
        """Write what there is of a vehicle."""
        folder = f"vehicles/{quote(vehicle.id, safe='').replace('.', '%2E')}"
        is_located = self.scope.located is None or vehicle.id in self.scope.located
        loaded = yield partial(load_vehicle, vehicle_id=vehicle.id)
        latest = [
            {"code": each.code, "time": _iso(each.time), "data": _text(each.data),
             "is_sealed": bool(each.token)}
            for each in (loaded[1] if loaded else ())
            if is_located or not holds_position(each.code)
        ]  # fmt: skip
        facts: dict[str, Any] = {
            "id": vehicle.id,
            "name": vehicle.name,
            "type": vehicle.type,
            "created": _iso(vehicle.created),
            "tls_only": vehicle.tls_only,
            "log_days": vehicle.log_days,
            "log_position_days": vehicle.log_position_days,
            "makes_journeys": vehicle.makes_journeys,
            "latest": latest,
        }
        rules = yield partial(list_rules, vehicle_id=vehicle.id)
        facts["journey_rules"] = {name.value: msgspec.to_builtins(rules[name]) for name in rules}
        self._json(f"{folder}/vehicle.json", facts)
        days = yield partial(utilisation, vehicle_id=vehicle.id)
        names = ("day", "car_received", "car_sent", "apps_received", "apps_sent")
        lines = [[getattr(each, name) for name in names] for each in days]
        self._bytes(f"{folder}/traffic.csv", csv_lines([names, *lines]))
        for kind in JourneyKind:
            yield from self._journeys(f"{folder}/{FILES[kind]}.csv", vehicle.id, kind, is_located)
        types: list[TypeSummary] = yield partial(history_summary, vehicle_id=vehicle.id)
        for at, each in enumerate(types):
            if is_located or not holds_position(each.type):
                file = f"{folder}/history/{at:03}-{quote(each.type, safe='')[:100]}.csv"
                yield from self._records(file, vehicle.id, each.type, is_located=is_located)
        if is_located:
            yield from self._track(f"{folder}/track.gpx", vehicle.id)

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

    def _records(self, file: str, vehicle_id: str, record_type: str, *, is_located: bool) -> Steps:
        shown = _without_places if record_type == ALERT_TYPE and not is_located else _text
        with self.archive.open(self._info(file), "w", force_zip64=True) as out:
            out.write(csv_lines([("type", "time", "number", "data")]))
            after: HistoryKey | None = None
            is_more = True
            while is_more:
                page, is_more = yield _page(vehicle_id, record_type, after)
                out.write(
                    csv_lines(
                        (record_type, _iso(each.time), each.number, shown(each.data))
                        for each in page
                    )
                )
                after = page[-1].key if page else None

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


def _place(details: PlaceDetails) -> dict[str, Any]:
    place = details.place
    return {
        "id": place.id,
        "name": place.name,
        "latitude": place.position.latitude,
        "longitude": place.position.longitude,
        "radius": place.radius,
        "is_home": place.is_home,
        "zone": place.zone,
        "currency": place.currency,
        "created": _iso(details.created),
        "changed": _iso(details.changed),
        "tariffs": [
            {"valid_from": None if since is None else since.isoformat(), **tariff_as_json(tariff)}
            for since, tariff in details.tariffs
        ],
    }


def _vehicles(connection: Connection, owner: str, now: float) -> list[Vehicle]:
    found = list_vehicles(connection, now, get_owner(connection, owner))
    return [each.vehicle for each in found]


def _account(connection: Connection, scope: ExportScope) -> dict[str, Any]:
    """Return the account, what is shared, and by what somebody gets in or is told of alerts."""
    owner = get_owner(connection, scope.owner)
    own = [each.vehicle for each in list_vehicles(connection, scope.now, owner)]
    shares = [
        *(each for vehicle in own for each in list_shares(connection, scope.now, vehicle)),
        *list_shares(connection, scope.now, owner=owner),
    ]
    return {
        "id": owner.id,
        "name": owner.name,
        "email": owner.email,
        "is_admin": owner.admin,
        "created": _iso(owner.created),
        "vehicles": [each.id for each in own],
        "shares": [
            {"vehicle": each.vehicle_id, "with": each.owner, "rights": format_rights(each.rights),
             "created": _iso(each.created), "expires": _iso(each.expires)}
            for each in shares
        ],
        "tokens": [
            {"id": each.id, "application": each.application, "purpose": each.purpose,
             "rights": each.permit, "created": _iso(each.created),
             "last_used": _iso(each.last_used), "expires": _iso(each.expires)}
            for each in list_tokens(connection, owner)
        ],
        "sessions": [
            {"id": each.id, "address": each.address, "agent": each.agent,
             "created": _iso(each.created), "last_used": _iso(each.used)}
            for each in list_sessions(connection, owner.id, scope.now)
        ],
        "push_devices": [
            {"id": each.id, "name": each.name, "created": _iso(each.created),
             "renewed": _iso(each.changed)}
            for each in list_devices(connection, owner.id)
        ],
        "passkeys": [
            {"id": each.id, "name": each.name, "created": _iso(each.created),
             "last_used": _iso(each.last_used)}
            for each in list_passkeys(connection, owner.id)
        ],
        "links": [
            {"vehicle": each.vehicle_id, "label": each.label, "by": each.owner,
             "created": _iso(each.created), "expires": _iso(each.expires),
             "last_used": _iso(each.last_used)}
            for vehicle in own
            for each in list_links(connection, vehicle.id, scope.now)
        ],
        "subscriptions": [
            {"vehicle": each.vehicle_id, "app": each.app_id, "channel": each.push_type,
             "address": each.key if each.push_type == "mail" else None,
             "created": _iso(each.created)}
            for vehicle in own
            for each in list_subscriptions(connection, vehicle.id)
        ],
    }  # fmt: skip


def _iso(time: float | None) -> str | None:
    return None if time is None else iso_time(time)


def _without_places(data: bytes) -> str:
    """Return an alert, without its text if that may say where the car was."""
    kind, comma, text = _text(data).partition(",")
    return f"{kind}{comma}{'' if says_position(text) else text}"


def _text(data: bytes) -> str:
    return legible(data.decode("utf-8", "surrogateescape"))
