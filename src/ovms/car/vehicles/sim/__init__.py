"""A simulated electric car: it drives a route, parks, locks, charges and sleeps."""

from ovms.car.vehicles.sim.car import SimCar

__all__ = ["SimCar"]
