"""Parked for days with something that drains the 12 V battery."""

from __future__ import annotations

from ovms.car.vehicles.sim.route import TO_HOME, TO_TOWN
from ovms.car.vehicles.sim.scenario import Go, Scenario, Stay

DAYS = 86400.0

PARKED = Scenario(
    name="parked",
    meaning="stands for days and wakes now and then; its 12 V battery drains until it alerts",
    acts=(
        Stay((3 * DAYS, 4 * DAYS), wakes_every=3 * 3600, drain=1.5),
        Go(TO_TOWN),
        Stay((1200, 2400)),
        Go(TO_HOME),
    ),
    first=(3 * DAYS, 4 * DAYS),
    charge_12v=(0.3, 0.5),
)
