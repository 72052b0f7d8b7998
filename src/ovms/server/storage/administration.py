"""What administrators see and change of owners and vehicles: the queries.

Each takes a connection inside a transaction; times are Unix seconds. No secret is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, or_, select

from ovms.server.storage import names
from ovms.server.storage.errors import LastAdministrator
from ovms.server.storage.schema import history_counts, messages, owners, presence, vehicles
from ovms.server.storage.sizes import VehicleSize, vehicle_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select

    from ovms.server.storage.limits import OwnerQuotas
    from ovms.server.values import Owner

ESCAPE: Final = "\\"


@dataclass(frozen=True, slots=True)
class OwnerDetails:
    """An owner as an administrator sees them; the limits are their own, ``None`` the server's."""

    id: int
    name: str
    key: str
    """The name as it is compared, by which owners are sorted."""
    email: str
    email_confirmed: float | None
    admin: bool
    has_password: bool
    has_totp: bool
    created: float
    vehicle_limit: int | None
    byte_limit: int | None
    vehicles: int
    bytes: int

    def is_over(self, defaults: OwnerQuotas) -> bool:
        """Return whether there are so many bytes that nothing more is kept."""
        limit = defaults.bytes if self.byte_limit is None else self.byte_limit
        return 0 < limit <= self.bytes


@dataclass(frozen=True, slots=True)
class VehicleDetails:
    """A vehicle as an administrator sees it."""

    id: str
    name: str
    owner: str
    type: str
    tls_only: bool
    server: str
    created: float
    heard: float | None
    size: VehicleSize


def list_owner_details(
    connection: Connection, limit: int, after: str = "", search: str = ""
) -> list[OwnerDetails]:
    """Return owners by name, those behind the key ``after``.

    Only those in whose name or address ``search`` stands.
    """
    o = owners.c
    query = _owners().where(o.name_key > after).order_by(o.name_key).limit(limit)
    if search:
        name = o.name_key.contains(names.owner_key(search), autoescape=True)
        email = func.lower(o.email).contains(func.lower(_escaped(search)), escape=ESCAPE)
        query = query.where(or_(name, email))
    return _owner_details(connection, connection.execute(query).all())


def find_owner_details(connection: Connection, name: str) -> OwnerDetails | None:
    """Return the owner of a name, or ``None``."""
    query = _owners().where(owners.c.name_key == names.owner_key(name))
    found = _owner_details(connection, connection.execute(query).all())
    return found[0] if found else None


def list_vehicle_details(
    connection: Connection,
    limit: int,
    after: str = "",
    search: str = "",
    owner: Owner | None = None,
) -> list[VehicleDetails]:
    """Return vehicles by id, those behind ``after``, of one owner if that is given.

    Only those in whose id or name ``search`` stands.
    """
    v, p = vehicles.c, presence.c
    heard = select(func.max(messages.c.time)).where(messages.c.vehicle_id == v.id)
    columns = (v.id, v.name, owners.c.name.label("owner"), v.type, v.tls_only, v.server, v.created)
    query = select(*columns, p.heard, heard.scalar_subquery().label("last")).join(owners)
    query = query.outerjoin(presence, p.vehicle_id == v.id)
    query = query.where(v.deleted.is_(None), v.id > after).order_by(v.id).limit(limit)
    if owner is not None:
        query = query.where(v.owner_id == owner.id)
    if search:
        by_id = v.id.contains(names.vehicle_key(search), autoescape=True)
        by_name = func.lower(v.name).contains(func.lower(_escaped(search)), escape=ESCAPE)
        query = query.where(or_(by_id, by_name))
    rows = connection.execute(query).all()
    sizes = vehicle_sizes(connection, [row.id for row in rows])
    return [
        VehicleDetails(
            *row[:7],
            max((time for time in row[7:] if time is not None), default=None),
            sizes[row.id],
        )
        for row in rows
    ]


def check_not_last(connection: Connection, owner: Owner) -> None:
    """Raise :class:`LastAdministrator` if nobody else is one."""
    o = owners.c
    others = select(o.id).where(o.admin.is_(True), o.id != owner.id).limit(1)
    if owner.admin and connection.execute(others).first() is None:
        raise LastAdministrator(f"{owner.name} is the only administrator")


def _owners() -> Select[Any]:
    o = owners.c
    return select(
        o.id, o.name, o.name_key, o.email, o.email_confirmed, o.admin,
        o.password_hash.is_not(None).label("has_password"), o.totp, o.created,
        o.vehicle_limit, o.byte_limit,
    )  # fmt: skip


def _owner_details(connection: Connection, rows: Sequence[Any]) -> list[OwnerDetails]:
    v, h = vehicles.c, history_counts.c
    theirs = (v.owner_id.in_([row.id for row in rows]), v.deleted.is_(None))
    counted = select(v.owner_id, func.count()).where(*theirs).group_by(v.owner_id)
    counts = {row[0]: int(row[1]) for row in connection.execute(counted)}
    used = select(v.owner_id, func.sum(h.bytes)).select_from(history_counts)
    used = used.join(vehicles, v.id == h.vehicle_id).where(*theirs).group_by(v.owner_id)
    sizes = {owner_id: int(size) for owner_id, size in connection.execute(used)}
    return [_owner(row, counts.get(row.id, 0), sizes.get(row.id, 0)) for row in rows]


def _owner(row: Any, count: int, size: int) -> OwnerDetails:
    return OwnerDetails(
        id=row.id,
        name=row.name,
        key=row.name_key,
        email=row.email,
        email_confirmed=row.email_confirmed,
        admin=row.admin,
        has_password=row.has_password,
        has_totp=bool(row.totp),
        created=row.created,
        vehicle_limit=row.vehicle_limit,
        byte_limit=row.byte_limit,
        vehicles=count,
        bytes=size,
    )


def _escaped(text: str) -> str:
    for each in (ESCAPE, "%", "_"):
        text = text.replace(each, f"{ESCAPE}{each}")
    return text
