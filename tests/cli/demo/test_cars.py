from __future__ import annotations

import pytest

from ovms.car.module import Module
from ovms.car.reports import Units
from ovms.car.vehicles.sim.car import CarPhase
from ovms.car.vehicles.sim.scenario import Go
from ovms.cli.demo.cars import DRIVER, SIMULATED, SLEEPER, TRAVELLER, DemoCar
from ovms.cli.demo.vehicles import PLACES
from ovms.protocol.messages import LatestMessage

NOW = 1_750_000_000.0


def latest(car: DemoCar, seconds: float) -> dict[str, LatestMessage]:
    """Return what a server has of a car that has run for a while."""
    vehicle = car.make(NOW)
    module = Module(vehicle, Units.KILOMETRES, car.id)
    messages = module.connect(NOW + seconds)
    return {each.code: LatestMessage(each.code, each.data, NOW + seconds) for each in messages}


def test_what_the_demo_shows_at_once() -> None:
    """One car drives and one charges fast, from the first second on."""
    driver, traveller = DRIVER.make(NOW), TRAVELLER.make(NOW)
    assert driver.phase is CarPhase.DRIVING
    assert (driver.state.speed or 0) > 20
    assert traveller.state.charge_state == "charging"
    assert (traveller.state.charge_power or 0) > 40
    assert driver.body.is_awake
    assert traveller.body.is_awake


@pytest.mark.parametrize("car", SIMULATED, ids=lambda car: car.id)
def test_a_car_goes_on_where_the_server_last_heard_of_it(car: DemoCar) -> None:
    """Odometer, charge and place are those of before, although hours have passed."""
    known = latest(car, 300)
    before = car.make(NOW)
    before.advance(NOW + 300)
    after = car.go_on(NOW + 90_000, known)
    assert after.state.vin == before.state.vin
    assert after.state.soc == before.state.soc
    assert after.odometer == pytest.approx(before.odometer, abs=0.1)
    assert after.place.latitude == pytest.approx(before.place.latitude, abs=1e-4)
    assert after.act == before.act or car is SLEEPER


def test_a_car_that_the_server_never_heard_of_begins() -> None:
    """Without a latest message of each kind there is nothing to go on from."""
    some = {code: each for code, each in latest(DRIVER, 300).items() if code != "L"}
    assert DRIVER.go_on(NOW, some).odometer == DRIVER.make(NOW).odometer


def test_the_sleeper_sleeps_whatever_the_time() -> None:
    """A car that leaves by the time of day does not leave just when the demo is started."""
    known = latest(SLEEPER, 5 * 3600)
    for hour in range(24):
        now = NOW + 86_400 + 3600 * hour
        car = SLEEPER.go_on(now, known)
        assert car.leaves_at > now + 6 * 3600
        assert not car.body.is_awake


@pytest.mark.parametrize("car", SIMULATED, ids=lambda car: car.id)
def test_each_stop_of_a_car_has_a_name(car: DemoCar) -> None:
    """Journeys begin and end at places, as those of a household's car do."""
    places = {(each.latitude, each.longitude) for each in PLACES.values()}
    drives = [act for act in car.scenario.acts if isinstance(act, Go)]
    assert drives
    for drive in drives:
        for end in (drive.route.waypoints[0], drive.route.waypoints[-1]):
            assert (end.latitude, end.longitude) in places
