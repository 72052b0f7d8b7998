"""What shown journeys get of their vehicle's owner: days, places and costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, select

from ovms.server.journeys.places import Place, place_at
from ovms.server.journeys.tariffs import Tariff, charge_cost, decode_tariff
from ovms.server.journeys.values import Charge, Position, Trip
from ovms.server.storage.owner_locale import OwnerLocale, owner_locale, zone_info
from ovms.server.storage.schema import place_tariffs, places, vehicles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from ovms.server.journeys.values import Journey

MILLS: Final = 1000
"""Costs are stored in so many parts of the currency's unit."""

DatedTariff = tuple[date | None, Tariff]
"""A tariff and the local date from which on it counts; ``None`` is since ever."""

p = places.c
t = place_tariffs.c


class JourneyCost(NamedTuple):
    """A cost as it is stored: in thousandths of the currency's unit."""

    mills: int
    currency: str


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place with its tariffs; one that was removed still says what charges cost until then."""

    place: Place
    tariffs: Sequence[DatedTariff]
    removed: float | None = None


@dataclass(frozen=True)
class JourneyContext:
    """What the rows of a vehicle's journeys are made with; places are read once they are asked."""

    connection: Connection
    owner_id: int | None
    locale: OwnerLocale

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of days."""
        return self.locale.zone_info

    @cached_property
    def _known(self) -> dict[int, KnownPlace]:
        found = known_places(self.connection, self.owner_id)
        return {each.place.id: each for each in found}

    @cached_property
    def places(self) -> list[Place]:
        """The owner's places."""
        return [each.place for each in self._known.values() if each.removed is None]

    def day(self, time: int) -> str:
        """Return the local date of a time."""
        return datetime.fromtimestamp(time, self.zone).date().isoformat()

    def place_id(self, position: Position | None) -> int | None:
        """Return the id of the place that a position is in."""
        place = place_at(self.places, position) if position is not None else None
        return None if place is None else place.id

    def place_ids(self, journey: Journey) -> tuple[int | None, int | None]:
        """Return the ids of the places where a journey began and ended.

        A trip that goes on has not ended. What stood still did both where one of both is known.
        """
        start = self.place_id(journey.start.position)
        if isinstance(journey, Trip):
            return start, None if journey.is_open else self.place_id(journey.end.position)
        place = self.place_id(journey.end.position) if start is None else start
        return place, place

    def currency(self, place_id: int | None) -> str:
        """Return the currency of costs at a place."""
        known = None if place_id is None else self._known.get(place_id)
        own = None if known is None else known.place.currency
        return own or self.locale.currency

    def has_place(self, place_id: int) -> bool:
        """Return whether the owner has a place."""
        known = self._known.get(place_id)
        return known is not None and known.removed is None

    @property
    def has_prices(self) -> bool:
        """Whether some charge has a cost."""
        return any(each.tariffs for each in self._known.values())

    @property
    def prices_vary(self) -> bool:
        """Whether some cost depends on when energy flowed, so that curves are needed."""
        known = self._known.values()
        return any(
            len(each.tariffs) > 1 or any(tariff.bands for _, tariff in each.tariffs)
            for each in known
        )

    def cost(self, charge: Charge, place_id: int | None) -> JourneyCost | None:
        """Return what a charge at a place costs; ``None`` while that is unknown.

        Where the place says nothing, one that was removed later says what it cost then.
        """
        for each in self._priced(charge, place_id):
            zone = zone_info(each.place.zone) if each.place.zone else self.zone
            currency = each.place.currency or self.locale.currency
            found = charge_cost(charge, each.tariffs, zone, currency=currency)
            if found is not None:
                return JourneyCost(to_mills(found), currency)
        return None

    def _priced(self, charge: Charge, place_id: int | None) -> Iterable[KnownPlace]:
        """Yield the places whose tariffs may count for a charge, the first before the others."""
        known = None if place_id is None else self._known.get(place_id)
        if known is not None and known.tariffs and known.removed is None:
            yield known
        position = charge.start.position or charge.end.position
        gone = {
            each.place.id: each
            for each in self._known.values()
            if each.removed is not None and charge.start.time < each.removed
        }
        while (place := place_at((each.place for each in gone.values()), position)) is not None:
            yield gone.pop(place.id)


def journey_context(connection: Connection, vehicle_id: str) -> JourneyContext:
    """Return what the rows of a vehicle's journeys are made with."""
    owner_id = connection.scalar(_OWNER, {"vehicle": vehicle_id})
    return JourneyContext(connection, owner_id, owner_locale(connection, owner_id))


def known_places(connection: Connection, owner_id: int | None) -> list[KnownPlace]:
    """Return an owner's places with their tariffs by date, those that were removed too."""
    owner = {"owner": owner_id}
    rows = connection.execute(_PLACES, owner).all()
    tariffs: dict[int, list[DatedTariff]] = {}
    for place_id, since, data in connection.execute(_TARIFFS, owner) if rows else ():
        dated = (date.fromisoformat(since) if since else None, decode_tariff(data))
        tariffs.setdefault(place_id, []).append(dated)
    return [KnownPlace(place_of(row), tariffs.get(row.id, []), row.removed) for row in rows]


PLACE_COLUMNS: Final = (
    p.id, p.owner_id, p.name, p.latitude, p.longitude, p.radius, p.is_home, p.zone, p.currency,
)  # fmt: skip

# Made once: to make a query takes longer than to run it.
_OWNER: Final = select(vehicles.c.owner_id).where(vehicles.c.id == bindparam("vehicle"))
_PLACES: Final = select(*PLACE_COLUMNS, p.removed).where(p.owner_id == bindparam("owner"))
_TARIFFS: Final = (
    select(t.place_id, t.valid_from, t.data)
    .join(places, p.id == t.place_id)
    .where(p.owner_id == bindparam("owner"))
    .order_by(t.place_id, t.valid_from)
)


def place_of(row: Any) -> Place:
    """Return the place of a row with :data:`PLACE_COLUMNS`."""
    return Place(
        id=row.id,
        owner_id=row.owner_id,
        name=row.name,
        position=Position(latitude=row.latitude, longitude=row.longitude),
        radius=row.radius,
        is_home=row.is_home,
        zone=row.zone,
        currency=row.currency,
    )


def cost_values(
    context: JourneyContext, journey: Journey, place_id: int | None, own: Decimal | None = None
) -> dict[str, Any]:
    """Return the columns of what a journey costs; ``own`` is what the owner said."""
    if own is not None:
        mills, currency = to_mills(own), context.currency(place_id)
        return {"cost": mills, "currency": currency, "has_own_cost": True}
    cost = context.cost(journey, place_id) if isinstance(journey, Charge) else None
    mills_or_none, currency_or_none = (None, None) if cost is None else cost
    return {"cost": mills_or_none, "currency": currency_or_none, "has_own_cost": False}


def to_mills(cost: Decimal) -> int:
    """Return a cost as it is stored."""
    return int((cost * MILLS).quantize(Decimal(1), ROUND_HALF_UP))


def from_mills(cost: int | None) -> Decimal | None:
    """Return a cost that was stored."""
    return None if cost is None else Decimal(cost) / MILLS
