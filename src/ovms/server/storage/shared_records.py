"""Vehicles and owners that servers share: what another may know, and applying what it sends.

A change never goes back in time: what is older than what is known is ignored, and a tombstone
is replaced only by what is newer. Another server's owners have numbers of their own, which
``peer_owners`` maps to ours; an owner of the same name is the same owner. What was made here, for
owners that the other server does not know, it cannot change. Times are whole Unix seconds, as on
the wire. Each function takes a connection inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    Row,
    Text,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    union_all,
    update,
)

from ovms.protocol.records.sync import ACTIVE, OwnerRecord, VehicleRecord
from ovms.server.storage import names
from ovms.server.storage.encrypted import NOTHING
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.journey_forgetting import end_journeys
from ovms.server.storage.limits import SHARED_LIMIT
from ovms.server.storage.schema import owners, peer_owners, removed_owners, vehicles
from ovms.server.storage.vehicles import decrypt_secret, encrypt_secret, tombstone
from ovms.server.values import VehicleChange

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Connection

ANY_SERVER: Final = "*"

SyncPosition = tuple[float, str]
"""Where a reading of changed vehicles stands: the time of the last one, and its id."""

OwnerSyncPosition = tuple[float, int]
"""The same of owners."""

SharedRecord = VehicleRecord | OwnerRecord


@dataclass(slots=True)
class Taken:
    """What became of records that another server sent."""

    changes: list[VehicleChange] = field(default_factory=list)
    """Vehicles that are different now: a running server must hear of them."""
    owners: set[int] = field(default_factory=set)
    """Our numbers of owners that are different now."""
    refused: list[str] = field(default_factory=list)
    """Why a record was refused, a line each, without secrets."""


# -- sending --------------------------------------------------------------------------------


def changed_vehicles(
    connection: Connection, server_id: str, after: SyncPosition, until: float, limit: int
) -> list[tuple[SyncPosition, VehicleRecord]]:
    """Return the next vehicles of a server that changed behind ``after`` and before ``until``.

    Oldest first; removed ones too.
    """
    v = vehicles.c
    query = (
        select(v.changed, v.id, v.owner_id, v.secret, v.server, v.deleted.is_not(None))
        .where(v.type == "car", v.server.in_([ANY_SERVER, server_id]))
        .where(tuple_(v.changed, v.id) > tuple_(*after), v.changed < until)
        .order_by(v.changed, v.id)
        .limit(limit)
    )
    return [
        (
            (changed, id_),
            VehicleRecord(
                id_,
                owner or 0,
                decrypt_secret(connection, id_, secret),
                server,
                bool(gone),
                int(changed),
            ),
        )
        for changed, id_, owner, secret, server, gone in connection.execute(query)
    ]


def changed_owners(
    connection: Connection, after: OwnerSyncPosition, until: float, limit: int
) -> list[tuple[OwnerSyncPosition, OwnerRecord]]:
    """Return the next owners that changed behind ``after`` and before ``until``.

    Removed ones are among them.
    """
    o, gone = owners.c, removed_owners.c
    living = select(
        o.changed, o.id, o.name, o.email, o.password_hash, literal(ACTIVE).label("status")
    )
    removed = select(
        gone.changed, gone.id, gone.name, literal(""), literal(None, Text), literal(0)
    ).where(gone.id.not_in(select(o.id)))
    both = union_all(
        *(
            part.where(tuple_(table.changed, table.id) > tuple_(*after), table.changed < until)
            for part, table in ((living, o), (removed, gone))
        )
    ).subquery()
    query = select(both).order_by(both.c.changed, both.c.id).limit(limit)
    return [
        (
            (changed, id_),
            OwnerRecord(id_, name, mail, hashed or "", status, status != ACTIVE, int(changed)),
        )
        for changed, id_, name, mail, hashed, status in connection.execute(query)
    ]


# -- applying ---------------------------------------------------------------------------------


def take_records(
    connection: Connection,
    peer: str,
    records: Iterable[SharedRecord],
    now: float,
    limit: int = SHARED_LIMIT,
) -> Taken:
    """Apply what the server ``peer`` sent; ``now`` (Unix seconds) is when new ones were made.

    With ``limit`` vehicles and owners in the database, records that would add more are refused.
    """
    taken, places = Taken(), limit - _count_all(connection)
    for record in records:
        try:
            if not _is_known(connection, peer, record):
                if places <= 0:
                    raise InvalidValue("there are as many vehicles and owners as there may be")
                places -= 2  # an owner may come with a vehicle
            if isinstance(record, VehicleRecord):
                _take_vehicle(connection, peer, record, now, taken)
            else:
                _take_owner(connection, peer, record, now, taken)
        except InvalidValue as error:
            taken.refused.append(str(error))
    return taken


def _count_all(connection: Connection) -> int:
    """Count the vehicles, removed ones included, and the owners."""
    tables = (vehicles, owners)
    return sum(connection.scalar(select(func.count()).select_from(each)) or 0 for each in tables)


def _is_known(connection: Connection, peer: str, record: SharedRecord) -> bool:
    """Return whether a record changes what there is, and adds nothing."""
    if isinstance(record, VehicleRecord):
        vehicle_id = names.vehicle_id(record.vehicle_id)
        key = select(vehicles.c.id).where(vehicles.c.id == vehicle_id)
        return connection.scalar(key) is not None
    if record.deleted or _owner_of(connection, peer, record.owner) is not None:
        return True
    return _namesake(connection, names.owner_name(record.name)) is not None


def _take_vehicle(
    connection: Connection, peer: str, record: VehicleRecord, now: float, taken: Taken
) -> None:
    vehicle_id = names.vehicle_id(record.vehicle_id)
    known = connection.execute(select(vehicles).where(vehicles.c.id == vehicle_id)).one_or_none()
    if known is not None and _is_old(known, record):
        return
    if known is not None and known.deleted is None and not _is_from(connection, peer, known):
        taken.refused.append(f"vehicle {vehicle_id} was made here, for another owner")
        return
    if record.deleted:
        _store_tombstone(connection, vehicle_id, record, known)
    else:
        _put_vehicle(connection, peer, vehicle_id, record, known, now)
        owner_id = _owner_of(connection, peer, record.owner)
        if known is not None and known.owner_id not in (None, owner_id):
            end_journeys(connection, vehicle_id, now)
    change = VehicleChange(
        vehicle_id,
        None if record.deleted else _owner_of(connection, peer, record.owner),
        "" if record.deleted else record.secret,
        record.deleted,
        known.log_days if known else None,
        known.log_position_days if known else None,
        record.server,
        known is not None and known.deleted is None and known.tls_only,
    )
    taken.changes.append(change)


def _is_old(known: Row[Any], record: VehicleRecord) -> bool:
    """Return whether a record is older than what is known; within one second, a removal wins."""
    known_since = int(known.changed)
    revives = known.deleted is not None and not record.deleted
    return known_since > record.changed or (known_since == record.changed and revives)


def _is_from(connection: Connection, peer: str, known: Row[Any]) -> bool:
    """Return whether a vehicle is of an owner that the peer knows, and so may be changed by it."""
    mapped = peer_owners.c
    query = select(mapped.owner_id).where(mapped.peer == peer, mapped.owner_id == known.owner_id)
    return known.type == "car" and connection.execute(query).first() is not None


def _store_tombstone(
    connection: Connection, vehicle_id: str, record: VehicleRecord, known: Row[Any] | None
) -> None:
    """Store a tombstone, also of a vehicle that was never known: older records may still come."""
    if known is None:
        times = {"created": record.changed, "changed": record.changed}
        values = {**times, "secret": NOTHING, "type": "car"}
        connection.execute(
            insert(vehicles).values(id=vehicle_id, deleted=record.changed, owner_id=None, **values)
        )
    elif known.deleted is None:
        tombstone(connection, vehicle_id, record.changed)
    connection.execute(
        update(vehicles)
        .where(vehicles.c.id == vehicle_id)
        .values(changed=record.changed, deleted=record.changed, server=record.server)
    )


def _put_vehicle(
    connection: Connection,
    peer: str,
    vehicle_id: str,
    record: VehicleRecord,
    known: Row[Any] | None,
    now: float,
) -> None:
    values = {
        "secret": encrypt_secret(connection, vehicle_id, record.secret),
        "server": names.server_name(record.server),
        "changed": float(record.changed),
        "owner_id": _owner_of(connection, peer, record.owner)
        or _stand_in(connection, peer, record, now),
    }
    if known is not None and known.deleted is None:
        connection.execute(update(vehicles).where(vehicles.c.id == vehicle_id).values(**values))
        return
    connection.execute(delete(vehicles).where(vehicles.c.id == vehicle_id))  # a tombstone
    connection.execute(insert(vehicles).values(id=vehicle_id, type="car", created=now, **values))


def _stand_in(connection: Connection, peer: str, record: VehicleRecord, now: float) -> int:
    """Make an owner whose number alone is known: the vehicle's record came first."""
    name = f"{peer}-{record.owner}"
    while _namesake(connection, name) is not None:
        name += "+"
    return _new_owner(connection, peer, record.owner, name, now)


def _take_owner(
    connection: Connection, peer: str, record: OwnerRecord, now: float, taken: Taken
) -> None:
    owner_id = _owner_of(connection, peer, record.owner)
    if record.deleted:
        if owner_id is not None:
            _drop_owner(connection, peer, record, owner_id)
            taken.owners.add(owner_id)
        return
    name = names.owner_name(record.name)
    names.email(record.mail)
    names.password_hash(record.password_hash)
    namesake = _namesake(connection, name)
    if owner_id is None and namesake is None:
        owner_id = _new_owner(connection, peer, record.owner, name, now)
    elif owner_id is None or namesake not in (None, owner_id):
        assert namesake is not None
        _map_owner(connection, peer, record.owner, namesake, instead_of=owner_id)
        owner_id = namesake
    if _update_owner(connection, owner_id, record, name):
        taken.owners.add(owner_id)


def _update_owner(connection: Connection, owner_id: int, record: OwnerRecord, name: str) -> bool:
    """Update an owner; return false if something newer is known already."""
    may_log_in = record.status == ACTIVE and record.password_hash
    done = connection.execute(
        update(owners)
        .where(owners.c.id == owner_id, owners.c.changed < record.changed + 1)
        .values(
            name=name,
            name_key=names.owner_key(name),
            email=names.email(record.mail),
            password_hash=record.password_hash if may_log_in else None,
            changed=float(record.changed),
        )
    )
    return bool(done.rowcount)


def _drop_owner(connection: Connection, peer: str, record: OwnerRecord, owner_id: int) -> None:
    """Delete an owner; one who still has vehicles here, or is known otherwise, stays."""
    mapped = peer_owners.c
    connection.execute(
        delete(peer_owners).where(mapped.peer == peer, mapped.remote_id == record.owner)
    )
    has_more = or_(
        select(vehicles.c.id).where(vehicles.c.owner_id == owner_id).exists(),
        select(mapped.peer).where(mapped.owner_id == owner_id).exists(),
    )
    dropped = delete(owners).where(
        owners.c.id == owner_id, owners.c.changed < record.changed + 1, ~has_more
    )
    name = connection.scalar(dropped.returning(owners.c.name))
    if name is not None:
        tombstone = {"id": owner_id, "name": name, "changed": float(record.changed)}
        connection.execute(insert(removed_owners).values(tombstone))


def _owner_of(connection: Connection, peer: str, remote_id: int) -> int | None:
    mapped = peer_owners.c
    query = select(mapped.owner_id).where(mapped.peer == peer, mapped.remote_id == remote_id)
    return connection.scalar(query)


def _namesake(connection: Connection, name: str) -> int | None:
    key = owners.c.name_key == names.owner_key(name)
    return connection.scalar(select(owners.c.id).where(key))


def _new_owner(connection: Connection, peer: str, remote_id: int, name: str, now: float) -> int:
    """Make an owner whose name alone is known: whatever the record says is newer."""
    values = {"admin": False, "created": now, "changed": 0.0}
    query = insert(owners).values(name=name, name_key=names.owner_key(name), **values)
    owner_id: int = connection.execute(query.returning(owners.c.id)).scalar_one()
    _map_owner(connection, peer, remote_id, owner_id, instead_of=None)
    return owner_id


def _map_owner(
    connection: Connection, peer: str, remote_id: int, owner_id: int, *, instead_of: int | None
) -> None:
    """Map another server's number to our owner; ``instead_of`` is another one who is the same."""
    mapped = peer_owners.c
    this = (mapped.peer == peer, mapped.remote_id == remote_id)
    connection.execute(delete(peer_owners).where(*this))
    connection.execute(
        insert(peer_owners).values(peer=peer, remote_id=remote_id, owner_id=owner_id)
    )
    if instead_of is not None:
        has_more = select(mapped.peer).where(mapped.owner_id == instead_of).exists()
        moved = update(vehicles).where(vehicles.c.owner_id == instead_of, ~has_more)
        connection.execute(moved.values(owner_id=owner_id))
        connection.execute(delete(owners).where(owners.c.id == instead_of, ~has_more))
