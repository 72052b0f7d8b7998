"""To town and back, charging at home."""

from __future__ import annotations

from ovms.car.vehicles.sim.charging import Plug
from ovms.car.vehicles.sim.route import TO_HOME, TO_TOWN
from ovms.car.vehicles.sim.scenario import Go, Scenario, Stay

COMMUTE = Scenario(
    name="commute",
    meaning="drives to town, parks, drives back, charges at home; soon the same again",
    acts=(
        Stay((3600, 4800), plug=Plug.AC),
        Go(TO_TOWN),
        Stay((1200, 2400)),
        Go(TO_HOME),
    ),
    first=(30, 90),
)
