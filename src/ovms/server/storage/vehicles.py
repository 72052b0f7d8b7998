"""Vehicles: the queries.

Each takes a connection inside a transaction; ids are compared without case.
A removed vehicle leaves a tombstone, so that running servers hear of it; its id can be added again.
``now`` and ``since`` are in Unix seconds. Errors are
:class:`ovms.server.storage.errors.RecordError`.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select, update

from ovms.server.storage import names
from ovms.server.storage.encrypted import NOTHING, Encrypted, Place
from ovms.server.storage.encryption import decrypt, encrypt
from ovms.server.storage.errors import (
    AlreadyExists,
    DamagedSecret,
    DamagedVehicle,
    DatabaseError,
    InvalidValue,
    NotFound,
    WrongKey,
)
from ovms.server.storage.expiry import CHUNK, forget_history
from ovms.server.storage.journey_forgetting import end_journeys, forget_journeys
from ovms.server.storage.schema import (
    failed_calls,
    journey_rules,
    messages,
    moved_months,
    notifications,
    owner_warnings,
    owners,
    position_links,
    presence,
    provisions,
    utilisation,
    vehicles,
)
from ovms.server.storage.schema import server as server_row
from ovms.server.storage.seen_tokens import plain_uses
from ovms.server.storage.shares import end_shares
from ovms.server.values import LatestMessage, Vehicle, VehicleChange, VehicleStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection, Select

    from ovms.server.values import LogDays, Owner

PRESENCE_STALE: Final = 30.0
"""Seconds after a server's last heartbeat when nobody counts as online: it was killed."""

_VEHICLE = [
    vehicles.c.id,
    vehicles.c.owner_id,
    owners.c.name,
    vehicles.c.name,
    vehicles.c.secret,
    vehicles.c.type,
    vehicles.c.paranoid_token,
    vehicles.c.created,
    vehicles.c.changed,
    vehicles.c.log_days,
    vehicles.c.log_position_days,
    vehicles.c.server,
    vehicles.c.tls_only,
    vehicles.c.journeys,
]
_WIDTH = len(_VEHICLE)


def secret_place(vehicle_id: str) -> Place:
    """Return the place of a vehicle's secret."""
    return "vehicles", "secret", vehicle_id


def encrypt_secret(connection: Connection, vehicle_id: str, secret: str) -> Encrypted:
    """Check a secret; return it as it is stored. Raises :class:`InvalidValue`."""
    return encrypt(connection, secret_place(vehicle_id), names.secret(secret))


def decrypt_secret(connection: Connection, vehicle_id: str, value: Encrypted) -> str:
    """Return a vehicle's secret; ``""`` for one that is damaged.

    So where many vehicles are read, one that is damaged keeps none of the others back.
    """
    try:
        return decrypt(connection, secret_place(vehicle_id), value)
    except DamagedSecret:
        return ""


def _vehicle(row: Any, secret: str) -> Vehicle:
    vehicle_id, owner_id, owner, name, _, *rest = row[:_WIDTH]
    rest[0] = intern(rest[0])  # the type, as the owner's name, is held once for all vehicles
    return Vehicle(vehicle_id, owner_id, intern(owner), name, secret, *rest)


def _select(*more: Any) -> Select[Any]:
    return select(*_VEHICLE, *more).join(owners).where(vehicles.c.deleted.is_(None))


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_BY_IDS = _select().where(vehicles.c.id.in_(_IDS))
_LATEST = messages.c
_LATEST_BY_IDS = (
    select(_LATEST.vehicle_id, _LATEST.code, _LATEST.data, _LATEST.time, _LATEST.token)
    .where(_LATEST.vehicle_id.in_(_IDS))
    .order_by(_LATEST.vehicle_id, _LATEST.code)
)
_V = vehicles.c
_CHANGED = (
    select(_V.id, _V.owner_id, _V.secret, _V.deleted.is_not(None), _V.log_days,
           _V.log_position_days, _V.server, _V.tls_only)
    .where(_V.changed >= bindparam("since"))
    .order_by(_V.changed, _V.id)
)  # fmt: skip
"""Made once: to build a statement takes longer than to run it."""


def add_vehicle(
    connection: Connection,
    vehicle_id: str,
    owner: Owner,
    secret: str,
    now: float,
    *,
    name: str = "",
    type: str = "car",  # noqa: A002 -- the field's word, and the column's
    server: str = "*",
) -> Vehicle:
    """Make a vehicle. Raises :class:`InvalidValue` or :class:`AlreadyExists`."""
    vehicle_id = names.vehicle_id(vehicle_id)
    if _exists(connection, vehicle_id):
        raise AlreadyExists(f"vehicle {vehicle_id} exists already")
    values = {
        "owner_id": owner.id,
        "name": names.vehicle_name(name),
        "secret": encrypt_secret(connection, vehicle_id, secret),
        "type": names.vehicle_type(type),
        "server": names.server_name(server),
    }
    connection.execute(delete(vehicles).where(vehicles.c.id == vehicle_id))  # a tombstone
    connection.execute(insert(vehicles).values(id=vehicle_id, created=now, changed=now, **values))
    return get_vehicle(connection, vehicle_id)


def find_vehicle(connection: Connection, vehicle_id: str) -> Vehicle | None:
    """Return a vehicle, or ``None``. Raises :class:`DamagedVehicle`."""
    row = _row(connection, vehicle_id)
    return None if row is None else _checked(connection, row)


def find_vehicles(connection: Connection, vehicle_ids: Iterable[str]) -> list[Vehicle]:
    """Return those of the vehicles that exist, in this order. Raises :class:`DamagedVehicle`."""
    found = (find_vehicle(connection, each) for each in vehicle_ids)
    return [each for each in found if each is not None]


def find_any_vehicles(connection: Connection, vehicle_ids: Iterable[str]) -> list[Vehicle]:
    """Do the same; one whose secret is damaged comes with an empty one, which proves nothing."""
    found = (_row(connection, each) for each in vehicle_ids)
    return [_opened(connection, each) for each in found if each is not None]


def get_vehicle(connection: Connection, vehicle_id: str) -> Vehicle:
    """Return a vehicle. Raises :class:`NotFound` or :class:`DamagedVehicle`."""
    vehicle = find_vehicle(connection, vehicle_id)
    if vehicle is None:
        raise NotFound(f"there is no vehicle {names.vehicle_key(vehicle_id)}")
    return vehicle


def get_any_vehicle(connection: Connection, vehicle_id: str) -> Vehicle:
    """Return a vehicle, with an empty secret if that is damaged. Raises :class:`NotFound`."""
    row = _row(connection, vehicle_id)
    if row is None:
        raise NotFound(f"there is no vehicle {names.vehicle_key(vehicle_id)}")
    return _opened(connection, row)


def _row(connection: Connection, vehicle_id: str) -> Any:
    query = _select().where(vehicles.c.id == names.vehicle_key(vehicle_id))
    return connection.execute(query).one_or_none()


def _checked(connection: Connection, row: Any) -> Vehicle:
    """Return the vehicle of a row. Raises :class:`DamagedVehicle`."""
    try:
        return _vehicle(row, decrypt(connection, secret_place(row.id), row.secret))
    except DamagedSecret as error:
        raise DamagedVehicle(str(error)) from None


def _opened(connection: Connection, row: Any) -> Vehicle:
    return _vehicle(row, decrypt_secret(connection, row.id, row.secret))


def list_vehicles(
    connection: Connection, now: float, owner: Owner | None = None
) -> list[VehicleStatus]:
    """Return all vehicles by id, or one owner's, who is connected, and how their secrets were used.

    Heard is what the server said, or the time of the last stored message if that is later.
    """
    p = presence.c
    last = (
        select(func.max(messages.c.time))
        .where(messages.c.vehicle_id == vehicles.c.id)
        .scalar_subquery()
    )
    query = _select(p.car, p.apps, p.batch, p.heard, last).order_by(vehicles.c.id)
    query = query.outerjoin(presence, p.vehicle_id == vehicles.c.id)
    if owner is not None:
        query = query.where(vehicles.c.owner_id == owner.id)
    heartbeat = connection.scalar(select(server_row.c.heartbeat))
    alive = heartbeat is not None and heartbeat > now - PRESENCE_STALE
    used = plain_uses(connection)
    return [_status(connection, row, alive, used) for row in connection.execute(query)]


def _status(
    connection: Connection, row: Any, alive: bool, used: Callable[[str], float | None]
) -> VehicleStatus:
    car, apps, batch, *times = row[_WIDTH:]
    heard = max((time for time in times if time is not None), default=None)
    vehicle = _opened(connection, row)
    plain = used(vehicle.secret)
    if not alive:
        return VehicleStatus(vehicle, False, 0, 0, heard, plain)
    return VehicleStatus(vehicle, bool(car), apps or 0, batch or 0, heard, plain)


def rename_vehicle(connection: Connection, vehicle_id: str, name: str, now: float) -> Vehicle:
    """Change what a vehicle is called; its id stays."""
    return _change(connection, vehicle_id, now, name=names.vehicle_name(name))


def transfer_vehicle(
    connection: Connection, vehicle_id: str, owner: Owner, now: float, secret: str | None = None
) -> Vehicle:
    """Transfer a vehicle to another owner, with its messages and with another ``secret``.

    The former owner's subscriptions, shares, links and journeys end. Without a secret the vehicle
    keeps the one that the former owner knows. Raises :class:`InvalidValue` if ``secret`` is that
    one, and :class:`DamagedVehicle` if it is to keep one that is damaged.
    """
    vehicle = get_any_vehicle(connection, vehicle_id)
    values: dict[str, object] = {"owner_id": owner.id}
    if secret is not None:
        values["secret"] = encrypt_secret(connection, vehicle.id, secret)
        if secret == vehicle.secret and owner.id != vehicle.owner_id:
            raise InvalidValue("the former owner knows this secret")
    if owner.id != vehicle.owner_id:
        n = notifications.c
        connection.execute(delete(notifications).where(n.vehicle_id == vehicle.id))
        end_shares(connection, vehicle.id, now)
        for table in (failed_calls, position_links):
            connection.execute(delete(table).where(table.c.vehicle_id == vehicle.id))
        end_journeys(connection, vehicle.id, now)
    if len(values) > 1 or owner.id != vehicle.owner_id:
        _forget_provision(connection, vehicle.id)
    return _change(connection, vehicle_id, now, **values)


def set_secret(connection: Connection, vehicle_id: str, secret: str, now: float) -> Vehicle:
    """Change a vehicle's secret, also a damaged one; its provisioning record has the old one."""
    vehicle_id = names.vehicle_key(vehicle_id)
    new = encrypt_secret(connection, vehicle_id, secret)
    _forget_provision(connection, vehicle_id)
    return _change(connection, vehicle_id, now, secret=new)


def set_tls_only(
    connection: Connection, vehicle_id: str, tls_only: bool, now: float, secret: str | None = None
) -> Vehicle:
    """Change whether a vehicle takes logins over TLS only; with a new secret if one is given."""
    vehicle_id = names.vehicle_key(vehicle_id)
    values: dict[str, object] = {"tls_only": tls_only}
    if secret is not None:
        values["secret"] = encrypt_secret(connection, vehicle_id, secret)
        _forget_provision(connection, vehicle_id)
    return _change(connection, vehicle_id, now, **values)


def set_server(connection: Connection, vehicle_id: str, server: str, now: float) -> Vehicle:
    """Change which server serves a vehicle; ``*`` is any."""
    return _change(connection, vehicle_id, now, server=names.server_name(server))


def set_log_days(connection: Connection, vehicle_id: str, days: LogDays, now: float) -> Vehicle:
    """Change how long a vehicle's telemetry is kept, of records that come from now on."""
    for value in (days.get("log_days"), days.get("log_position_days")):
        names.log_days(value)
    return _change(connection, vehicle_id, now, **days)


def set_journeys(
    connection: Connection, vehicle_id: str, makes_journeys: bool, now: float
) -> Vehicle:
    """Change whether journeys are made of a vehicle's telemetry; those that were made stay."""
    return _change(connection, vehicle_id, now, journeys=makes_journeys)


def _change(connection: Connection, vehicle_id: str, now: float, **values: object) -> Vehicle:
    known = (vehicles.c.id == names.vehicle_key(vehicle_id), vehicles.c.deleted.is_(None))
    connection.execute(update(vehicles).where(*known).values(changed=now, **values))
    return get_vehicle(connection, vehicle_id)


def _forget_provision(connection: Connection, vehicle_id: str) -> None:
    """Remove the record by which a car would get a secret that counts no more: it would give up."""
    connection.execute(delete(provisions).where(provisions.c.vehicle_id == vehicle_id))


def _exists(connection: Connection, vehicle_id: str) -> bool:
    query = select(vehicles.c.id).where(vehicles.c.id == vehicle_id, vehicles.c.deleted.is_(None))
    return connection.execute(query).first() is not None


def remove_vehicle(connection: Connection, vehicle_id: str, now: float) -> Vehicle:
    """Remove a vehicle, its messages and its history; a tombstone stays."""
    vehicle = get_any_vehicle(connection, vehicle_id)
    tombstone(connection, vehicle.id, now)
    return vehicle


def tombstone(connection: Connection, vehicle_id: str, now: float, rows: int = CHUNK) -> None:
    """Make a tombstone of a vehicle that is known to exist.

    ``rows`` of its history are deleted at once; the others count no longer, and are deleted later.
    """
    for table in (
        messages,
        presence,
        utilisation,
        notifications,
        owner_warnings,
        failed_calls,
        position_links,
        journey_rules,
        provisions,
        moved_months,
    ):
        connection.execute(delete(table).where(table.c.vehicle_id == vehicle_id))
    forget_history(connection, vehicle_id, rows)
    forget_journeys(connection, vehicle_id)
    end_shares(connection, vehicle_id, now)
    emptied = {"owner_id": None, "name": "", "secret": NOTHING, "paranoid_token": ""}
    connection.execute(
        update(vehicles)
        .where(vehicles.c.id == vehicle_id)
        .values(deleted=now, changed=now, **emptied)
    )


def load_vehicle(
    connection: Connection, vehicle_id: str
) -> tuple[Vehicle, list[LatestMessage]] | None:
    """Return a vehicle and the latest message of each code by code, or ``None``.

    All of them, also sealed ones that no longer count: see :meth:`LatestMessage.counts`.
    Raises :class:`DamagedVehicle` or :class:`WrongKey`.
    """
    vehicle_id = names.vehicle_key(vehicle_id)
    found = load_vehicles(connection, [vehicle_id]).get(vehicle_id)
    if isinstance(found, DatabaseError):
        raise found
    return found


def load_vehicles(
    connection: Connection, vehicle_ids: Sequence[str]
) -> dict[str, tuple[Vehicle, list[LatestMessage]] | DatabaseError]:
    """Return the same of several vehicles (ids in upper case) by their ids, of those that exist.

    In place of one whose secret does not open stands the error.
    """
    ids = {"ids": vehicle_ids}
    rows = connection.execute(_BY_IDS, ids).all()
    latest: dict[str, list[LatestMessage]] = {each: [] for each in vehicle_ids}
    for vehicle_id, *message in connection.execute(_LATEST_BY_IDS, ids):  # of nobody as well
        if vehicle_id in latest:
            latest[vehicle_id].append(LatestMessage(*message))
    found: dict[str, tuple[Vehicle, list[LatestMessage]] | DatabaseError] = {}
    for row in rows:
        if row.id not in latest:
            continue  # PostgreSQL finds its sign for NUL, where a stranger has said NUL
        try:
            found[row.id] = _checked(connection, row), latest[row.id]
        except (DamagedVehicle, WrongKey) as error:
            found[row.id] = error
    return found


def last_heard(connection: Connection, vehicle_id: str) -> float | None:
    """Return when a vehicle's car was last heard, in Unix seconds; ``None`` if never.

    Heard is as in :func:`list_vehicles`.
    """
    said = select(presence.c.heard).where(presence.c.vehicle_id == vehicle_id)
    last = select(func.max(messages.c.time)).where(messages.c.vehicle_id == vehicle_id)
    times = (connection.scalar(query) for query in (said, last))
    return max((time for time in times if time is not None), default=None)


def changed_since(connection: Connection, since: float) -> list[VehicleChange]:
    """Return the vehicles that were made, changed or removed at ``since`` or later."""
    found = connection.execute(_CHANGED, {"since": since})
    return [
        VehicleChange(id_, owner, decrypt_secret(connection, id_, secret), *rest)
        for id_, owner, secret, *rest in found
    ]
