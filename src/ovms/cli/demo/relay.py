"""Nearly always one of the demo's cars is on the road: whoever looks at it sees a car that moves.

When all others lack charge, a car that has just parked sets off again, a minute later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ovms.car.vehicles.sim.car import CarPhase, SimCar

LAST_KM: Final = 0.7
"""Km before its end at which a drive counts as over: another car takes half a minute to set off."""


class DemoRelay:
    """Sends a car off when no other one drives. Besides each drives when its scenario says so."""

    def __init__(self, cars: Sequence[SimCar]) -> None:
        self._cars = cars

    def look(self) -> None:
        """Send off the car that has stood longest and has the charge, if none is on the road."""
        if any(map(_is_on_the_road, self._cars)):
            return
        parked = [car for car in self._cars if car.phase is CarPhase.PARKED]
        ready = [car for car in parked if car.spare_soc >= 0]
        if ready:
            car = min(ready, key=lambda car: car.parked_since or car.time)
            car.stay_until(car.time)


def _is_on_the_road(car: SimCar) -> bool:
    is_driving = car.phase is CarPhase.DRIVING and car.km_to_go > LAST_KM
    return is_driving or car.phase is CarPhase.LEAVING
