"""What calls of ``/api/v1`` say and take of places and tariffs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ovms.server.http.v1.journey_models import Decimals
from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of
from ovms.server.journeys.tariffs import BAND_LIMIT, tariff_as_json

if TYPE_CHECKING:
    from ovms.server.journeys.tariffs import Tariff
    from ovms.server.storage.place_suggestions import SuggestedPlace
    from ovms.server.storage.places import PlaceDetails

DayWord = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

Price = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,7}(\.[0-9]{1,6})?$", json_schema_extra={"format": "decimal"}),
]
"""Of a kWh, a minute or a charge, in the currency's unit."""

ClockTime = Annotated[str, Field(pattern="^([01][0-9]|2[0-4]):[0-5][0-9]$")]
"""A local time of the day; 24:00 is its end."""

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Radius = Annotated[float, Field(ge=10, le=50_000, allow_inf_nan=False)]
PlaceText = Annotated[str, Field(min_length=1, max_length=64)]
ZoneText = Annotated[str, Field(max_length=64)]
CurrencyText = Annotated[str, Field(max_length=3)]


class BandAnswer(ApiAnswer):
    """A price of a part of the day."""

    model_config = ConfigDict(populate_by_name=True)

    price: Decimals
    """For a kWh."""
    since: str = Field(alias="from")
    """The local time from which on it counts: `22:00`."""
    until: str
    """Until when; one that is not after `from` is of the next day."""
    days: list[DayWord]
    """The days on which it begins."""


class TariffAnswer(ApiAnswer):
    """What charging costs at a place from a day on, until the next one counts."""

    valid_from: date | None
    """The first local day; null is since ever."""
    free: bool
    """Nothing costs anything."""
    energy_price: Decimals | None
    """For a kWh outside of all bands; null where the bands have the whole week."""
    bands: list[BandAnswer]
    session_price: Decimals
    """For each charge."""
    minute_price: Decimals
    """For each minute after the free ones."""
    free_minutes: int


class PlaceAnswer(ApiAnswer):
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
    zone: str | None
    """The IANA time zone of its tariffs; null is the owner's."""
    currency: str | None
    """ISO 4217, of its tariffs; null is the owner's."""
    tariffs: list[TariffAnswer]
    """The oldest first."""
    created: Time
    changed: Time


class PlaceSuggestion(ApiAnswer):
    """Where the caller's cars often parked, and no place is."""

    latitude: float
    """Degrees, north positive."""
    longitude: float
    """Degrees, east positive."""
    address: str | None
    """Of the position: null while it is not known, which it may be the next time, and on a server
    that asks nobody for addresses."""
    radius: float
    """Metres, around all visits."""
    visits: int
    """How often they parked there."""
    parked_time: int
    """Seconds for which they did."""
    first: Time
    last: Time
    vehicle_ids: list[str]


class NewPlace(CallBody):
    """A place to make."""

    name: PlaceText
    """What it is called; the owner has no other of this name, in any case."""
    latitude: Latitude
    """Degrees, north positive."""
    longitude: Longitude
    """Degrees, east positive."""
    radius: Radius = 100.0
    """Metres."""
    is_home: bool = False
    """Whether charges here count as at home."""
    zone: ZoneText | None = None
    """The IANA time zone of its tariffs; null is the owner's."""
    currency: CurrencyText | None = None
    """ISO 4217, of its tariffs; null is the owner's."""


class PlaceChanges(CallBody):
    """What to change of a place; what is not there stays."""

    name: PlaceText = ""
    """What it is called."""
    latitude: Latitude = 0.0
    """Degrees, north positive."""
    longitude: Longitude = 0.0
    """Degrees, east positive."""
    radius: Radius = 100.0
    """Metres."""
    is_home: bool = False
    """Whether charges here count as at home."""
    zone: ZoneText | None = None
    """The IANA time zone of its tariffs; null is the owner's."""
    currency: CurrencyText | None = None
    """ISO 4217, of its tariffs; null is the owner's."""


class BandBody(CallBody):
    """A price of a part of the day; where two are, the tariff is refused."""

    model_config = ConfigDict(populate_by_name=False)

    price: Price
    """For a kWh."""
    since: ClockTime = Field(alias="from")
    """The local time from which on it counts."""
    until: ClockTime
    """Until when; one that is not after `from` is of the next day."""
    days: Annotated[list[DayWord], Field(min_length=1, max_length=7)] | None = None
    """The days on which it begins; null is every day."""


class TariffBody(CallBody):
    """What charging costs; the parts add up."""

    free: bool = False
    """Nothing costs anything; then there are no prices beside it."""
    energy_price: Price | None = None
    """For a kWh, outside of all bands."""
    bands: Annotated[list[BandBody], Field(max_length=BAND_LIMIT)] = Field(default_factory=list)
    """Prices of a kWh by time of day and weekday."""
    session_price: Price | None = None
    """For each charge."""
    minute_price: Price | None = None
    """For each minute after the free ones."""
    free_minutes: Annotated[int, Field(ge=0, le=10_080)] | None = None
    """Minutes of a charge that cost nothing by the minute."""


def place_answer(details: PlaceDetails) -> PlaceAnswer:
    """Return a place as its owner gets it."""
    place = details.place
    return PlaceAnswer(
        id=place.id,
        name=place.name,
        latitude=place.position.latitude,
        longitude=place.position.longitude,
        radius=place.radius,
        is_home=place.is_home,
        zone=place.zone,
        currency=place.currency,
        tariffs=[tariff_answer(since, tariff) for since, tariff in details.tariffs],
        created=time_of(details.created),
        changed=time_of(details.changed),
    )


def tariff_answer(valid_from: date | None, tariff: Tariff) -> TariffAnswer:
    """Return a tariff as its owner gets it."""
    facts: dict[str, Any] = {
        "free": False, "energy_price": None, "bands": [], "session_price": "0",
        "minute_price": "0", "free_minutes": 0,
    } | tariff_as_json(tariff)  # fmt: skip
    return TariffAnswer(valid_from=valid_from, **facts)


def suggestion_answer(found: SuggestedPlace, address: str | None) -> PlaceSuggestion:
    """Return a spot that may become a place."""
    return PlaceSuggestion(
        latitude=round(found.position.latitude, 6),
        longitude=round(found.position.longitude, 6),
        address=address,
        radius=found.radius,
        visits=found.visits,
        parked_time=found.seconds,
        first=time_of(found.first),
        last=time_of(found.last),
        vehicle_ids=[*found.vehicle_ids],
    )
