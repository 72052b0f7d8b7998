"""The car's state as the records that it sends: ``F S D L W V``.

Nothing is claimed that was not read. What is unknown is an empty field, except where the record can
say unknown with a number: position, temperatures, tyres and charge timer are 0 with a stale
indicator of -1 while nothing of them was read, and some numbers are -1. The Android app reads a
record up to the first empty number, so no field is empty that need not be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from ovms import __version__
from ovms.car.alert_limits import DEFAULTS, AlertLimits
from ovms.car.parameter_types import ALL_CURRENTS
from ovms.car.state import DOORS, WHEELS, CarState, Topic, Tyre
from ovms.protocol import Message
from ovms.protocol.commands import CHARGE_MODE_NUMBERS
from ovms.protocol.modules import OUR_HARDWARE
from ovms.protocol.records import (
    Capabilities,
    CarFirmware,
    Content,
    Environment,
    GroupPosition,
    Location,
    Status,
    WheelPressures,
    message_of,
)
from ovms.protocol.records.environment import (
    LOCKED,
    UNLOCKED,
    Doors2,
    unread_field,
)
from ovms.protocol.records.status import KM_PER_MILE
from ovms.protocol.records.tyres import PSI_PER_KPA

SIGNAL_UNKNOWN = 99
"""The signal that modems report when it is unknown."""

_MODE_WORDS = {number: word for word, number in CHARGE_MODE_NUMBERS.items()}


class Units(Enum):
    """The unit of distances on the wire. The value is the letter in ``S``."""

    MILES = "M"
    KILOMETRES = "K"

    def distance(self, km: float | None) -> float | None:
        """Return km (or km/h) in this unit; ``None`` for an unknown distance."""
        return km / KM_PER_MILE if km is not None and self is Units.MILES else km


@dataclass(frozen=True, slots=True)
class CarIdentity:
    """What does not change while the car runs."""

    car_type: str
    """The vehicle type in ``F``, for example ``TR``."""
    commands: frozenset[int]
    """The commands that the car supports, for ``V``."""
    write_enabled: bool
    """Whether commands can reach the car itself while feature 15 is on."""
    starts_enabled: bool = True
    """Whether feature 15 is on until it is set, if commands can reach the car."""
    hardware: str = OUR_HARDWARE
    logs: bool = False
    """Whether trips and charges are sent for the history (:mod:`ovms.car.trips`, ``charges``)."""
    currents: range = ALL_CURRENTS
    """The charge current limits that the car can be set to, A."""
    alerts: AlertLimits = DEFAULTS
    """What of the car's state is an event (:mod:`ovms.car.alert_limits`)."""


def make_message(
    code: str, state: CarState, identity: CarIdentity, units: Units, now: float
) -> Message:
    """Return the message of a code of :data:`ORDER`.

    ``now`` is the car's time, for the ages of readings.
    """
    return message_of(_BUILDERS[code](state, identity, units, now))


def firmware(state: CarState, identity: CarIdentity, units: Units, now: float) -> CarFirmware:
    """Return ``F``. Without a modem the signal is unknown."""
    return CarFirmware(
        firmware=__version__,
        vin=state.vin,
        gsm_signal=_or(state.gsm_signal, SIGNAL_UNKNOWN),
        write_enabled=identity.write_enabled,
        car_type=identity.car_type,
        network=state.network or "",
        service_range=-1,
        service_time=-1,
        hardware=identity.hardware,
        network_mode="",
    )


def status(state: CarState, identity: CarIdentity, units: Units, now: float) -> Status:
    """Return ``S``. As an ESP32's, the charge's duration and the timer's start are in seconds."""
    timer = _DatedFields(state.freshness(Topic.CHARGE_TIMER, now),
                   state.charge_timer_mode, state.charge_timer_start)  # fmt: skip
    return Status(
        soc=state.soc,
        units=units.value,
        line_voltage=state.line_voltage,
        charge_current=state.charge_current,
        charge_state=state.charge_state,
        charge_mode=_mode_word(state.charge_mode),
        ideal_range=units.distance(state.ideal_range),
        estimated_range=units.distance(state.estimated_range),
        charge_limit=state.charge_limit,
        charge_duration=_seconds(state.charge_minutes),
        charger_b4=state.charger_b4,
        charge_energy=state.charge_energy,
        charge_substate=state.charge_substate,
        charge_state_number=state.charge_state_number,
        charge_mode_number=state.charge_mode,
        charge_timer_mode=timer.number(state.charge_timer_mode),
        charge_timer_start=timer.number(_seconds(state.charge_timer_start)),
        charge_timer_stale=timer.stale,
        cac=state.cac,
        minutes_to_full=_or(state.minutes_to_full, -1),
        minutes_to_limit=-1,
        limit_range=units.distance(state.limit_range),
        limit_soc=state.limit_soc,
        cooldown_active=None if state.cooldown is None else 0 if state.cooldown else -1,
        cooldown_temperature=state.cooldown_temperature,
        cooldown_time=state.cooldown_minutes,
        charge_estimate=_or(state.minutes_to_full, -1),
        minutes_to_range_limit=-1,
        minutes_to_soc_limit=-1,
        ideal_range_max=units.distance(state.ideal_range_max),
        plug_type=state.plug_type,
        charge_power=state.charge_power,
        battery_voltage=state.battery_voltage,
        soh=state.soh,
        charge_power_input=state.charge_power_input,
        charger_efficiency=state.charger_efficiency,
        battery_current=state.battery_current,
        range_speed=units.distance(state.range_speed),
        grid_energy=state.grid_energy,
        grid_energy_total=state.grid_energy_total,
        battery_capacity=state.capacity,
        charge_end_time=_or(state.charge_end_time, -1),
    )


def environment(state: CarState, identity: CarIdentity, units: Units, now: float) -> Environment:
    """Return ``D``. A lock that is told outright is in the door bits, too, if they lack it."""
    temperatures = _DatedFields(
        state.freshness(Topic.TEMPERATURES, now),
        state.temperature_pem, state.temperature_motor, state.temperature_battery,
    )  # fmt: skip
    ambient = _DatedFields(state.freshness(Topic.AMBIENT, now), state.temperature_ambient)
    is_locked = state.is_locked
    doors = replace(state, unread=dict(state.unread))
    if state.bit(Doors2.LOCKED) is None:
        doors.put_bit(Doors2.LOCKED, is_locked)
    return Environment(
        doors_1=doors.doors_1,
        doors_2=doors.doors_2,
        lock_state=None if is_locked is None else LOCKED if is_locked else UNLOCKED,
        temperature_pem=temperatures.number(state.temperature_pem),
        temperature_motor=temperatures.number(state.temperature_motor),
        temperature_battery=temperatures.number(state.temperature_battery),
        trip=units.distance(state.trip),
        odometer=units.distance(state.odometer),
        speed=units.distance(state.speed),
        parking_time=state.parking_time(now),
        temperature_ambient=ambient.number(state.temperature_ambient),
        doors_3=doors.doors_3,
        temperatures_stale=temperatures.stale,
        ambient_stale=ambient.stale,
        voltage_12v=state.voltage_12v,
        doors_4=doors.doors_4,
        voltage_12v_ref=state.voltage_12v_ref,
        doors_5=doors.doors_5,
        temperature_charger=state.temperature_charger,
        current_12v=state.current_12v,
        temperature_cabin=state.temperature_cabin,
        extra=unread_field(
            {name: doors.unread.get(name, 0) for name in DOORS.values() if getattr(doors, name)
             is not None}
        ),
    )  # fmt: skip


def location(state: CarState, identity: CarIdentity, units: Units, now: float) -> Location:
    """Return ``L``. Without a position: 0, 0, no lock, stale -1, whatever the receiver reports."""
    place = _DatedPlace(state, now)
    return Location(
        latitude=place.latitude,
        longitude=place.longitude,
        direction=place.number(state.direction),
        altitude=place.number(state.altitude),
        gps_lock=place.has_lock,
        gps_stale=place.stale,
        speed=units.distance(state.speed),
        trip=units.distance(state.trip),
        drive_mode=state.drive_mode,
        battery_power=state.battery_power,
        energy_used=state.energy_used,
        energy_recovered=state.energy_recovered,
        inverter_power=state.inverter_power,
        inverter_efficiency=state.inverter_efficiency,
        gps_mode="A" if place.has_lock else "N" if state.gps_lock is not None else None,
        satellites=state.satellites,
        hdop=state.hdop,
        gps_speed=units.distance(state.gps_speed),
        gps_quality=state.gps_quality,
    )


def group_position(state: CarState, group: str, units: Units, now: float) -> Message:
    """Return ``g``: the position as in ``L``, without the vehicle id, which the server adds."""
    place = _DatedPlace(state, now)
    position = GroupPosition(
        group=group,
        soc=state.soc,
        speed=units.distance(state.speed),
        direction=place.number(state.direction),
        altitude=place.number(state.altitude),
        gps_lock=place.has_lock,
        gps_stale=place.stale,
        latitude=place.latitude,
        longitude=place.longitude,
    )
    return Message("g", position.encode().removeprefix(b","))


def tyres(state: CarState, identity: CarIdentity, units: Units, now: float) -> WheelPressures:
    """Return ``W``."""
    front_right, rear_right, front_left, rear_left = (state.tyres[wheel] for wheel in WHEELS)
    readings = [each for tyre in state.tyres.values() for each in (tyre.pressure, tyre.temperature)]
    group = _DatedFields(state.freshness(Topic.TYRES, now), *readings)
    return WheelPressures(
        fr_pressure=group.number(_psi(front_right)),
        fr_temperature=group.number(front_right.temperature),
        rr_pressure=group.number(_psi(rear_right)),
        rr_temperature=group.number(rear_right.temperature),
        fl_pressure=group.number(_psi(front_left)),
        fl_temperature=group.number(front_left.temperature),
        rl_pressure=group.number(_psi(rear_left)),
        rl_temperature=group.number(rear_left.temperature),
        stale=group.stale,
    )


def _psi(tyre: Tyre) -> float | None:
    return None if tyre.pressure is None else tyre.pressure * PSI_PER_KPA


class _DatedFields:
    """Fields that share a stale indicator.

    It is -1 while none of them is known; then they are 0, so that every app can read them. Once
    one is known, the others are empty.
    """

    def __init__(self, freshness: int, *readings: float | None) -> None:
        self._is_known = any(reading is not None for reading in readings)
        # a reading that its vehicle does not date may be old
        self.stale = max(0, freshness) if self._is_known else -1

    def number(self, value: float | None) -> float | None:
        """Return one of the fields as it is sent."""
        return value if value is not None or self._is_known else 0


class _DatedPlace(_DatedFields):
    """The fields of the position, in ``L`` and ``g``."""

    def __init__(self, state: CarState, now: float) -> None:
        is_known = state.has_position
        super().__init__(
            state.freshness(Topic.POSITION, now), *([state.latitude] if is_known else [])
        )
        self.latitude = state.latitude if is_known else 0
        self.longitude = state.longitude if is_known else 0
        self.has_lock = state.gps_lock if is_known else False


def capabilities(state: CarState, identity: CarIdentity, units: Units, now: float) -> Capabilities:
    """Return ``V``."""
    return Capabilities.of(identity.commands)


def _or(value: float | None, unknown: float) -> float:
    """Return a number that its field has a mark for, if it is unknown."""
    return unknown if value is None else value


def _seconds(minutes: float | None) -> float | None:
    return None if minutes is None else 60 * minutes


def _mode_word(number: int | None) -> str | None:
    return None if number is None else _MODE_WORDS.get(number)


_BUILDERS: dict[str, Callable[[CarState, CarIdentity, Units, float], Content]] = {
    "F": firmware,
    "S": status,
    "D": environment,
    "L": location,
    "W": tyres,
    "V": capabilities,
}

ORDER = tuple(_BUILDERS)
"""The codes in the order in which they are sent: apps need ``F`` before ``S`` and ``D``."""
