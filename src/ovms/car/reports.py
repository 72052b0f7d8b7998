"""The car's state as the records that it sends: ``F S D L W V``.

Records have their full length, and every number in them is filled, with 0 or -1 if it is unknown:
the Android app drops a whole record for one number that it cannot read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ovms import __version__
from ovms.car.parameter_types import ALL_CURRENTS
from ovms.car.state import KM_PER_MILE, WHEELS, CarState, Topic, Tyre
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
    Doors1,
    Doors2,
    Doors3,
    Doors4,
    Doors5,
)
from ovms.protocol.records.tyres import PSI_PER_KPA

SIGNAL_UNKNOWN = 99
"""The signal that modems report when it is unknown."""

_MODE_WORDS = {number: word for word, number in CHARGE_MODE_NUMBERS.items()}


class Units(Enum):
    """The unit of distances on the wire. The value is the letter in ``S``."""

    MILES = "M"
    KILOMETRES = "K"

    def distance(self, km: float | None) -> float:
        """Return km (or km/h) in this unit; 0 for an unknown distance."""
        if km is None:
            return 0
        return km / KM_PER_MILE if self is Units.MILES else km


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
        gsm_signal=_known(state.gsm_signal, SIGNAL_UNKNOWN),
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
    timer_is_known = state.charge_timer_mode is not None or state.charge_timer_start is not None
    return Status(
        soc=_known(state.soc),
        units=units.value,
        line_voltage=_known(state.line_voltage),
        charge_current=_known(state.charge_current),
        charge_state=state.charge_state or "stopped",
        charge_mode=_MODE_WORDS.get(state.charge_mode or 0, ""),
        ideal_range=units.distance(state.ideal_range),
        estimated_range=units.distance(state.estimated_range),
        charge_limit=_known(state.charge_limit),
        charge_duration=60 * _known(state.charge_minutes),
        charger_b4=_known(state.charger_b4),
        charge_energy=_known(state.charge_energy),
        charge_substate=_known(state.charge_substate),
        charge_state_number=_known(state.charge_state_number),
        charge_mode_number=_known(state.charge_mode),
        charge_timer_mode=_known(state.charge_timer_mode),
        charge_timer_start=60 * _known(state.charge_timer_start),
        charge_timer_stale=state.freshness(Topic.CHARGE_TIMER, now) if timer_is_known else -1,
        cac=_known(state.cac),
        minutes_to_full=_known(state.minutes_to_full, -1),
        minutes_to_limit=-1,
        limit_range=0,
        limit_soc=0,
        cooldown_active=0 if state.cooldown else -1,
        cooldown_temperature=_known(state.cooldown_temperature),
        cooldown_time=_known(state.cooldown_minutes),
        charge_estimate=_known(state.minutes_to_full, -1),
        minutes_to_range_limit=-1,
        minutes_to_soc_limit=-1,
        ideal_range_max=units.distance(state.ideal_range_max),
        plug_type=_known(state.plug_type),
        charge_power=_known(state.charge_power),
        battery_voltage=_known(state.battery_voltage),
        soh=_known(state.soh),
        charge_power_input=_known(state.charge_power_input),
        charger_efficiency=_known(state.charger_efficiency),
        battery_current=_known(state.battery_current),
        range_speed=units.distance(state.range_speed),
        grid_energy=_known(state.grid_energy),
        grid_energy_total=_known(state.grid_energy_total),
        battery_capacity=_known(state.capacity),
        charge_end_time=_known(state.charge_end_time, -1),
    )


def environment(state: CarState, identity: CarIdentity, units: Units, now: float) -> Environment:
    """Return ``D``."""
    return Environment(
        doors_1=state.doors_1 or Doors1(0),
        doors_2=state.doors_2 or Doors2(0),
        lock_state=LOCKED if state.is_locked else UNLOCKED,
        temperature_pem=_known(state.temperature_pem),
        temperature_motor=_known(state.temperature_motor),
        temperature_battery=_known(state.temperature_battery),
        trip=units.distance(state.trip),
        odometer=units.distance(state.odometer),
        speed=units.distance(state.speed),
        parking_time=state.parking_time(now),
        temperature_ambient=_known(state.temperature_ambient),
        doors_3=state.doors_3 or Doors3(0),
        temperatures_stale=state.freshness(Topic.TEMPERATURES, now),
        ambient_stale=state.freshness(Topic.AMBIENT, now),
        voltage_12v=_known(state.voltage_12v),
        doors_4=state.doors_4 or Doors4(0),
        voltage_12v_ref=_known(state.voltage_12v_ref),
        doors_5=state.doors_5 or Doors5(0),
        temperature_charger=_known(state.temperature_charger),
        current_12v=_known(state.current_12v),
        temperature_cabin=_known(state.temperature_cabin),
    )


def location(state: CarState, identity: CarIdentity, units: Units, now: float) -> Location:
    """Return ``L``. Without a position: 0, 0, no lock, stale -1, whatever the receiver reports."""
    has_lock = state.has_position and bool(state.gps_lock)
    return Location(
        latitude=_known(state.latitude) if state.has_position else 0,
        longitude=_known(state.longitude) if state.has_position else 0,
        direction=_known(state.direction),
        altitude=_known(state.altitude),
        gps_lock=has_lock,
        gps_stale=state.freshness(Topic.POSITION, now) if state.has_position else -1,
        speed=units.distance(state.speed),
        trip=units.distance(state.trip),
        drive_mode=state.drive_mode or 0,
        battery_power=_known(state.battery_power),
        energy_used=_known(state.energy_used),
        energy_recovered=_known(state.energy_recovered),
        inverter_power=0,
        inverter_efficiency=0,
        gps_mode="A" if has_lock else "N",
        satellites=_known(state.satellites),
        hdop=_known(state.hdop),
        gps_speed=units.distance(state.gps_speed),
        gps_quality=_known(state.gps_quality),
    )


def group_position(state: CarState, group: str, units: Units, now: float) -> Message:
    """Return ``g``: the position as in ``L``, without the vehicle id, which the server adds."""
    has_lock = state.has_position and bool(state.gps_lock)
    position = GroupPosition(
        group=group,
        soc=_known(state.soc),
        speed=units.distance(state.speed),
        direction=_known(state.direction),
        altitude=_known(state.altitude),
        gps_lock=has_lock,
        gps_stale=state.freshness(Topic.POSITION, now) if state.has_position else -1,
        latitude=_known(state.latitude) if state.has_position else 0,
        longitude=_known(state.longitude) if state.has_position else 0,
    )
    return Message("g", position.encode().removeprefix(b","))


def tyres(state: CarState, identity: CarIdentity, units: Units, now: float) -> WheelPressures:
    """Return ``W``."""
    front_right, rear_right, front_left, rear_left = (state.tyres[wheel] for wheel in WHEELS)
    return WheelPressures(
        fr_pressure=_psi(front_right),
        fr_temperature=_known(front_right.temperature),
        rr_pressure=_psi(rear_right),
        rr_temperature=_known(rear_right.temperature),
        fl_pressure=_psi(front_left),
        fl_temperature=_known(front_left.temperature),
        rl_pressure=_psi(rear_left),
        rl_temperature=_known(rear_left.temperature),
        stale=state.freshness(Topic.TYRES, now),
    )


def _psi(tyre: Tyre) -> float:
    return _known(tyre.pressure) * PSI_PER_KPA


def capabilities(state: CarState, identity: CarIdentity, units: Units, now: float) -> Capabilities:
    """Return ``V``."""
    return Capabilities.of(identity.commands)


def _known(value: float | None, unknown: float = 0) -> float:
    return unknown if value is None else value


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
