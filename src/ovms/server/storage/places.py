"""Places of an owner and their tariffs: the queries.

Each takes a connection inside a transaction, and finds only places of the owner that it is told.
A change marks the journeys that it touches, of all the owner's vehicles, and makes a first lot of
them anew; :mod:`.stale_journeys` makes the rest. ``now`` is in Unix seconds. Errors are
:class:`ovms.server.storage.errors.RecordError`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, update

from ovms.server.journeys.places import RADIUS, Place
from ovms.server.journeys.tariffs import Tariff, encode_tariff
from ovms.server.journeys.values import JourneyKind, Position
from ovms.server.storage import names
from ovms.server.storage.errors import AlreadyExists, InvalidValue, NotFound, QuotaReached
from ovms.server.storage.journey_context import PLACE_COLUMNS, known_places, place_of
from ovms.server.storage.owner_locale import owner_locale
from ovms.server.storage.schema import place_tariffs, places
from ovms.server.storage.stale_journeys import refresh_journeys
from ovms.server.storage.stale_marks import SINCE_EVER, mark_stale

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from ovms.server.storage.journey_context import DatedTariff

PLACES_AN_OWNER: Final = 100
"""Places that an owner may have; each position of a journey is compared with all of them."""

REMOVED_PLACES: Final = 100
"""Removed places of an owner of which is remembered what charges cost there; the oldest go."""

TARIFFS_A_PLACE: Final = 100
"""Tariffs of a place, one after the other: monthly ones of eight years."""

RADIUS_RANGE: Final = (10.0, 50_000.0)
"""m; of a place."""

LONGEST_CHARGE: Final = 7 * 86400
"""Seconds before a tariff's first day from which on charges are priced anew, for those that were
under way."""

FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)
"""A tariff counts from a day between these, or since ever."""

p = places.c
t = place_tariffs.c


@dataclass(frozen=True, slots=True)
class PlaceDetails:
    """A place with its tariffs, the oldest first. Times are Unix seconds."""

    place: Place
    tariffs: Sequence[DatedTariff]
    created: float
    changed: float


def list_places(connection: Connection, owner_id: int) -> list[PlaceDetails]:
    """Return an owner's places by name."""
    query = select(p.id, p.created, p.changed).where(p.owner_id == owner_id, p.removed.is_(None))
    rows = {row.id: row for row in connection.execute(query.order_by(p.name_key))}
    known = {each.place.id: each for each in known_places(connection, owner_id)}
    return [
        PlaceDetails(known[id_].place, known[id_].tariffs, row.created, row.changed)
        for id_, row in rows.items()
    ]


def get_place(connection: Connection, owner_id: int, place_id: int) -> PlaceDetails:
    """Return a place. Raises :class:`NotFound`."""
    for each in list_places(connection, owner_id):
        if each.place.id == place_id:
            return each
    raise NotFound(f"there is no place {place_id}")


def make_place(
    connection: Connection,
    owner_id: int,
    name: str,
    position: Position,
    now: float,
    *,
    radius: float = RADIUS,
    is_home: bool = False,
    zone: str | None = None,
    currency: str | None = None,
) -> Place:
    """Make a place.

    Raises :class:`InvalidValue`, :class:`AlreadyExists` or :class:`QuotaReached`.
    """
    query = select(func.count()).where(p.owner_id == owner_id, p.removed.is_(None))
    if (connection.scalar(query) or 0) >= PLACES_AN_OWNER:
        raise QuotaReached(f"you have {PLACES_AN_OWNER} places, which is as many as you may")
    given = {"name": name, "position": position, "radius": radius, "is_home": is_home,
             "zone": zone, "currency": currency}  # fmt: skip
    values = _checked(connection, owner_id, given)
    row = insert(places).values(owner_id=owner_id, created=now, changed=now, **values)
    key = connection.execute(row).inserted_primary_key
    assert key is not None
    _refresh(connection, owner_id, JourneyKind)
    return _get(connection, owner_id, key[0])


def change_place(
    connection: Connection, owner_id: int, place_id: int, changes: Mapping[str, Any], now: float
) -> Place:
    """Change those of a place's name, position, radius, is_home, zone and currency that are given.

    Journeys get the places and costs that follow, those of the past too.
    Raises :class:`NotFound`, :class:`InvalidValue` or :class:`AlreadyExists`.
    """
    before = _get(connection, owner_id, place_id)
    values = _checked(connection, owner_id, changes, place_id)
    row = update(places).where(p.id == place_id)
    connection.execute(row.values(changed=now, **values))
    after = _get(connection, owner_id, place_id)
    if (after.position, after.radius) != (before.position, before.radius):
        _refresh(connection, owner_id, JourneyKind)
    elif (after.zone, after.currency) != (before.zone, before.currency):
        _refresh(connection, owner_id, (JourneyKind.CHARGE,))
    return after


def remove_place(
    connection: Connection, owner_id: int, place_id: int, now: float, *, keeps_costs: bool = True
) -> Place:
    """Remove a place; journeys there are at no place then.

    Charges of before keep what they cost by its tariffs: of the place its circle and its tariffs
    stay for that, without its name. Without ``keeps_costs`` they cost what another place at the
    position says, or nothing is known. Raises :class:`NotFound`.
    """
    place = _get(connection, owner_id, place_id)
    has_tariffs = connection.scalar(select(func.count()).where(t.place_id == place_id))
    if keeps_costs and has_tariffs:
        # What it cost, in what, stays so, whatever the owner's zone and currency become.
        locale = owner_locale(connection, owner_id)
        gone = {"name": "", "name_key": None, "removed": now, "changed": now,
                "zone": place.zone or locale.zone,
                "currency": place.currency or locale.currency}  # fmt: skip
        connection.execute(update(places).where(p.id == place_id).values(gone))
        old = select(p.id).where(p.owner_id == owner_id, p.removed.is_not(None))
        old = old.order_by(p.removed.desc(), p.id.desc()).offset(REMOVED_PLACES)
        _delete(connection, connection.scalars(old).all())
    else:
        _delete(connection, [place_id])
    _refresh(connection, owner_id, JourneyKind)
    return place


def set_tariff(
    connection: Connection,
    owner_id: int,
    place_id: int,
    valid_from: date | None,
    tariff: Tariff,
    now: float,
) -> None:
    """Say what charging costs at a place from a local date on; ``None`` is since ever.

    It counts until the next one. Raises :class:`NotFound`, :class:`InvalidValue` or
    :class:`QuotaReached`.
    """
    _get(connection, owner_id, place_id)
    if valid_from is not None and not FIRST_DAY <= valid_from <= LAST_DAY:
        raise InvalidValue(f"{valid_from} is not between {FIRST_DAY} and {LAST_DAY}")
    this = (t.place_id == place_id, t.valid_from == _day(valid_from))
    data = encode_tariff(tariff)
    if not connection.execute(update(place_tariffs).where(*this).values(data=data)).rowcount:
        count = connection.scalar(select(func.count()).where(t.place_id == place_id)) or 0
        if count >= TARIFFS_A_PLACE:
            raise QuotaReached(f"the place has {TARIFFS_A_PLACE} tariffs, as many as may be")
        row = {"place_id": place_id, "valid_from": _day(valid_from), "data": data}
        connection.execute(insert(place_tariffs).values(row))
    _tariff_changed(connection, owner_id, place_id, valid_from, now)


def remove_tariff(
    connection: Connection, owner_id: int, place_id: int, valid_from: date | None, now: float
) -> None:
    """Take back the tariff that counts from a date on; the one before it goes on.

    Raises :class:`NotFound`.
    """
    _get(connection, owner_id, place_id)
    this = (t.place_id == place_id, t.valid_from == _day(valid_from))
    if not connection.execute(delete(place_tariffs).where(*this)).rowcount:
        raise NotFound(f"place {place_id} has no tariff from {valid_from or 'ever'} on")
    _tariff_changed(connection, owner_id, place_id, valid_from, now)


def _tariff_changed(
    connection: Connection, owner_id: int, place_id: int, valid_from: date | None, now: float
) -> None:
    connection.execute(update(places).where(p.id == place_id).values(changed=now))
    since = SINCE_EVER
    if valid_from is not None:
        day = datetime(valid_from.year, valid_from.month, valid_from.day, tzinfo=UTC)
        since = int(day.timestamp()) - LONGEST_CHARGE
    _refresh(connection, owner_id, (JourneyKind.CHARGE,), since)


def _refresh(
    connection: Connection, owner_id: int, kinds: Iterable[JourneyKind], since: int = SINCE_EVER
) -> None:
    mark_stale(connection, owner_id, kinds, since)
    refresh_journeys(connection, owner_id)


def _get(connection: Connection, owner_id: int, place_id: int) -> Place:
    query = select(*PLACE_COLUMNS).where(
        p.id == place_id, p.owner_id == owner_id, p.removed.is_(None)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no place {place_id}")
    return place_of(row)


def _delete(connection: Connection, ids: Sequence[int]) -> None:
    connection.execute(delete(place_tariffs).where(t.place_id.in_(ids)))
    connection.execute(delete(places).where(p.id.in_(ids)))


def _day(valid_from: date | None) -> str:
    return "" if valid_from is None else valid_from.isoformat()


def _checked(
    connection: Connection, owner_id: int, given: Mapping[str, Any], place_id: int | None = None
) -> dict[str, Any]:
    """Return what is given of a place as columns."""
    values: dict[str, Any] = {}
    for key, value in given.items():
        match key:
            case "name":
                values["name"] = names.place_name(value)
                values["name_key"] = names.owner_key(values["name"])
                _check_name(connection, owner_id, values, place_id)
            case "position":
                values |= _position(value)
            case "radius":
                low, high = RADIUS_RANGE
                if not low <= value <= high:  # NaN is not, either
                    raise InvalidValue(f"a radius is {low:.0f} to {high:.0f} m")
                values["radius"] = float(value)
            case "is_home":
                values["is_home"] = bool(value)
            case "zone":
                values["zone"] = names.zone(value)
            case "currency":
                values["currency"] = names.currency(value)
            case _:
                raise TypeError(f"a place has no {key}")
    return values


def _check_name(
    connection: Connection, owner_id: int, values: dict[str, Any], place_id: int | None
) -> None:
    query = select(p.id).where(p.owner_id == owner_id, p.name_key == values["name_key"])
    if connection.scalar(query) not in (None, place_id):
        raise AlreadyExists(f"there is a place {values['name']} already")


def _position(position: Position) -> dict[str, float]:
    """Return a position as columns. A wrong one is not repeated: positions reach no log."""
    latitude, longitude = position.latitude, position.longitude
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        raise InvalidValue("the position is none")
    if not -90 <= latitude <= 90 or not -180 <= longitude <= 180:
        raise InvalidValue("a position is -90 to 90 degrees north, and -180 to 180 east")
    return {"latitude": latitude, "longitude": longitude}
