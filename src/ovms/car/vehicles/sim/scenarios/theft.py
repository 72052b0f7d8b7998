"""The car is broken open, towed away, found, and driven home by its owner."""

from __future__ import annotations

from ovms.car.vehicles.sim.route import TO_HOME, Route, Waypoint
from ovms.car.vehicles.sim.scenario import Alarm, Go, Scenario, Stay, Tow

AWAY = Route.along(
    (
        TO_HOME.waypoints[-1],
        Waypoint(48.25160, 11.65990, 480, 50),
        Waypoint(48.25780, 11.67350, 477, 60),
        Waypoint(48.26940, 11.67060, 473, 80),
        Waypoint(48.28420, 11.66480, 469, 60),
        Waypoint(48.28830, 11.67210, 468, 30),
    )
)
"""6 km."""

THEFT = Scenario(
    name="theft",
    meaning="broken open and carried away: the alarm sounds, it alerts; found later",
    acts=(
        Stay((4 * 3600, 6 * 3600)),
        Alarm(True),
        Stay((60, 90)),
        Tow(AWAY),
        Stay((20, 60)),
        Alarm(False),
        Stay((2 * 3600, 3 * 3600)),
        Go(AWAY.reversed()),
    ),
    first=(120, 300),
)
