"""A long motorway drive with fast charges on the way, and back the next day."""

from __future__ import annotations

from ovms.car.vehicles.sim.charging import Plug
from ovms.car.vehicles.sim.route import HOME_TO_TOWN, Route, Waypoint
from ovms.car.vehicles.sim.scenario import Go, Scenario, Stay

FIRST = Route.along(
    (
        HOME_TO_TOWN[0],
        Waypoint(48.26120, 11.64010, 477, 70, light=True),
        Waypoint(48.27310, 11.62560, 474, 110),
        Waypoint(48.34470, 11.59850, 458, 120),
        Waypoint(48.43380, 11.58710, 470, 120),
        Waypoint(48.53180, 11.54830, 452, 120),
        Waypoint(48.62480, 11.52040, 411, 120),
        Waypoint(48.72730, 11.46110, 372, 100),
        Waypoint(48.80130, 11.46180, 372, 120),
        Waypoint(48.90410, 11.43720, 498, 120),
        Waypoint(48.97430, 11.40150, 482, 100),
        Waypoint(49.04620, 11.35310, 392, 60),
        Waypoint(49.04990, 11.34890, 388, 20),
    )
)
SECOND = Route.along(
    (
        FIRST.waypoints[-1],
        Waypoint(49.05410, 11.34520, 392, 80),
        Waypoint(49.13340, 11.31970, 455, 120),
        Waypoint(49.24960, 11.27230, 388, 120),
        Waypoint(49.37080, 11.21690, 375, 110),
        Waypoint(49.46090, 11.19740, 352, 120),
        Waypoint(49.55240, 11.33870, 368, 120),
        Waypoint(49.67210, 11.46520, 452, 100),
        Waypoint(49.76480, 11.53390, 456, 120),
        Waypoint(49.87720, 11.59810, 420, 120),
        Waypoint(49.94060, 11.60350, 352, 60),
        Waypoint(49.94380, 11.60820, 350, 20),
    )
)
THIRD = Route.along(
    (
        SECOND.waypoints[-1],
        Waypoint(49.96320, 11.62640, 388, 100),
        Waypoint(50.04580, 11.68370, 478, 120),
        Waypoint(50.14210, 11.76230, 545, 120),
        Waypoint(50.24730, 11.85310, 566, 120),
        Waypoint(50.32890, 11.88070, 531, 80),
        Waypoint(50.32210, 11.90960, 506, 50, light=True),
        Waypoint(50.31960, 11.91730, 500, 30),
    )
)
FAST = Stay((2400, 3600), plug=Plug.DC, until_charged=True)
NIGHT = Stay((10 * 3600, 12 * 3600), plug=Plug.AC)

ROAD_TRIP = Scenario(
    name="road-trip",
    meaning="drives 260 km in three legs with fast charges between, and back the next day",
    acts=(
        NIGHT,
        Go(FIRST), FAST, Go(SECOND), FAST, Go(THIRD),
        NIGHT,
        Go(THIRD.reversed()), FAST, Go(SECOND.reversed()), FAST, Go(FIRST.reversed()),
    ),
    first=(60, 180),
    soc=(84, 92),
)  # fmt: skip
