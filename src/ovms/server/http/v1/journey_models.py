"""What calls of ``/api/v1`` tell of a journey, and what of it only they see who may see positions.

Whatever shows journeys makes its answer of a row that :func:`shown_to` has passed: JSON, tables and
papers alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from ovms.server.http.v1.models import ApiAnswer, Time, time_of
from ovms.server.journeys.tariffs import currency_digits
from ovms.server.journeys.values import Charge, Parked, Trip
from ovms.server.rights import VehicleRight

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from ovms.server.journeys.values import CurvePoint, Journey, JourneyEnd, Position, TripPoint
    from ovms.server.storage.journeys import JourneyRow

PLACES: Final = 3
"""Digits behind the point: metres of a km, watt-hours of a kWh."""

KindWord = Literal["trip", "charge", "parked"]
PurposeWord = Literal["business", "private"]


Decimals = Annotated[str, Field(json_schema_extra={"format": "decimal"})]
"""A number of which no digit may get lost, as text: ``3.50``."""


class MoneyAnswer(ApiAnswer):
    """An amount of money."""

    amount: Decimals
    """In the currency's unit, as decimals: `3.50`."""
    currency: str
    """ISO 4217: `EUR`."""


class PlaceName(ApiAnswer):
    """A place of the vehicle's owner, as journeys tell it."""

    id: int
    name: str


class PositionPair(ApiAnswer):
    """A point on earth."""

    latitude: float
    """Degrees, north positive."""
    longitude: float
    """Degrees, east positive."""


class JourneyEndAnswer(ApiAnswer):
    """The start or the end of a journey."""

    time: Time
    place: PlaceName | None
    """Null where the owner has no place, and without the right `location`."""
    position: PositionPair | None
    """Null if unknown, and without the right `location`."""
    address: str | None
    """Of the position, where the owner has no place: null while it is not known, which it may be
    the next time, and on a server that asks nobody for addresses."""
    altitude: float | None
    """Metres; null without the right `location`, too."""
    soc: float | None
    """Percent."""
    odometer: float | None
    """km."""
    ideal_range: float | None
    """km."""
    estimated_range: float | None
    """km."""
    voltage_12v: float | None
    """Volts of the 12 V battery."""


class TripFacts(ApiAnswer):
    """What a trip was."""

    distance: float | None
    """km."""
    energy: float | None
    """kWh that the battery lost in all: `energy_used` without `energy_recovered`."""
    energy_used: float | None
    """kWh out of the battery."""
    energy_recovered: float | None
    """kWh back into it."""
    consumption: float | None
    """kWh for 100 km."""
    moving_time: int | None
    """Seconds in which it moved."""
    speed_mean: float | None
    """km/h, over the time of the trip."""
    speed_max: float | None
    """km/h."""
    altitude_min: float | None
    """Metres; null without the right `location`, as the next."""
    altitude_max: float | None
    """Metres."""
    ascent: float | None
    """Metres up in all; null without the right `location`, as the next."""
    descent: float | None
    """Metres down in all."""
    temperature_battery: float | None
    """°C, mean."""
    temperature_cabin: float | None
    """°C, mean."""


class ChargeFacts(ApiAnswer):
    """What a charge was."""

    plug: str | None
    """The kind of plug: `type1`, `type2`, `chademo`, `ccs`, …"""
    mode: str | None
    """The car's word for how it charges: `standard`, `range`, …"""
    energy: float | None
    """kWh into the battery."""
    grid_energy: float | None
    """kWh from the grid."""
    efficiency: float | None
    """Percent of the energy from the grid that is in the battery."""
    power_mean: float | None
    """kW into the battery."""
    power_max: float | None
    """kW into the battery."""
    ending: str
    """`full`, `limit` (one that was set), `stopped`, `interrupted` (the power went away) or
    `unknown`, as while it goes on."""
    temperature_battery: float | None
    """°C, mean."""
    capacity: float | None
    """kWh of the full battery, as the car or this charge says it."""
    cac: float | None
    """Ah of the full battery, as the car says it."""
    soh: float | None
    """Percent of the battery's health, as the car says it."""
    cost: MoneyAnswer | None
    """By the tariff of its place, or as it was corrected; null without either."""


class ParkedFacts(ApiAnswer):
    """What happened while the vehicle was parked. Charges in that time are journeys, too."""

    soc_lost: float | None
    """Percent, while it was neither charged nor preheated."""
    soc_lost_a_day: float | None
    """Percent."""
    range_lost: float | None
    """km of ideal range, while it was neither charged nor preheated."""
    range_lost_a_day: float | None
    """km."""
    voltage_12v_lost_a_day: float | None
    """Volts of the 12 V battery."""
    idle_time: int | None
    """Seconds in which it was neither charged nor preheated."""
    preheat_time: int | None
    """Seconds in which the cabin was heated or cooled."""
    preheat_soc: float | None
    """Percent that this took."""


class JourneyAnswer(ApiAnswer):
    """What a vehicle did for a time. Of `trip`, `charge` and `parked` one is not null."""

    id: int
    """It stays when journeys are made anew."""
    vehicle_id: str
    kind: KindWord
    is_open: bool
    """It goes on: its end is as last reported."""
    start: JourneyEndAnswer
    end: JourneyEndAnswer
    duration: int
    """Seconds."""
    certainty: str
    """`measured`, `estimated` (something was concluded) or `gaps` (reports are missing)."""
    estimated: list[str]
    """What was concluded: `start`, `end` (their times), or fields of its kind. A `cost` is if the
    energy was not counted at the grid."""
    temperature_ambient: float | None
    """°C, mean."""
    purpose: PurposeWord | None
    """What the trip was for; null if nobody has said."""
    note: str | None
    """Empty if there is none; null without the right `location`: it may say where the car was."""
    is_edited: bool
    """Somebody has corrected it."""
    trip: TripFacts | None
    charge: ChargeFacts | None
    parked: ParkedFacts | None


class TripPointAnswer(ApiAnswer):
    """The vehicle at one time of a trip."""

    time: Time
    latitude: float | None
    """Degrees, north positive."""
    longitude: float | None
    """Degrees, east positive."""
    altitude: float | None
    """Metres."""
    speed: float | None
    """km/h."""
    distance: float | None
    """km since the start, as the next."""
    soc: float | None
    """Percent."""
    energy_used: float | None
    """kWh out of the battery since the start."""
    energy_recovered: float | None
    """kWh back into it since the start."""


class CurvePointAnswer(ApiAnswer):
    """The vehicle at one time of a charge."""

    time: Time
    soc: float | None
    """Percent."""
    power: float | None
    """kW into the battery."""
    energy: float | None
    """kWh into the battery since the start."""
    grid_energy: float | None
    """kWh from the grid since the start."""
    temperature_battery: float | None
    """°C."""


class WholeJourney(JourneyAnswer):
    """A journey with what is between its ends."""

    track: list[TripPointAnswer] | None
    """Of a trip, no line between two points farther than 10 m from where it drove; null for other
    kinds, and without the right `location`."""
    curve: list[CurvePointAnswer] | None
    """Of a charge; null for other kinds."""


JourneyState = Annotated[
    str,
    Field(
        description="Whether journeys are made of this vehicle: `made`; `off` (not at this server),"
        " `vehicle_off` (not of this vehicle), `paranoid` (its messages are sealed) or"
        " `no_telemetry` (nothing is kept that they could be made of). What was made before is"
        " there still."
    ),
]


class JourneyPage(ApiAnswer):
    """A page of journeys."""

    items: list[JourneyAnswer]
    next: str | None
    """Where the next page begins; null after the last one."""
    state: JourneyState
    hidden: list[str]
    """`location`, if what says where the vehicle was is null for this caller."""


def shown_to(rights: VehicleRight, row: JourneyRow) -> JourneyRow:
    """Return a row as somebody with these rights may see it."""
    if VehicleRight.LOCATION in rights:
        return row
    return replace(
        row, journey=without_place(row.journey), start_place=None, end_place=None, note=""
    )


def hidden_from(rights: VehicleRight) -> list[str]:
    """Return what somebody with these rights does not see."""
    return [] if VehicleRight.LOCATION in rights else ["location"]


def without_place(journey: Journey) -> Journey:
    """Return a journey that does not say where the vehicle was, nor how high."""
    start = replace(journey.start, position=None, altitude=None)
    end = replace(journey.end, position=None, altitude=None)
    if isinstance(journey, Trip):
        return replace(
            journey, start=start, end=end, track=(),
            altitude_min=None, altitude_max=None, ascent=None, descent=None,
        )  # fmt: skip
    return replace(journey, start=start, end=end)


@dataclass(frozen=True, slots=True)
class JourneyView:
    """Somebody's view of a vehicle's journeys."""

    vehicle_id: str
    rights: VehicleRight
    names: Mapping[int, str]
    """The names of places by their ids."""
    address: Callable[[Position | None], str | None] = lambda position: None
    """Returns the address of a position, if it is known."""

    def answer(self, row: JourneyRow) -> JourneyAnswer:
        """Return a journey."""
        return JourneyAnswer(**self._facts(row))

    def whole(self, row: JourneyRow, journey: Journey) -> WholeJourney:
        """Return a journey with its track or curve, which are in ``journey``."""
        track = curve = None
        if isinstance(journey, Trip) and VehicleRight.LOCATION in self.rights:
            track = [_trip_point(each) for each in journey.track]
        if isinstance(journey, Charge):
            curve = [_curve_point(each) for each in journey.curve]
        return WholeJourney(**self._facts(row), track=track, curve=curve)

    def _facts(self, row: JourneyRow) -> dict[str, Any]:
        row = shown_to(self.rights, row)
        journey = row.journey
        return {
            "id": row.id,
            "vehicle_id": self.vehicle_id,
            "kind": row.kind.value,
            "is_open": journey.is_open,
            "start": self._end(journey.start, row.start_place),
            "end": self._end(journey.end, row.end_place),
            "duration": journey.duration,
            "certainty": journey.certainty.value,
            "estimated": [*row.estimated],
            "temperature_ambient": short(journey.temperature_ambient, 1),
            "purpose": row.purpose.value if row.purpose is not None else None,
            "note": row.note if VehicleRight.LOCATION in self.rights else None,
            "is_edited": row.is_edited,
            "trip": _trip(journey) if isinstance(journey, Trip) else None,
            "charge": _charge(journey, row) if isinstance(journey, Charge) else None,
            "parked": _parked(journey) if isinstance(journey, Parked) else None,
        }

    def _end(self, end: JourneyEnd, place_id: int | None) -> JourneyEndAnswer:
        place = self._place(place_id)
        return _end_answer(end, place, self.address(end.position) if place is None else None)

    def _place(self, place_id: int | None) -> PlaceName | None:
        name = None if place_id is None else self.names.get(place_id)
        return None if name is None else PlaceName(id=place_id, name=name)


def money_answer(cost: Decimal | None, currency: str | None) -> MoneyAnswer | None:
    """Return an amount; ``None`` for none."""
    if cost is None or currency is None:
        return None
    return MoneyAnswer(amount=money_text(cost, currency), currency=currency)


def money_text(cost: Decimal, currency: str = "") -> str:
    """Return an amount with its currency's decimals (two of an unknown one), or with three."""
    digits = currency_digits(currency)
    return f"{cost:.{digits}f}" if cost == round(cost, digits) else f"{cost:.3f}"


def short(value: float | None, digits: int = PLACES) -> float | None:
    """Return a number without digits that say nothing."""
    return None if value is None else round(value, digits)


def _end_answer(end: JourneyEnd, place: PlaceName | None, address: str | None) -> JourneyEndAnswer:
    position = end.position
    return JourneyEndAnswer(
        time=time_of(end.time),
        place=place,
        position=None
        if position is None
        else PositionPair(
            latitude=round(position.latitude, 6), longitude=round(position.longitude, 6)
        ),
        address=address,
        altitude=short(end.altitude, 1),
        soc=short(end.soc),
        odometer=short(end.odometer),
        ideal_range=short(end.ideal_range),
        estimated_range=short(end.estimated_range),
        voltage_12v=short(end.voltage_12v),
    )


def _trip(trip: Trip) -> TripFacts:
    return TripFacts(
        distance=short(trip.distance),
        energy=short(trip.energy),
        energy_used=short(trip.energy_used),
        energy_recovered=short(trip.energy_recovered),
        consumption=short(trip.consumption),
        moving_time=trip.moving_time,
        speed_mean=short(_an_hour(trip.distance, trip.duration), 1),
        speed_max=short(trip.speed_max, 1),
        altitude_min=short(trip.altitude_min, 1),
        altitude_max=short(trip.altitude_max, 1),
        ascent=short(trip.ascent, 1),
        descent=short(trip.descent, 1),
        temperature_battery=short(trip.temperature_battery, 1),
        temperature_cabin=short(trip.temperature_cabin, 1),
    )


def _charge(charge: Charge, row: JourneyRow) -> ChargeFacts:
    return ChargeFacts(
        plug=charge.plug,
        mode=charge.mode,
        energy=short(charge.energy),
        grid_energy=short(charge.grid_energy),
        efficiency=short(charge.efficiency, 1),
        power_mean=short(_an_hour(charge.energy, charge.duration)),
        power_max=short(charge.power_max),
        ending=charge.ending.value,
        temperature_battery=short(charge.temperature_battery, 1),
        capacity=short(charge.capacity),
        cac=short(charge.cac),
        soh=short(charge.soh),
        cost=money_answer(row.cost, row.currency),
    )


def _parked(parked: Parked) -> ParkedFacts:
    return ParkedFacts(
        soc_lost=short(parked.soc_lost),
        soc_lost_a_day=short(parked.soc_lost_a_day),
        range_lost=short(parked.range_lost),
        range_lost_a_day=short(parked.range_lost_a_day),
        voltage_12v_lost_a_day=short(_volts_a_day(parked)),
        idle_time=parked.idle_time,
        preheat_time=parked.preheat_time,
        preheat_soc=short(parked.preheat_soc),
    )


def _an_hour(amount: float | None, seconds: int) -> float | None:
    return None if amount is None or seconds <= 0 else amount * 3600 / seconds


def _volts_a_day(parked: Parked) -> float | None:
    first, last = parked.start.voltage_12v, parked.end.voltage_12v
    if first is None or last is None or parked.duration <= 0:
        return None
    return (first - last) * 86400 / parked.duration


def _trip_point(point: TripPoint) -> TripPointAnswer:
    position = point.position
    return TripPointAnswer(
        time=time_of(point.time),
        latitude=None if position is None else round(position.latitude, 6),
        longitude=None if position is None else round(position.longitude, 6),
        altitude=short(point.altitude, 1),
        speed=short(point.speed, 1),
        distance=short(point.distance),
        soc=short(point.soc),
        energy_used=short(point.energy_used),
        energy_recovered=short(point.energy_recovered),
    )


def _curve_point(point: CurvePoint) -> CurvePointAnswer:
    return CurvePointAnswer(
        time=time_of(point.time),
        soc=short(point.soc),
        power=short(point.power),
        energy=short(point.energy),
        grid_energy=short(point.grid_energy),
        temperature_battery=short(point.temperature_battery),
    )
