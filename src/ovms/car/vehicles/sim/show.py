"""Writes the parts of the simulated car into the car's state."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ovms.car.state import WHEELS, CarState, Topic
from ovms.car.vehicles.sim.auxiliary import FULL_AT_REST
from ovms.car.vehicles.sim.battery import RESISTANCE
from ovms.car.vehicles.sim.charging import FLOWING, LINE_VOLTAGE, NO_PLUG, WORDS, Charging
from ovms.car.vehicles.sim.thermal import COOLDOWN_TO, ambient

if TYPE_CHECKING:
    from ovms.car.vehicles.sim.car import SimCar

IDEAL_CONSUMPTION, USUAL_CONSUMPTION = 0.145, 0.172
"""kWh a km."""

INVERTER_EFFICIENCY = 95.0
"""%, while the car is on."""

TYRE_PRESSURES = {"fr": 248.0, "rr": 262.0, "fl": 250.0, "rl": 263.0}
"""kPa at 20 °C."""

COLD_COSTS, MILD = 0.008, 20.0
"""The fraction of the range that is lost for each °C that the battery is colder than that."""

DAY = 86400.0


def show(car: SimCar) -> None:
    """Bring ``car.state`` up to date."""
    _show_battery(car)
    _show_charging(car.state, car.charging)
    _show_doors(car)
    _show_driving(car)
    _show_temperatures(car)


def _show_battery(car: SimCar) -> None:
    state, pack = car.state, car.pack
    state.soc = car.shown_soc
    state.soh = 97
    state.ideal_range = pack.energy / IDEAL_CONSUMPTION
    state.estimated_range = pack.energy / USUAL_CONSUMPTION * _mildness(car.thermal.battery)
    state.ideal_range_max = pack.capacity / IDEAL_CONSUMPTION
    state.capacity = pack.capacity
    state.cac = 1000 * pack.capacity / 360
    state.battery_current = pack.current(car.power)
    state.battery_voltage = pack.voltage - RESISTANCE * state.battery_current
    state.battery_power = car.power


def _mildness(temperature: float) -> float:
    return 1 - COLD_COSTS * min(max(MILD - temperature, 0.0), 50.0)


def _show_charging(state: CarState, charging: Charging) -> None:
    flowing = charging.phase in FLOWING
    state.charge_state = WORDS.get(charging.phase, "stopped")
    state.charge_state_number = int(charging.phase)
    state.charge_substate = charging.substate
    state.charge_mode = charging.mode
    state.charger_b4 = 0
    state.plug_type = charging.plugged_to.value if charging.is_plugged else NO_PLUG
    _show_inlet(state, charging)
    state.charge_power = charging.power
    state.charge_power_input = charging.power / charging.efficiency
    state.charger_efficiency = 100 * charging.efficiency if flowing else 0
    state.charge_limit = charging.limit_in_force
    state.charge_minutes = int(charging.seconds / 60)
    state.charge_energy = charging.energy
    state.grid_energy = charging.grid_energy
    state.grid_energy_total = charging.grid_energy_total
    minutes = charging.pack.minutes_to(charging.target, charging.offered) if flowing else None
    state.minutes_to_full = None if minutes is None else math.ceil(minutes)
    state.limit_range, state.limit_soc = 0, charging.soc_limit or 0
    state.range_speed = charging.power / IDEAL_CONSUMPTION
    state.charge_end_time = charging.ended
    state.charge_timer_mode = charging.timer_mode
    state.charge_timer_start = charging.timer_start


def _show_inlet(state: CarState, charging: Charging) -> None:
    """Update volts and amperes at the inlet; on a fast charge they are the battery's."""
    state.pilot_current = charging.limit_in_force if charging.is_plugged else None
    if not charging.is_plugged:
        state.line_voltage = state.charge_current = 0
        return
    state.line_voltage = state.battery_voltage if charging.is_fast else LINE_VOLTAGE
    assert state.line_voltage
    state.charge_current = 1000 * charging.power / charging.efficiency / state.line_voltage


def _show_doors(car: SimCar) -> None:
    state, body, charging = car.state, car.body, car.charging
    hour = car.time % DAY / 3600
    state.doors_1 = body.doors_1(charging.is_plugged, charging.phase in FLOWING)
    state.doors_2 = body.doors_2(is_dark=not 5 <= hour < 18)
    state.doors_3 = body.doors_3(car.is_cooling or body.is_on or charging.is_active)
    state.doors_4 = body.doors_4()
    state.doors_5 = body.doors_5(car.auxiliary.is_fed)
    state.lock_told = body.is_locked
    state.cooldown = car.is_cooling
    state.cooldown_temperature = COOLDOWN_TO
    state.cooldown_minutes = max(0, math.ceil((car.cooldown_until - car.time) / 60))
    state.parked_since = car.parked_since


def _show_driving(car: SimCar) -> None:
    state = car.state
    place = car.place
    state.gps_speed = 3.6 * car.drive.speed if car.drive else 0
    state.speed = state.gps_speed if car.body.is_on else 0  # no wheel turns while it is towed
    state.odometer = car.odometer
    state.trip = car.trip
    state.energy_used = car.used
    state.energy_recovered = car.recovered
    state.drive_mode = int(car.body.is_on)
    state.inverter_efficiency = INVERTER_EFFICIENCY if car.body.is_on else 0.0
    state.inverter_power = (state.battery_power or 0) * state.inverter_efficiency / 100
    state.latitude, state.longitude = place.latitude, place.longitude
    state.direction, state.altitude = place.direction, place.altitude
    state.gps_lock = True
    state.satellites, state.hdop, state.gps_quality = 11, 0.9, 92
    state.updated[Topic.POSITION] = car.time


def _show_temperatures(car: SimCar) -> None:
    """Update temperatures, tyres and 12 V. A sleeping car measures nothing: they become stale."""
    state, thermal = car.state, car.thermal
    state.time = car.time
    state.voltage_12v, state.current_12v = car.auxiliary.voltage, car.auxiliary.current
    state.voltage_12v_ref = FULL_AT_REST
    if not car.body.is_awake and state.temperature_pem is not None:
        return
    state.temperature_pem, state.temperature_motor = thermal.pem, thermal.motor
    state.temperature_battery, state.temperature_charger = thermal.battery, thermal.charger
    state.temperature_cabin, state.temperature_ambient = thermal.cabin, ambient(car.time)
    _show_tyres(state, thermal.motor)
    for topic in (Topic.TEMPERATURES, Topic.AMBIENT, Topic.TYRES, Topic.CHARGE_TIMER):
        state.updated[topic] = car.time


def _show_tyres(state: CarState, motor: float) -> None:
    """Update the tyres: half as warm as the motor, with pressure by the absolute temperature."""
    assert state.temperature_ambient is not None
    temperature = state.temperature_ambient + (motor - state.temperature_ambient) / 2
    for wheel in WHEELS:
        tyre = state.tyres[wheel]
        tyre.temperature = temperature
        tyre.pressure = TYRE_PRESSURES[wheel] * (273 + temperature) / 293
