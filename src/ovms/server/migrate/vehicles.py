"""Vehicles: ids, names, secrets; and when each was last heard.

An id may stand under several owners there. Whose car reported last keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from ovms.server.migrate.context import MovedVehicle
from ovms.server.migrate.merging import Merged, merge
from ovms.server.migrate.report import MovedKind
from ovms.server.migrate.source import CARS
from ovms.server.migrate.texts import number_of, text_of, time_of
from ovms.server.storage import names, queries
from ovms.server.storage.audit import OPERATOR, add_audit
from ovms.server.storage.encryption import current_key
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.schema import owners, presence, vehicles
from ovms.server.storage.vehicles import decrypt_secret, secret_place
from ovms.server.values import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ovms.server.migrate.context import Move
    from ovms.server.storage.moved import Fields, TakenRows

CHUNK: Final = 500
"""Rows of a statement."""

v = vehicles.c


@dataclass(slots=True)
class VehiclesThere:
    """The vehicles of the other server by id here, and what is not compared."""

    rows: TakenRows = field(default_factory=dict)
    places: dict[str, tuple[int, str]] = field(default_factory=dict)
    """The number of each one's owner there, and its id there."""
    shared: set[str] = field(default_factory=set)
    """The ids that several owners have there: who reports last may be another one than before, and
    what one's car told is not for the other."""
    heard: dict[str, float] = field(default_factory=dict)
    """When each was last heard, in Unix seconds."""


def move_vehicles(move: Move) -> None:
    """Take vehicles."""
    report, taken = move.kind(MovedKind.VEHICLES), move.taken(MovedKind.VEHICLES)
    there = _read(move, taken)
    here = _find(move)

    def adopts(old: Mapping[str, Any], now: Mapping[str, Any]) -> Mapping[str, Any] | None:
        is_same = all(old[name] == now[name] for name in ("owner", "secret", "type"))
        return {name: now[name] for name in old} if is_same else None

    merged = merge(taken, there.rows, here, report, adopts)
    replaced = [id_ for id_ in there.shared if "owner" in merged.changed.get(id_, ())]
    for vehicle_id in (*replaced, *merged.removed):
        queries.remove_vehicle(move.connection, vehicle_id, move.now)
    move.forget([*replaced, *merged.removed])
    report.removed += len(merged.removed)
    for vehicle_id in replaced:
        del merged.changed[vehicle_id]
        report.tell(vehicle_id, "is the car of another owner now: what was of the one before went")
    report.changed += len(replaced)
    _add(move, {id_: there.rows[id_] for id_ in (*replaced, *merged.added)})
    report.added += len(merged.added)
    _change(move, merged)
    move.remember(MovedKind.VEHICLES, merged.taken)
    rows = move.connection.execute(select(v.id, v.owner_id).where(v.deleted.is_(None)))
    living = {row.id: row.owner_id for row in rows}
    move.vehicles = {
        id_: MovedVehicle(id_, living[id_], *there.places[id_])
        for id_ in sorted(merged.taken)
        if id_ in living
    }
    _hear(move, there.heard)


# -- there ------------------------------------------------------------------------------------


def _read(move: Move, taken: TakenRows) -> VehiclesThere:
    there, report = VehiclesThere(), move.kind(MovedKind.VEHICLES)
    for vehicle_id, row in _chosen(move, there.shared).items():
        owner_id = _owner_of(move, row, taken.get(vehicle_id))
        if owner_id is None:
            continue
        try:
            there.rows[vehicle_id] = {"owner": owner_id, **_fields(move, vehicle_id, row)}
        except InvalidValue as error:
            report.leave(_name(row), str(error))
            continue
        there.places[vehicle_id] = (number_of(row.owner), text_of(row.vehicleid))
        heard = time_of(row.v_lastupdate)
        if heard is not None:
            there.heard[vehicle_id] = heard
    return there


def _chosen(move: Move, shared: set[str]) -> dict[str, Any]:
    """Return the row of each id, of those under several owners the one that reported last.

    Adds their ids to ``shared``.
    """
    report = move.kind(MovedKind.VEHICLES)
    chosen: dict[str, Any] = {}
    for page in move.source.pages(CARS):
        for row in page:
            if row.deleted:
                report.leave_many("deleted there")
                continue
            try:
                vehicle_id = names.vehicle_id(text_of(row.vehicleid))
            except InvalidValue as error:
                report.leave(_name(row), str(error))
                continue
            other = chosen.get(vehicle_id)
            if other is not None:
                shared.add(vehicle_id)
                first, last = sorted((other, row), key=lambda each: time_of(each.v_lastupdate) or 0)
                if time_of(first.v_lastupdate) == time_of(last.v_lastupdate):
                    first, last = row, other
                told = f"the car of owner {last.owner}, which has the same id, reported last"
                report.leave(_name(first), told)
                row = last
            chosen[vehicle_id] = row
    return chosen


def _name(row: Any) -> str:
    vehicle_id = text_of(row.vehicleid)
    return vehicle_id if row.owner is None else f"{vehicle_id} of owner {row.owner}"


def _owner_of(move: Move, row: Any, before: Fields | None) -> int | None:
    """Return the owner here of a vehicle; ``None`` for one that is left."""
    number = None if row.owner is None else number_of(row.owner)
    if number is not None and number in move.owner_ids:
        return move.owner_ids[number]
    report = move.kind(MovedKind.VEHICLES)
    if number is not None and number in move.living_owners:
        report.leave(_name(row), f"its owner {number} is left")
    elif move.options.owner is not None:
        return queries.get_owner(move.connection, move.options.owner).id
    elif before is not None:
        return int(before["owner"])  # its owner went: it stays where it is
    else:
        told = "has no owner there" if number is None else f"its owner {number} is not there"
        report.leave(_name(row), f"{told}: name one for such vehicles (--owner)")
    return None


def _fields(move: Move, vehicle_id: str, row: Any) -> Fields:
    """Return what is compared. Raises :class:`InvalidValue`, which repeats no secret."""
    kind = text_of(row.v_type).lower() or "car"
    return {
        "name": _vehicle_name(move, vehicle_id, text_of(row.vehiclename)),
        "secret": names.secret(text_of(row.carpass)),
        "type": names.vehicle_type(kind),
        "server": names.server_name(text_of(row.v_server) or "*"),
        "paranoid token": text_of(row.v_ptoken),
    }


def _vehicle_name(move: Move, vehicle_id: str, name: str) -> str:
    try:
        return names.vehicle_name(name)
    except InvalidValue as error:
        shown = "".join(each if each.isprintable() else " " for each in name)
        shown = shown[: names.MAX_VEHICLE_NAME].strip()
        move.kind(MovedKind.VEHICLES).tell(vehicle_id, f"is called {shown!r} here: {error}")
        return shown


# -- here -------------------------------------------------------------------------------------


def _find(move: Move) -> dict[str, Fields]:
    columns = (v.id, v.owner_id, v.name, v.secret, v.type, v.server, v.paranoid_token)
    rows = move.connection.execute(select(*columns).where(v.deleted.is_(None))).all()
    return {
        row.id: {
            "owner": row.owner_id,
            "name": row.name,
            "secret": decrypt_secret(move.connection, row.id, row.secret),
            "type": row.type,
            "server": row.server,
            "paranoid token": row.paranoid_token,
        }
        for row in rows
    }


def _add(move: Move, added: Mapping[str, Fields]) -> None:
    key = current_key(move.connection)
    ids = [*added]
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        rows = [
            {
                "id": id_,
                "owner_id": added[id_]["owner"],
                "name": added[id_]["name"],
                "secret": key.encrypt(secret_place(id_), added[id_]["secret"]),
                "type": added[id_]["type"],
                "server": added[id_]["server"],
                "paranoid_token": added[id_]["paranoid token"],
                "created": move.now,
                "changed": move.now,
            }
            for id_ in chunk
        ]
        move.connection.execute(delete(vehicles).where(v.id.in_(chunk)))  # tombstones
        move.connection.execute(insert(vehicles), rows)
        move.progress(MovedKind.VEHICLES, start + len(chunk), len(ids))
    entries = [
        AuditEntry(move.now, "vehicle.add", OPERATOR, each["owner"], id_)
        for id_, each in added.items()
    ]
    add_audit(move.connection, entries)


def _change(move: Move, merged: Merged) -> None:
    o = owners.c
    for vehicle_id, changes in merged.changed.items():
        secret = changes.get("secret")
        if "owner" in changes:
            name = move.connection.scalar(select(o.name).where(o.id == changes["owner"]))
            owner = queries.get_owner(move.connection, name or "")
            queries.transfer_vehicle(move.connection, vehicle_id, owner, move.now, secret)
        elif secret is not None:
            queries.set_secret(move.connection, vehicle_id, secret, move.now)
        values = {
            name.replace(" ", "_"): value
            for name, value in changes.items()
            if name not in ("owner", "secret")
        }
        row = update(vehicles).where(v.id == vehicle_id)
        move.connection.execute(row.values(changed=move.now, **values))
        move.kind(MovedKind.VEHICLES).changed += 1


def _hear(move: Move, heard: Mapping[str, float]) -> None:
    """Store when cars were last heard, where that is not known better."""
    p = presence.c
    known = {row.vehicle_id: row.heard for row in move.connection.execute(
        select(p.vehicle_id, p.heard))}  # fmt: skip
    mine = {id_: time for id_, time in heard.items() if id_ in move.vehicles}
    new = [
        {"vehicle_id": id_, "car": False, "apps": 0, "batch": 0, "heard": time}
        for id_, time in mine.items()
        if id_ not in known
    ]
    later = [
        {"_id": id_, "_heard": time}
        for id_, time in mine.items()
        if id_ in known and (known[id_] or 0) < time
    ]
    if new:
        move.connection.execute(insert(presence), new)
    if later:
        row = update(presence).where(p.vehicle_id == bindparam("_id"))
        move.connection.execute(row.values(heard=bindparam("_heard")), later)
