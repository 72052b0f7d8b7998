"""The ledger of what a simulated car truly did."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ovms.car.reports import Units
from ovms.car.vehicles.sim import SCENARIOS, SimCar
from ovms.car.vehicles.sim.car import CarPhase, Steps
from ovms.car.vehicles.sim.charging import Plug
from ovms.car.vehicles.sim.commands import CLIMATE_FOR
from ovms.car.vehicles.sim.ledger import LEDGER_LIMIT, Ledger
from ovms.car.vehicles.sim.resume import resume
from ovms.car.vehicles.sim.route import TO_HOME, TO_TOWN
from tests.car.test_resume import seen
from tests.car.test_sim import START, order

HOURS = 3600.0


def commuter(hours: float, limit: int = LEDGER_LIMIT) -> SimCar:
    """Return a commuter's car after some hours."""
    steps = Steps(awake=10, asleep=60)
    car = SimCar(start=START, seed=4, steps=steps, ledger=Ledger(limit))
    car.advance(START + hours * HOURS)
    return car


def test_each_drive_is_a_trip() -> None:
    """There and back, by the car's own books: where, how far, and what the battery lost."""
    car = commuter(5)
    first, second, *_ = car.ledger.trips
    assert first.distance == pytest.approx(TO_TOWN.length, abs=0.01)
    assert second.distance == pytest.approx(TO_HOME.length, abs=0.01)
    begin, end = TO_TOWN.waypoints[0], TO_TOWN.waypoints[-1]
    assert (first.start.latitude, first.start.longitude) == (begin.latitude, begin.longitude)
    assert first.end.latitude == pytest.approx(end.latitude, abs=1e-4)
    assert first.end.longitude == pytest.approx(end.longitude, abs=1e-4)
    lost = (first.start.soc - first.end.soc) / 100 * car.pack.capacity
    assert first.energy_used - first.energy_recovered == pytest.approx(lost, rel=0.03)
    assert first.energy_recovered > 0.1
    assert 600 < first.seconds < 3600
    assert all(a.end.time < b.start.time for a, b in pairwise(car.ledger.trips))


def test_each_charge_is_told() -> None:
    """A charge ends full or unplugged, and the sums of all are the car's own counters."""
    car = commuter(15)
    charges = car.ledger.charges
    assert len(charges) > 3
    assert {each.plug for each in charges} == {Plug.AC}
    if not car.charging.is_active:
        total = sum(each.grid_energy for each in charges)
        assert total == pytest.approx(car.charging.grid_energy_total)
    for each in charges:
        assert each.energy == pytest.approx(0.9 * each.grid_energy)
        assert each.end.soc > each.start.soc
        assert each.distance == 0
        assert each.energy_recovered < each.energy
        nearest = min(abs(each.end.time - trip.start.time) for trip in car.ledger.trips)
        assert each.end.soc == pytest.approx(80, abs=0.1) or nearest < 60


def test_preheating_is_told_apart() -> None:
    """Heating of the parked car is no trip, and has its own entry with what it took."""
    car = SimCar(start=START, seed=4, scenario=SCENARIOS["parked"])
    assert order(car, "26,1") == (0, "")
    car.advance(START + HOURS)
    (preheat,) = car.ledger.preheats
    assert preheat.seconds == pytest.approx(CLIMATE_FOR, abs=20)
    assert preheat.energy_used > 0.05
    assert not car.ledger.trips
    assert not car.ledger.charges


def test_it_is_bounded() -> None:
    """The newest entries are kept, however long the car runs."""
    newest, everything = commuter(15, limit=2), commuter(15)
    assert [*newest.ledger.trips] == [*everything.ledger.trips][-2:]
    assert [*newest.ledger.charges] == [*everything.ledger.charges][-2:]
    assert len(everything.ledger.trips) > 5


def test_a_car_that_goes_on_elsewhere_has_not_driven_there() -> None:
    """After a restart the ledger begins anew: nothing of it is a trip from where it was made."""
    car = SimCar(start=START, seed=1)
    while car.phase is not CarPhase.DRIVING or car.trip < 5:
        car.advance(car.time + 10)
    new = SimCar(start=car.time + HOURS, seed=9)
    resume(new, seen(car, Units.KILOMETRES))
    new.advance(new.time + HOURS)
    first, *_ = new.ledger.trips
    assert first.distance == pytest.approx(TO_TOWN.length - 5, abs=0.2)
    assert first.start.time == car.time + HOURS
