"""What owners have, and what they may have: the queries.

Each takes a connection inside a transaction. An owner without a limit of their own has the server's
default; 0 is no limit in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from ovms.server.storage.errors import InvalidValue, QuotaReached
from ovms.server.storage.schema import history_counts, notifications, owners, vehicles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from ovms.server.storage.limits import OwnerQuotas
    from ovms.server.values import Owner

MOST: int = 2**53
"""The greatest limit: every program that reads JSON has numbers so large."""

NEAR: Final = 90
"""Percent of the bytes at which an owner is told that soon nothing more is kept."""

CLEAR: Final = 80
"""Percent below which an owner who comes near again is told again."""


class ByteState(IntEnum):
    """What an owner is told of their bytes."""

    CLEAR = 0
    NEAR = 1
    OVER = 2


@dataclass(frozen=True, slots=True)
class ByteNews:
    """An owner's bytes, and what the owner was told of them; a limit of 0 is none."""

    owner_id: int
    owner: str
    bytes: int
    limit: int
    told: ByteState

    @property
    def state(self) -> ByteState:
        """What the owner should have been told.

        Little less than a bound is no end of it: around it nobody is told again and again.
        """
        if not self.limit:
            return ByteState.CLEAR
        if self.bytes >= self.limit:
            return ByteState.OVER
        if self.bytes * 100 >= self.limit * NEAR:
            return max(self.told, ByteState.NEAR)
        is_near = self.bytes * 100 >= self.limit * CLEAR
        return min(self.told, ByteState.NEAR) if is_near else ByteState.CLEAR


@dataclass(frozen=True, slots=True)
class OwnerUse:
    """What an owner has, and may have; a limit of 0 is none."""

    vehicles: int
    vehicle_limit: int
    bytes: int
    byte_limit: int

    @property
    def is_over(self) -> bool:
        """Whether there are so many bytes that nothing more is kept."""
        return 0 < self.byte_limit <= self.bytes


def own_limits(connection: Connection, owner_id: int) -> tuple[int | None, int | None]:
    """Return an owner's own limits of vehicles and bytes; ``None`` is the server's default."""
    o = owners.c
    query = select(o.vehicle_limit, o.byte_limit).where(o.id == owner_id)
    row = connection.execute(query).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


def set_limits(
    connection: Connection, owner_id: int, limits: Mapping[str, int | None], now: float
) -> None:
    """Change an owner's own limits, ``vehicle_limit`` and ``byte_limit``, those that are given.

    Raises :class:`InvalidValue`.
    """
    for value in limits.values():
        if value is not None and not 0 <= value <= MOST:
            raise InvalidValue(f"the limit {value} is not between 0 and {MOST}")
    values: dict[str, Any] = {**limits, "changed": now}
    connection.execute(update(owners).where(owners.c.id == owner_id).values(values))


def count_vehicles(connection: Connection, owner_id: int) -> int:
    """Return how many vehicles an owner has, those of other servers too."""
    is_theirs = (vehicles.c.owner_id == owner_id, vehicles.c.deleted.is_(None))
    return connection.scalar(select(func.count()).where(*is_theirs)) or 0


def count_all_vehicles(connection: Connection) -> int:
    """Return how many vehicles there are."""
    query = select(func.count()).select_from(vehicles).where(vehicles.c.deleted.is_(None))
    return connection.scalar(query) or 0


def check_vehicle_quota(connection: Connection, owner: Owner, defaults: OwnerQuotas) -> None:
    """Raise :class:`QuotaReached` if the owner may make no further vehicle."""
    own, _ = own_limits(connection, owner.id)
    limit = defaults.vehicles if own is None else own
    if limit and count_vehicles(connection, owner.id) >= limit:
        raise QuotaReached(f"you have {limit} vehicles, which is as many as you may")


def owner_use(connection: Connection, owner_id: int, defaults: OwnerQuotas) -> OwnerUse:
    """Return what an owner has and may have. It reads the counts of all their vehicles."""
    of_vehicles, of_bytes = own_limits(connection, owner_id)
    v, counts = vehicles.c, history_counts.c
    used = select(func.coalesce(func.sum(counts.bytes), 0))
    used = used.select_from(history_counts).join(vehicles, v.id == counts.vehicle_id)
    used = used.where(v.owner_id == owner_id, v.deleted.is_(None))
    return OwnerUse(
        count_vehicles(connection, owner_id),
        defaults.vehicles if of_vehicles is None else of_vehicles,
        int(connection.scalar(used) or 0),
        defaults.bytes if of_bytes is None else of_bytes,
    )


def full_vehicles(connection: Connection, defaults: OwnerQuotas) -> dict[str, tuple[int, str]]:
    """Return the vehicles of owners who have too many bytes, and whose each is: number and name."""
    o, v, counts = owners.c, vehicles.c, history_counts.c
    limit = func.coalesce(o.byte_limit, defaults.bytes)
    limited = select(o.id).where(limit > 0)
    if connection.execute(limited.limit(1)).first() is None:
        return {}
    over = (
        select(v.owner_id)
        .join(owners, o.id == v.owner_id)
        .join(history_counts, counts.vehicle_id == v.id)
        .where(v.deleted.is_(None), limit > 0)
        .group_by(v.owner_id, limit)
        .having(func.sum(counts.bytes) >= limit)
    )
    query = select(v.id, o.id.label("owner_id"), o.name).join(owners, o.id == v.owner_id)
    rows = connection.execute(query.where(v.owner_id.in_(over), v.deleted.is_(None)))
    return {row.id: (row.owner_id, row.name) for row in rows}


def byte_news(connection: Connection, defaults: OwnerQuotas) -> list[ByteNews]:
    """Return the owners of whose bytes another thing is to be told than was."""
    o, v, counts = owners.c, vehicles.c, history_counts.c
    limit = func.coalesce(o.byte_limit, defaults.bytes)
    is_concerned = (limit > 0) | (o.bytes_told > 0)
    if connection.execute(select(o.id).where(is_concerned).limit(1)).first() is None:
        return []
    used = func.coalesce(func.sum(counts.bytes), 0)
    query = select(o.id, o.name, used, limit, o.bytes_told).select_from(owners)
    query = query.outerjoin(vehicles, (v.owner_id == o.id) & v.deleted.is_(None))
    query = query.outerjoin(history_counts, counts.vehicle_id == v.id).where(is_concerned)
    rows = connection.execute(query.group_by(o.id).order_by(o.id)).all()
    found = (ByteNews(row[0], row[1], int(row[2]), row[3], ByteState(row[4])) for row in rows)
    return [each for each in found if each.state is not each.told]


def note_told(connection: Connection, owner_id: int, state: ByteState) -> None:
    """Store what an owner was told of their bytes."""
    this = update(owners).where(owners.c.id == owner_id)
    connection.execute(this.values(bytes_told=int(state)))


def vehicle_to_tell(connection: Connection, owner_id: int) -> str | None:
    """Return the vehicle by whose channels an owner is told of something that is not its own.

    It is one that somebody subscribed to, and of those the one with the most bytes.
    """
    v, counts, n = vehicles.c, history_counts.c, notifications.c
    told = select(func.count()).where(n.vehicle_id == v.id, n.owner_id == owner_id)
    size = select(func.coalesce(func.sum(counts.bytes), 0)).where(counts.vehicle_id == v.id)
    query = select(v.id).where(v.owner_id == owner_id, v.deleted.is_(None), v.type == "car")
    order = (told.scalar_subquery() > 0).desc(), size.scalar_subquery().desc(), v.id
    return connection.scalar(query.order_by(*order).limit(1))
