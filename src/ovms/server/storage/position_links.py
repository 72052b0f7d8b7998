"""Links to a vehicle's live position, for whoever has one: the queries.

Each takes a connection inside a transaction. A link counts until it expires, and while whoever made
it is the vehicle's owner, or may manage it and see where it is. Times are Unix seconds.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, insert, select, update

from ovms.server.rights import NO_RIGHT, VehicleRight, parse_rights
from ovms.server.storage import names
from ovms.server.storage.errors import InvalidValue, NotFound, QuotaReached
from ovms.server.storage.schema import owners, position_links, shares, vehicles
from ovms.server.storage.shares import counts_at
from ovms.server.values import PositionLink, SharedPosition

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

LINKS_A_VEHICLE: Final = 20
"""Links of a vehicle that have not expired: each is made for somebody who waits."""

LINK_LIFE: Final = 7 * 86400.0
"""Seconds that a link lasts at most."""

NEEDED: Final = VehicleRight.LOCATION | VehicleRight.MANAGE
"""What somebody needs who makes a link to another's vehicle."""

USE_INTERVAL: Final = 60.0
"""Seconds within which the uses of a link count as one: strangers write nothing more often."""

_l = position_links.c


def digest_of(secret: str) -> bytes:
    """Return what is stored of a link's secret."""
    return sha256(secret.encode(errors="replace")).digest()


def add_link(
    connection: Connection,
    vehicle_id: str,
    owner_id: int,
    secret: str,
    now: float,
    expires: float,
    label: str = "",
) -> PositionLink:
    """Make a link. Raises :class:`InvalidValue` or :class:`QuotaReached`."""
    if not now < expires <= now + LINK_LIFE:
        raise InvalidValue("a link must end within the next seven days")
    is_over = and_(_l.vehicle_id == vehicle_id, _l.expires <= now)
    connection.execute(delete(position_links).where(is_over))
    if len(list_links(connection, vehicle_id, now)) >= LINKS_A_VEHICLE:
        raise QuotaReached(f"vehicle {vehicle_id} has {LINKS_A_VEHICLE} links already")
    values = {"vehicle_id": vehicle_id, "owner_id": owner_id, "label": names.token_label(label),
              "created": now, "expires": expires, "digest": digest_of(secret)}  # fmt: skip
    key = connection.execute(insert(position_links).values(values)).inserted_primary_key
    assert key is not None
    return next(each for each in list_links(connection, vehicle_id, now) if each.id == key[0])


def list_links(connection: Connection, vehicle_id: str, now: float) -> list[PositionLink]:
    """Return the links to a vehicle that have not expired, the oldest first."""
    query = _select().where(_l.vehicle_id == vehicle_id, _l.expires > now).order_by(_l.id)
    return [_link(row) for row in connection.execute(query)]


def remove_link(connection: Connection, vehicle_id: str, link_id: int) -> None:
    """Remove a link. Raises :class:`NotFound`."""
    which = and_(_l.vehicle_id == vehicle_id, _l.id == link_id)
    if not connection.execute(delete(position_links).where(which)).rowcount:
        raise NotFound(f"vehicle {vehicle_id} has no such link")


def find_link(connection: Connection, secret: str, now: float) -> SharedPosition | None:
    """Return what a link that counts leads to, ``None`` for any other text."""
    s, v = shares.c, vehicles.c
    is_shared = and_(s.vehicle_id == _l.vehicle_id, s.owner_id == _l.owner_id, counts_at(now))
    query = (
        _select(v.name, v.tls_only, v.owner_id, s.rights)
        .join(vehicles, v.id == _l.vehicle_id)
        .outerjoin(shares, is_shared)
        .where(_l.digest == digest_of(secret), _l.expires > now, v.deleted.is_(None))
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    name, tls_only, owner_id, rights = row[-4:]
    is_owner = owner_id == row.owner_id
    held = parse_rights(rights) if rights else NO_RIGHT
    if not is_owner and NEEDED not in held:
        return None
    return SharedPosition(_link(row), name, tls_only)


def touch_link(connection: Connection, link_id: int, now: float) -> None:
    """Note that a link was used."""
    connection.execute(update(position_links).where(_l.id == link_id).values(last_used=now))


def _select(*more: Any) -> Select[Any]:
    columns = (_l.id, _l.vehicle_id, _l.owner_id, owners.c.name, _l.label, _l.created, _l.expires,
               _l.last_used)  # fmt: skip
    joined = position_links.join(owners, owners.c.id == _l.owner_id)
    return select(*columns, *more).select_from(joined)


def _link(row: Any) -> PositionLink:
    return PositionLink(*row[:8])
