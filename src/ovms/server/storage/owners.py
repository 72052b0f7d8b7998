"""Owners: the queries.

Each takes a connection inside a transaction; names are compared without case.
``now`` is in Unix seconds. Errors are :class:`ovms.server.storage.errors.RecordError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from ovms.server.storage import names
from ovms.server.storage.audit import forget_actor
from ovms.server.storage.errors import AlreadyExists, NotFound, OwnerHasVehicles
from ovms.server.storage.expiry import CHUNK
from ovms.server.storage.push_devices import remove_devices
from ovms.server.storage.schema import owners, provisions, removed_owners, vehicles, web_sessions
from ovms.server.storage.vehicles import tombstone
from ovms.server.values import Owner

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

_COLUMNS = [owners.c[name] for name in Owner.__dataclass_fields__]


def add_owner(
    connection: Connection,
    name: str,
    now: float,
    *,
    password_hash: str | None = None,
    email: str = "",
    admin: bool = False,
) -> Owner:
    """Make an owner. Raises :class:`InvalidValue` or :class:`AlreadyExists`."""
    name = names.owner_name(name)
    if find_owner(connection, name) is not None:
        raise AlreadyExists(f"owner {name} exists already")
    values = {
        "name": name,
        "email": names.email(email),
        "password_hash": password_hash,
        "admin": admin,
        "created": now,
        "changed": now,
    }
    connection.execute(insert(owners).values(name_key=names.owner_key(name), **values))
    return get_owner(connection, name)


def find_owner(connection: Connection, name: str) -> Owner | None:
    """Return the owner of that name, or ``None``."""
    query = select(*_COLUMNS).where(owners.c.name_key == names.owner_key(name))
    row = connection.execute(query).one_or_none()
    return _owner(row) if row is not None else None


def has_owners(connection: Connection) -> bool:
    """Return whether there is any owner."""
    return connection.execute(select(owners.c.id).limit(1)).first() is not None


def get_owner(connection: Connection, name: str) -> Owner:
    """Return the owner of that name. Raises :class:`NotFound`."""
    owner = find_owner(connection, name)
    if owner is None:
        raise NotFound(f"there is no owner {name}")
    return owner


def list_owners(connection: Connection) -> list[tuple[Owner, int]]:
    """Return all owners by name, each with the number of vehicles."""
    count = func.count(vehicles.c.id)
    query = (
        select(*_COLUMNS, count)
        .outerjoin(vehicles, (vehicles.c.owner_id == owners.c.id) & vehicles.c.deleted.is_(None))
        .group_by(owners.c.id)
        .order_by(owners.c.name_key)
    )
    return [(_owner(row[:-1]), row[-1]) for row in connection.execute(query)]


def set_owner(
    connection: Connection,
    name: str,
    now: float,
    *,
    email: str | None = None,
    admin: bool | None = None,
) -> Owner:
    """Change an owner's e-mail address or right; ``None`` leaves it.

    Raises :class:`NotFound` or :class:`InvalidValue`.
    """
    owner = get_owner(connection, name)
    values: dict[str, object] = {}
    if email is not None:
        values = {"email": names.email(email), "email_confirmed": None}
    values |= {} if admin is None else {"admin": admin}
    changed = update(owners).where(owners.c.id == owner.id).values(changed=now, **values)
    connection.execute(changed)
    return get_owner(connection, name)


def set_password(connection: Connection, name: str, password_hash: str | None, now: float) -> Owner:
    """Change an owner's password; ``None`` takes it away. The owner's sessions end.

    Raises :class:`NotFound`.
    """
    owner = get_owner(connection, name)
    connection.execute(delete(web_sessions).where(web_sessions.c.owner_id == owner.id))
    connection.execute(
        update(owners)
        .where(owners.c.id == owner.id)
        .values(password_hash=password_hash, changed=now)
    )
    return get_owner(connection, name)


def renew_hash(connection: Connection, owner_id: int, old: str, new: str) -> bool:
    """Replace a hash of a password by another one; this does not count as a change of the owner.

    Returns false when the old one is not there any more.
    """
    row = update(owners).where(owners.c.id == owner_id, owners.c.password_hash == old)
    return bool(connection.execute(row.values(password_hash=new)).rowcount)


def remove_owner(
    connection: Connection, name: str, now: float, *, with_vehicles: bool = False
) -> Owner:
    """Remove an owner and all that is theirs, ``with_vehicles`` the vehicles too.

    A tombstone stays. Without it provisioning records stay for the operator: a workshop's may be
    on their way. Raises :class:`NotFound`, or :class:`OwnerHasVehicles` without it.
    """
    owner = get_owner(connection, name)
    query = select(vehicles.c.id).where(vehicles.c.owner_id == owner.id)
    ids = connection.scalars(query.where(vehicles.c.deleted.is_(None))).all()
    if ids and not with_vehicles:
        raise OwnerHasVehicles(owner.name, len(ids))
    for vehicle_id in ids:
        tombstone(connection, vehicle_id, now, CHUNK // len(ids))
    if with_vehicles:
        connection.execute(delete(provisions).where(provisions.c.owner_id == owner.id))
    remove_devices(connection, owner.id)
    connection.execute(delete(owners).where(owners.c.id == owner.id))
    forget_actor(connection, owner.id, owner.name)
    removed = {"id": owner.id, "name": owner.name, "changed": now}
    connection.execute(insert(removed_owners).values(removed))
    return owner


def _owner(row: Row[Any] | tuple[Any, ...]) -> Owner:
    return Owner(*row)
