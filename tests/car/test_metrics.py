from __future__ import annotations

from ovms.car.metrics import metrics
from ovms.car.state import CarState
from ovms.car.vehicles.sim import SimCar
from ovms.protocol.records.environment import Doors1


def test_what_is_known_is_named() -> None:
    """With its unit, sorted; numbers without idle digits, switches as yes and no."""
    state = CarState(soc=64, ideal_range=185.5, gps_lock=True, doors_1=Doors1.LEFT_DOOR)
    state.tyres["fr"].pressure = 250.0
    found = dict(metrics(state))
    assert list(found) == sorted(found)
    expected = {
        "v.b.soc": "64 %", "v.b.range.ideal": "185.5 km", "v.p.gpslock": "yes", "v.d.fl": "yes",
        "v.d.cp": "no", "v.e.on": "no",
        "v.t.pressure.fr": "250 kPa", "v.d.fr": "no", "v.e.handbrake": "no",
    }  # fmt: skip
    assert found == expected


def test_bits_that_were_never_read_are_not_named() -> None:
    """A car of which only the ignition is known has no doors, no lock and no charge to tell."""
    state = CarState()
    state.put_bit(Doors1.CAR_ON, True)
    assert dict(metrics(state)) == {"v.e.on": "yes"}


def test_a_whole_car_has_every_metric_once() -> None:
    """A simulated car knows nearly all of them, each under a name of its own."""
    names = [name for name, _ in metrics(SimCar(start=0, seed=1).state)]
    assert len(names) == len(set(names)) > 55
