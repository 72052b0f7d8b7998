"""Calls about the caller's places and what charging costs there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import UNSET, UnsetType

from ovms.app.api.calls import ApiCalls, ApiModel, given


class ApiTariffBand(ApiModel, frozen=True, kw_only=True, rename={"since": "from"}):
    """A price of a part of the day."""

    price: Decimal
    """For a kWh."""
    since: str
    """The local time from which on it counts: ``22:00``."""
    until: str
    """Until when; one that is not after ``since`` is of the next day."""
    days: list[str] | None = None
    """The days on which it begins, ``mon`` to ``sun``; ``None`` is every day."""


class ApiTariff(ApiModel, frozen=True, kw_only=True):
    """What charging costs at a place from a day on, until the next one counts."""

    valid_from: date | None = None
    """The first local day; null is since ever."""
    free: bool
    """Nothing costs anything."""
    energy_price: Decimal | None = None
    """For a kWh outside of all bands; null where the bands have the whole week."""
    bands: list[ApiTariffBand]
    session_price: Decimal
    """For each charge."""
    minute_price: Decimal
    """For each minute after the free ones."""
    free_minutes: int


class ApiOwnPlace(ApiModel, frozen=True, kw_only=True):
    """A place of the caller's."""

    id: int
    name: str
    latitude: float
    """Degrees, north positive."""
    longitude: float
    """Degrees, east positive."""
    radius: float
    """Metres."""
    is_home: bool
    """Charges here count as at home."""
    zone: str | None = None
    """The IANA time zone of its tariffs; null is the owner's."""
    currency: str | None = None
    """ISO 4217, of its tariffs; null is the owner's."""
    tariffs: list[ApiTariff]
    """The oldest first."""
    created: datetime
    changed: datetime


class ApiPlaceSuggestion(ApiModel, frozen=True, kw_only=True):
    """Where the caller's cars often parked, and no place is."""

    latitude: float
    """Degrees, north positive."""
    longitude: float
    """Degrees, east positive."""
    address: str | None = None
    """Of the position: null while it is not known, and on a server that asks nobody."""
    radius: float
    """Metres, around all visits."""
    visits: int
    """How often they parked there."""
    parked_time: int
    """Seconds for which they did."""
    first: datetime
    last: datetime
    vehicle_ids: list[str]


class PlaceCalls(ApiCalls):
    """Calls about places."""

    async def places(self) -> list[ApiOwnPlace]:
        """Return the caller's places, by name."""
        return await self._link.ask("GET", "/places", list[ApiOwnPlace])

    async def place(self, place_id: int) -> ApiOwnPlace:
        """Return one of the caller's places."""
        return await self._link.ask("GET", f"/places/{place_id}", ApiOwnPlace)

    async def place_suggestions(self) -> list[ApiPlaceSuggestion]:
        """Return where the caller's own cars often parked and no place is."""
        return await self._link.ask("GET", "/places/suggestions", list[ApiPlaceSuggestion])

    async def add_place(
        self,
        name: str,
        latitude: float,
        longitude: float,
        *,
        radius: float = 100.0,
        is_home: bool = False,
        zone: str | None = None,
        currency: str | None = None,
    ) -> ApiOwnPlace:
        """Make a place, a circle of ``radius`` metres."""
        body = given(
            name=name, latitude=latitude, longitude=longitude, radius=radius, is_home=is_home,
            zone=zone, currency=currency,
        )  # fmt: skip
        return await self._link.ask("POST", "/places", ApiOwnPlace, body=body)

    async def change_place(
        self,
        place_id: int,
        *,
        name: str | UnsetType = UNSET,
        latitude: float | UnsetType = UNSET,
        longitude: float | UnsetType = UNSET,
        radius: float | UnsetType = UNSET,
        is_home: bool | UnsetType = UNSET,
        zone: str | UnsetType | None = UNSET,
        currency: str | UnsetType | None = UNSET,
    ) -> ApiOwnPlace:
        """Change what is given of a place; a zone or currency of ``None`` is the owner's."""
        body = given(
            name=name, latitude=latitude, longitude=longitude, radius=radius, is_home=is_home,
            zone=zone, currency=currency,
        )  # fmt: skip
        return await self._link.ask("PATCH", f"/places/{place_id}", ApiOwnPlace, body=body)

    async def remove_place(self, place_id: int, *, keeps_costs: bool = True) -> None:
        """Remove a place; charges of before keep what they cost, or not."""
        query = {"keeps_costs": keeps_costs}
        await self._link.read("DELETE", f"/places/{place_id}", query=query)

    async def set_tariff(
        self,
        place_id: int,
        valid_from: date | None = None,
        *,
        free: bool = False,
        energy_price: Decimal | None = None,
        bands: Sequence[ApiTariffBand] = (),
        session_price: Decimal | None = None,
        minute_price: Decimal | None = None,
        free_minutes: int | None = None,
    ) -> ApiOwnPlace:
        """Say what charging costs from a local day on, or since ever; the parts add up."""
        body = {
            "free": free, "energy_price": energy_price, "bands": list(bands),
            "session_price": session_price, "minute_price": minute_price,
            "free_minutes": free_minutes,
        }  # fmt: skip
        return await self._link.ask("PUT", _tariff(place_id, valid_from), ApiOwnPlace, body=body)

    async def remove_tariff(self, place_id: int, valid_from: date | None = None) -> None:
        """Take back the tariff that counts from a local day on, or since ever."""
        await self._link.read("DELETE", _tariff(place_id, valid_from))


def _tariff(place_id: int, valid_from: date | None) -> str:
    day = "always" if valid_from is None else valid_from.isoformat()
    return f"/places/{place_id}/tariffs/{day}"
