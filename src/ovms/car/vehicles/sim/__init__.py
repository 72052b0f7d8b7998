"""A simulated electric car, which drives, parks, locks, charges and sleeps by a scenario."""

from ovms.car.vehicles.interface import VehicleOptions
from ovms.car.vehicles.sim.car import SimCar
from ovms.car.vehicles.sim.scenarios import SCENARIOS

__all__ = ["SCENARIOS", "SimCar", "make_sim"]


def make_sim(options: VehicleOptions) -> SimCar:
    """Return a simulated car."""
    return SimCar(
        start=options.start,
        seed=options.seed,
        pin=options.pin,
        vin=options.vin,
        scenario=SCENARIOS[options.scenario],
        phase=options.phase,
        soc=options.soc,
    )
