"""The cars of the demo: one drives, one charges fast, one sleeps after weeks, one is a recording.

A simulated car begins in the midst of its scenario. When the demo is started again it goes on where
the server last heard of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ovms.car.vehicles.sim import SimCar
from ovms.car.vehicles.sim.car import Steps
from ovms.car.vehicles.sim.resume import LastSeen, resume
from ovms.car.vehicles.sim.scenario import Scenario, Stay
from ovms.car.vehicles.sim.scenarios.commute import COMMUTE
from ovms.car.vehicles.sim.scenarios.road_trip import FAST, ROAD_TRIP
from ovms.car.vehicles.sim.scenarios.week import WEEK
from ovms.protocol.messages import LatestMessage
from ovms.protocol.records import Environment, Location, Status

SLEEPS_ON: Final = 6 * 3600.0
"""Seconds that a car sleeps on which leaves by the time of day, whatever that is."""

STATE_CODES: Final = ("S", "D", "L")
"""Codes of the messages that a car's state is taken up from."""


@dataclass(frozen=True, slots=True)
class DemoCar:
    """A simulated car of the demo, and where it begins."""

    id: str
    name: str
    scenario: Scenario
    seed: int
    phase: float = 0.0
    soc: float | None = None

    @property
    def vin(self) -> str:
        """Its VIN, the same at each start."""
        return f"0VMSSM1DEM0{self.seed:06}"

    def make(self, now: float, *, phase: float | None = None, steps: Steps | None = None) -> SimCar:
        """Return the car as it begins, in its own phase unless another one is given."""
        return SimCar(
            start=now,
            seed=self.seed,
            vin=self.vin,
            scenario=self.scenario,
            phase=self.phase if phase is None else phase,
            soc=self.soc,
            steps=steps,
        )

    def go_on(self, now: float, latest: Mapping[str, LatestMessage]) -> SimCar:
        """Return the car where the server last heard of it; as it begins if it never did."""
        if not all(code in latest for code in STATE_CODES):
            return self.make(now)
        heard = max(latest[code].time for code in STATE_CODES)
        car = SimCar(start=now, seed=self.seed + int(heard), vin=self.vin, scenario=self.scenario)
        seen = LastSeen(
            Status.parse(latest["S"].data),
            Environment.parse(latest["D"].data),
            Location.parse(latest["L"].data),
            heard,
        )
        resume(car, seen)
        stay = car.scenario.act(car.act)
        if isinstance(stay, Stay) and stay.leaves is not None:  # one of the demo's cars sleeps
            car.stay_until(stay.end(now + SLEEPS_ON, car.random))
        return car


TO_TOWN: Final = 1
"""The act of a commute in which the car drives to town."""

DRIVER: Final = DemoCar("DEMO", "Commuter", COMMUTE, 1, COMMUTE.phase_of(TO_TOWN, 0.1), 74)
TOUR: Final = replace(
    ROAD_TRIP,
    name="tour",
    meaning="drives 260 km in three legs, and back, with a fast charge before each",
    acts=tuple(FAST if isinstance(act, Stay) else act for act in ROAD_TRIP.acts),
)
"""A road trip without nights."""

TRAVELLER: Final = DemoCar(
    "DEMO2", "Long-distance car", TOUR, 2, TOUR.phase_of(TOUR.acts.index(FAST, 1), 0.05), 45
)
SLEEPER: Final = DemoCar("DEMO3", "Family car", WEEK, 3)
MOVING: Final = (DRIVER, TRAVELLER)
"""Of these one is nearly always on the road."""

SIMULATED: Final = (DRIVER, TRAVELLER, SLEEPER)

ROADSTER: Final = "ROADSTER"
"""The vehicle id of the recording."""

VEHICLES: Final = {car.id: car.name for car in SIMULATED} | {ROADSTER: "Recorded Roadster"}
"""All cars and their names."""
