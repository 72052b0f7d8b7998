"""A simulated electric car: it drives, parks, locks, charges and sleeps, as its scenario says."""

from ovms.car.vehicles.sim.car import SimCar
from ovms.car.vehicles.sim.scenarios import SCENARIOS

__all__ = ["SCENARIOS", "SimCar"]
