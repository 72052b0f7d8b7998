from __future__ import annotations

from ovms.car.vehicles.sim.car import CarPhase, SimCar
from ovms.cli.demo.cars import DRIVER, MOVING
from ovms.cli.demo.relay import DemoRelay

NOW = 1_750_000_000.0


def test_one_is_always_on_the_road() -> None:
    """When the car parks with which the demo begins, another one has set off before."""
    cars = [car.make(NOW) for car in MOVING]
    relay = DemoRelay(cars)
    parked = 0
    for seconds in range(0, 3000, 2):
        for car in cars:
            car.advance(NOW + seconds)
        relay.look()
        assert any(car.state.is_on for car in cars), seconds
        parked += cars[0].phase is CarPhase.PARKED
    assert parked > 0


def test_a_car_without_charge_is_not_sent_off() -> None:
    """It charges first, and a car that could drive waits while another one is on its way."""
    empty = SimCar(start=NOW, seed=1, scenario=DRIVER.scenario, soc=10)
    full = SimCar(start=NOW, seed=2, scenario=DRIVER.scenario, soc=70)
    empty.stay_until(NOW + 9000)
    full.stay_until(NOW + 9000)
    relay = DemoRelay([empty, full])
    relay.look()
    assert (empty.leaves_at, full.leaves_at) == (NOW + 9000, NOW)
    full.advance(NOW + 60)
    assert full.phase is CarPhase.DRIVING
    relay.look()
    assert empty.leaves_at == NOW + 9000
    DemoRelay([empty]).look()
    assert empty.leaves_at == NOW + 9000
