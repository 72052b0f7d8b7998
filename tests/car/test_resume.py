"""A simulated car that goes on where a server last heard of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ovms.car.reports import Units, environment, location, status
from ovms.car.vehicles.sim import SCENARIOS, SimCar
from ovms.car.vehicles.sim.car import CarPhase
from ovms.car.vehicles.sim.resume import LastSeen, resume
from ovms.protocol.records import Environment, Location, Status

START = 1_750_000_000.0
AWAY = 8 * 3600.0
"""Seconds for which nobody runs the car."""


def seen(car: SimCar, units: Units = Units.KILOMETRES) -> LastSeen:
    """Return what a server knows of a car."""
    state, identity, now = car.state, car.identity, car.time
    return LastSeen(
        Status.parse(status(state, identity, units, now).encode()),
        Environment.parse(environment(state, identity, units, now).encode()),
        Location.parse(location(state, identity, units, now).encode()),
        now,
    )


def resumed(car: SimCar, units: Units = Units.KILOMETRES) -> SimCar:
    """Return another car of the same scenario that goes on hours later."""
    new = SimCar(start=car.time + AWAY, seed=99, scenario=car.scenario)
    resume(new, seen(car, units))
    return new


def until(name: str, phase: CarPhase, act: int, seconds: float = 0.0) -> SimCar:
    """Return a car that has been at something for a while, in an act of its scenario."""
    car = SimCar(start=START, seed=1, scenario=SCENARIOS[name])
    while car.phase is not phase or car.act != act:
        car.advance(car.time + 10)
    car.advance(car.time + seconds)
    return car


@pytest.mark.parametrize("units", list(Units))
@pytest.mark.parametrize("act", [1, 3])
def test_a_car_on_its_way_goes_on_there(act: int, units: Units) -> None:
    """To town or back: the same road in the same direction, with the same counters."""
    car = until("commute", CarPhase.DRIVING, act, 400)
    new = resumed(car, units)
    assert (new.phase, new.act) == (CarPhase.DRIVING, act)
    before, after = car.state, new.state
    assert after.soc == before.soc
    assert after.odometer == pytest.approx(before.odometer, abs=0.1)
    assert after.trip == pytest.approx(before.trip, abs=0.1)
    assert after.latitude == pytest.approx(before.latitude, abs=1e-4)
    assert after.longitude == pytest.approx(before.longitude, abs=1e-4)
    assert after.direction == pytest.approx(before.direction, abs=1)
    assert after.temperature_battery == pytest.approx(before.temperature_battery, abs=1)
    new.advance(new.time + 3600)
    assert new.state.trip == pytest.approx(new.scenario.way_before(act + 1).route.length, abs=0.2)


@pytest.mark.parametrize("is_locked", [True, False])
def test_a_car_that_was_locked_on_its_way_is_locked(is_locked: bool) -> None:
    """Who sets off has unlocked, and may have locked again since then."""
    car = until("commute", CarPhase.DRIVING, 1, 400)
    car.body.is_locked = is_locked
    car.advance(car.time + 5)
    new = resumed(car)
    assert (new.body.is_locked, new.state.lock_told) == (is_locked, is_locked)


def test_a_fast_charge_goes_on() -> None:
    """The plug, the energy so far and the act are those of before, and it ends as it should."""
    car = until("road-trip", CarPhase.PARKED, 2, 600)
    new = resumed(car)
    assert (new.act, new.charging.plugged_to) == (2, car.charging.plugged_to)
    assert (new.state.charge_state, new.state.plug_type) == ("charging", 7)
    assert new.state.charge_energy == pytest.approx(car.state.charge_energy, abs=0.06)
    assert new.state.grid_energy_total == pytest.approx(car.state.grid_energy_total, abs=0.01)
    assert new.charging.limit == 32
    new.advance(new.time + 7200)
    assert new.act > 2


def test_a_sleeping_car_sleeps_on() -> None:
    """It stays asleep and locked, parked since when it was, its 12 V battery as empty."""
    car = until("parked", CarPhase.PARKED, 0, 5 * 3600)
    new = resumed(car)
    assert not new.body.is_awake
    assert new.body.is_locked
    assert new.state.voltage_12v == pytest.approx(car.state.voltage_12v, abs=0.1)
    assert new.parked_since == pytest.approx(START, abs=1)
    assert new.leaves_at - new.time > 86400


def test_modes_and_the_alarm_are_kept() -> None:
    """What was set stays set: valet mode, charge mode and limit; the alarm still sounds."""
    car = until("valet", CarPhase.PARKED, 3)
    assert car.body.valet
    assert resumed(car).body.valet
    car = until("theft", CarPhase.TOWED, 3, 60)
    new = resumed(car)
    assert (new.phase, new.act, new.body.alarm) == (CarPhase.TOWED, 3, True)
    car = until("commute", CarPhase.PARKED, 0)
    car.charging.mode, car.charging.limit = 3, 10
    car.charging.timer_mode, car.charging.timer_start = 1, 90
    car.advance(car.time + 10)
    charging = resumed(car).charging
    assert (charging.mode, charging.limit) == (3, 10)
    assert (charging.timer_mode, charging.timer_start) == (1, 90)


def test_a_car_that_has_just_come_home_is_plugged_in() -> None:
    """Its driver had not got to it yet when nobody ran the car any more."""
    car = until("commute", CarPhase.ARRIVING, 0, 10)
    assert not car.charging.is_plugged
    assert resumed(car).charging.is_active


def test_what_a_server_does_not_know_is_the_cars_own() -> None:
    """Fields that are missing leave what the car was made with."""
    car = until("commute", CarPhase.PARKED, 2)
    known = seen(car)
    lost = replace(
        known,
        status=replace(known.status, soc=None, charge_end_time=None),
        environment=replace(known.environment, odometer=None, temperature_motor=None),
    )
    new = SimCar(start=car.time, seed=5, scenario=car.scenario)
    own = new.pack.energy, new.odometer, new.thermal.motor
    resume(new, lost)
    assert (new.pack.energy, new.odometer, new.thermal.motor) == own
    assert new.charging.ended is None
