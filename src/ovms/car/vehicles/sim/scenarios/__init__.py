"""The scenarios by name. Each is a module of its own."""

from __future__ import annotations

from ovms.car.vehicles.sim.scenario import Scenario
from ovms.car.vehicles.sim.scenarios.commute import COMMUTE
from ovms.car.vehicles.sim.scenarios.parked import PARKED
from ovms.car.vehicles.sim.scenarios.road_trip import ROAD_TRIP
from ovms.car.vehicles.sim.scenarios.theft import THEFT
from ovms.car.vehicles.sim.scenarios.valet import VALET
from ovms.car.vehicles.sim.scenarios.week import WEEK

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for scenario in (COMMUTE, ROAD_TRIP, PARKED, VALET, THEFT, WEEK)
}

__all__ = ["SCENARIOS"]
