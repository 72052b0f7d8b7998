"""An owner's time zone and currency, and those of owners who named none: the queries.

Days of journeys are those of the zone; costs are in the currency, unless a place has another. Each
takes a connection inside a transaction. What a change makes stale is marked, and made anew by
:mod:`.stale_journeys`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, update

from ovms.server.journeys.values import JourneyKind
from ovms.server.storage import names
from ovms.server.storage.schema import SERVER_ROW, owners, server
from ovms.server.storage.stale_marks import SINCE_EVER, mark_stale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

ZONE: Final = "UTC"
"""Of owners who named none, before a server has said another one; so the next."""

CURRENCY: Final = "EUR"


# Made once: they are asked with each journey that is written.
_DEFAULT: Final = select(server.c.zone, server.c.currency).where(server.c.id == SERVER_ROW)
_OWN: Final = select(owners.c.zone, owners.c.currency).where(owners.c.id == bindparam("owner"))


class OwnerLocale(NamedTuple):
    """A time zone and a currency (ISO 4217)."""

    zone: str
    currency: str

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone; UTC for one that this machine no longer knows."""
        return zone_info(self.zone)


def zone_info(name: str) -> ZoneInfo:
    """Return a time zone; UTC for one that this machine no longer knows."""
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return ZoneInfo(ZONE)


def default_locale(connection: Connection) -> OwnerLocale:
    """Return the zone and currency of owners who named none."""
    zone, currency = connection.execute(_DEFAULT).one_or_none() or (None, None)
    return OwnerLocale(zone or ZONE, currency or CURRENCY)


def own_locale(connection: Connection, owner_id: int | None) -> tuple[str | None, str | None]:
    """Return the zone and currency that an owner named; ``None`` is the default."""
    row = connection.execute(_OWN, {"owner": owner_id}).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


def owner_locale(connection: Connection, owner_id: int | None) -> OwnerLocale:
    """Return an owner's zone and currency."""
    (zone, currency), default = own_locale(connection, owner_id), default_locale(connection)
    return OwnerLocale(zone or default.zone, currency or default.currency)


def set_owner_locale(
    connection: Connection, owner_id: int, changes: Mapping[str, str | None], now: float
) -> OwnerLocale:
    """Change an owner's ``zone`` or ``currency``, those that are given; ``None`` is the default.

    Raises :class:`InvalidValue`.
    """
    checks = {"zone": names.zone, "currency": names.currency}
    values = {name: checks[name](value) for name, value in changes.items()}
    before = owner_locale(connection, owner_id)
    row = update(owners).where(owners.c.id == owner_id)
    connection.execute(row.values(changed=now, **values))
    after = owner_locale(connection, owner_id)
    _mark(connection, owner_id, before, after)
    return after


def set_default_locale(connection: Connection, zone: str, currency: str) -> None:
    """Say the zone and currency of owners who named none: what the server's settings say."""
    before, after = default_locale(connection), OwnerLocale(zone, currency)
    if before == after:
        return
    row = update(server).where(server.c.id == SERVER_ROW)
    connection.execute(row.values(zone=zone, currency=currency))
    for owner_id, own_zone, own_currency in connection.execute(
        select(owners.c.id, owners.c.zone, owners.c.currency)
    ).all():
        own = (own_zone or zone, own_currency or currency)
        was = (own_zone or before.zone, own_currency or before.currency)
        _mark(connection, owner_id, OwnerLocale(*was), OwnerLocale(*own))


def _mark(connection: Connection, owner_id: int, before: OwnerLocale, after: OwnerLocale) -> None:
    """Mark what a change makes stale: all days, or all costs."""
    if before.zone != after.zone:
        mark_stale(connection, owner_id, JourneyKind, SINCE_EVER)
    elif before != after:
        mark_stale(connection, owner_id, (JourneyKind.CHARGE,), SINCE_EVER)
