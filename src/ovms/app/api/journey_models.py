"""What the server tells of journeys: trips, charges and parked time."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from ovms.app.api.calls import ApiModel


class ApiMoney(ApiModel, frozen=True, kw_only=True):
    """An amount of money."""

    amount: Decimal
    """In the currency's unit."""
    currency: str
    """ISO 4217: ``EUR``."""


class ApiPlaceName(ApiModel, frozen=True, kw_only=True):
    """A place of the vehicle's owner, as journeys tell it."""

    id: int
    name: str


class ApiPositionPair(ApiModel, frozen=True, kw_only=True):
    """A point on earth."""

    latitude: float
    """Degrees, north positive."""
    longitude: float
    """Degrees, east positive."""


class ApiJourneyEnd(ApiModel, frozen=True, kw_only=True):
    """The start or the end of a journey."""

    time: datetime
    place: ApiPlaceName | None = None
    """Null where the owner has no place, and without the right ``location``."""
    position: ApiPositionPair | None = None
    """Null if unknown, and without the right ``location``."""
    address: str | None = None
    """Of the position, where the owner has no place: null while it is not known, and on a server
    that asks nobody for addresses."""
    altitude: float | None = None
    """Metres; null without the right ``location``, too."""
    soc: float | None = None
    """Percent."""
    odometer: float | None = None
    """km."""
    ideal_range: float | None = None
    """km."""
    estimated_range: float | None = None
    """km."""
    voltage_12v: float | None = None
    """Volts of the 12 V battery."""


class ApiTrip(ApiModel, frozen=True, kw_only=True):
    """What a trip was."""

    distance: float | None = None
    """km."""
    energy: float | None = None
    """kWh that the battery lost in all: ``energy_used`` without ``energy_recovered``."""
    energy_used: float | None = None
    """kWh out of the battery."""
    energy_recovered: float | None = None
    """kWh back into it."""
    consumption: float | None = None
    """kWh for 100 km."""
    moving_time: int | None = None
    """Seconds in which it moved."""
    speed_mean: float | None = None
    """km/h, over the time of the trip."""
    speed_max: float | None = None
    """km/h."""
    altitude_min: float | None = None
    """Metres; null without the right ``location``, as the next."""
    altitude_max: float | None = None
    """Metres."""
    ascent: float | None = None
    """Metres up in all; null without the right ``location``, as the next."""
    descent: float | None = None
    """Metres down in all."""
    temperature_battery: float | None = None
    """°C, mean."""
    temperature_cabin: float | None = None
    """°C, mean."""


class ApiChargeFacts(ApiModel, frozen=True, kw_only=True):
    """What a charge was."""

    plug: str | None = None
    """The kind of plug: ``type1``, ``type2``, ``chademo``, ``ccs``, …"""
    mode: str | None = None
    """The car's word for how it charges: ``standard``, ``range``, …"""
    energy: float | None = None
    """kWh into the battery."""
    grid_energy: float | None = None
    """kWh from the grid."""
    efficiency: float | None = None
    """Percent of the energy from the grid that is in the battery."""
    power_mean: float | None = None
    """kW into the battery."""
    power_max: float | None = None
    """kW into the battery."""
    ending: str
    """``full``, ``limit``, ``stopped``, ``interrupted`` or ``unknown``."""
    temperature_battery: float | None = None
    """°C, mean."""
    capacity: float | None = None
    """kWh of the full battery, as the car or this charge says it."""
    cac: float | None = None
    """Ah of the full battery, as the car says it."""
    soh: float | None = None
    """Percent of the battery's health, as the car says it."""
    cost: ApiMoney | None = None
    """By the tariff of its place, or as it was corrected; null without either."""


class ApiParked(ApiModel, frozen=True, kw_only=True):
    """What happened while the vehicle was parked. Charges in that time are journeys, too."""

    soc_lost: float | None = None
    """Percent, while it was neither charged nor preheated."""
    soc_lost_a_day: float | None = None
    """Percent."""
    range_lost: float | None = None
    """km of ideal range, while it was neither charged nor preheated."""
    range_lost_a_day: float | None = None
    """km."""
    voltage_12v_lost_a_day: float | None = None
    """Volts of the 12 V battery."""
    idle_time: int | None = None
    """Seconds in which it was neither charged nor preheated."""
    preheat_time: int | None = None
    """Seconds in which the cabin was heated or cooled."""
    preheat_soc: float | None = None
    """Percent that this took."""


class ApiJourney(ApiModel, frozen=True, kw_only=True):
    """What a vehicle did for a time. Of ``trip``, ``charge`` and ``parked`` one is there."""

    id: int
    """It stays when journeys are made anew."""
    vehicle_id: str
    kind: str
    """``trip``, ``charge`` or ``parked``."""
    is_open: bool
    """It goes on: its end is as last reported."""
    start: ApiJourneyEnd
    end: ApiJourneyEnd
    duration: int
    """Seconds."""
    certainty: str
    """``measured``, ``estimated`` (something was concluded) or ``gaps`` (reports are missing)."""
    estimated: list[str]
    """What was concluded: ``start``, ``end`` (their times), or fields of its kind."""
    temperature_ambient: float | None = None
    """°C, mean."""
    purpose: str | None = None
    """``business`` or ``private``; null if nobody has said."""
    note: str | None = None
    """Empty if there is none; null without the right ``location``."""
    is_edited: bool
    """Somebody has corrected it."""
    trip: ApiTrip | None = None
    charge: ApiChargeFacts | None = None
    parked: ApiParked | None = None


class ApiTripPoint(ApiModel, frozen=True, kw_only=True):
    """The vehicle at one time of a trip."""

    time: datetime
    latitude: float | None = None
    """Degrees, north positive."""
    longitude: float | None = None
    """Degrees, east positive."""
    altitude: float | None = None
    """Metres."""
    speed: float | None = None
    """km/h."""
    distance: float | None = None
    """km since the start, as the next."""
    soc: float | None = None
    """Percent."""
    energy_used: float | None = None
    """kWh out of the battery since the start."""
    energy_recovered: float | None = None
    """kWh back into it since the start."""


class ApiCurvePoint(ApiModel, frozen=True, kw_only=True):
    """The vehicle at one time of a charge."""

    time: datetime
    soc: float | None = None
    """Percent."""
    power: float | None = None
    """kW into the battery."""
    energy: float | None = None
    """kWh into the battery since the start."""
    grid_energy: float | None = None
    """kWh from the grid since the start."""
    temperature_battery: float | None = None
    """°C."""


class ApiWholeJourney(ApiJourney, frozen=True, kw_only=True):
    """A journey with what is between its ends."""

    track: list[ApiTripPoint] | None = None
    """Of a trip, thinned; null for other kinds, and without the right ``location``."""
    curve: list[ApiCurvePoint] | None = None
    """Of a charge; null for other kinds."""


class ApiJourneyPage(ApiModel, frozen=True, kw_only=True):
    """A page of journeys."""

    items: list[ApiJourney]
    next: str | None = None
    """Where the next page begins; null after the last one."""
    state: str
    """Whether journeys are made of the vehicle: ``made``, or why not: ``off``, ``vehicle_off``,
    ``paranoid``, ``no_telemetry``."""
    hidden: list[str]
    """``location``, if what says where the vehicle was is null for this caller."""


class ApiJourneyEdit(ApiModel, frozen=True, kw_only=True):
    """A correction. What it does not change is null."""

    id: int
    kind: str
    """``merge``, ``split`` or ``change``."""
    journey_kind: str
    start: datetime
    """The span of the journeys that it is about."""
    end: datetime
    at: datetime | None = None
    """Where a journey was split."""
    energy: float | None = None
    """kWh."""
    grid_energy: float | None = None
    """kWh."""
    cost: Decimal | None = None
    """In the currency's unit."""
    note: str | None = None
    """Null without the right ``location``, too."""
    purpose: str | None = None
    clears: list[str]
    """Names of the fields that are as reported again."""
    created: datetime


class ApiBatteryMonth(ApiModel, frozen=True, kw_only=True):
    """The battery in one month; what nothing shows is null."""

    month: str
    """``2026-11``, by the owner's time zone."""
    capacity: float | None = None
    """kWh, as charges show it."""
    capacity_charges: int
    """How many charges do."""
    car_capacity: float | None = None
    """kWh, as the car says it."""
    cac: float | None = None
    """Ah, as the car says it."""
    soh: float | None = None
    """Percent, as the car says it."""
    full_range: float | None = None
    """km, the ideal range of the full battery."""
    temperature: float | None = None
    """°C, mean of the battery while it was charged."""
    charges: int
    energy: float
    """kWh into the battery."""
    grid_energy: float
    """kWh from the grid."""
    efficiency: float | None = None
    """Percent of the energy from the grid that is in the battery."""
    cycles: float
    """What was charged, in full batteries."""
    distance: float
    """km."""


class ApiBatteryTemperature(ApiModel, frozen=True, kw_only=True):
    """The battery in a range of temperatures."""

    temperature: int
    """°C, the least of five: of the battery for ``capacity``, outside for the others."""
    capacity: float | None = None
    """kWh, as charges show it."""
    full_range: float | None = None
    """km, the ideal range of the full battery."""
    consumption: float | None = None
    """kWh for 100 km."""
    distance: float
    """km."""


class ApiBatteryHistory(ApiModel, frozen=True, kw_only=True):
    """What is known of a battery."""

    capacity: float | None = None
    """kWh now, as charges show it."""
    degradation: float | None = None
    """Percent of it that were lost since the first month; null with fewer than six months."""
    car_degradation: float | None = None
    """The same in percent by what the car says."""
    cac: float | None = None
    """Ah, as the car said it last."""
    soh: float | None = None
    """Percent, as the car said it last."""
    full_range: float | None = None
    """km, the ideal range of the full battery, in the last month that shows it."""
    cycles: float
    """What was charged in all, in full batteries."""
    efficiency: float | None = None
    """Percent of the energy from the grid that is in the battery."""
    months: list[ApiBatteryMonth]
    """Those with a charge or a trip, the oldest first."""
    temperatures: list[ApiBatteryTemperature]
    """Those of which something is known, the coldest first."""
