"""Somebody else has the key, and drives further than allowed."""

from __future__ import annotations

from ovms.car.vehicles.sim.charging import Plug
from ovms.car.vehicles.sim.route import Route, Waypoint
from ovms.car.vehicles.sim.scenario import Go, Scenario, Stay, Valet

HOTEL = Waypoint(48.14020, 11.55840, 519, 30)
GARAGE = Waypoint(48.14310, 11.55520, 519, 20)

INTO_GARAGE = Route.along((HOTEL, Waypoint(48.14170, 11.55710, 519, 30), GARAGE))
"""500 m, which is allowed."""

ASTRAY = Route.along(
    (
        GARAGE,
        Waypoint(48.14690, 11.55200, 518, 50, light=True),
        Waypoint(48.15350, 11.55010, 516, 60),
        Waypoint(48.16240, 11.54710, 513, 80),
        Waypoint(48.17120, 11.55490, 508, 100),
        Waypoint(48.17440, 11.57010, 505, 50),
    )
)
"""4 km away."""

BACK = Route.along((*ASTRAY.waypoints[::-1], Waypoint(48.14170, 11.55710, 519, 30), HOTEL))

VALET = Scenario(
    name="valet",
    meaning="given away in valet mode, driven to a garage and then, slowly, too far: it alerts",
    acts=(
        Stay((1800, 3600), plug=Plug.AC),
        Valet(True),
        Go(INTO_GARAGE),
        Stay((300, 600)),
        Go(ASTRAY),
        Stay((300, 600)),
        Go(BACK),
        Valet(False),
    ),
    first=(60, 120),
)
