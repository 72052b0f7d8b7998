"""When energy flowed in a charge, seen in what it costs where the price changes in the midst."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ovms.server.journeys.values import CurvePoint
from tests.server.journeys.test_tariffs import NIGHT, charge, cost

FALLING = ((0, 0.0, 0.0), (600, 60.0, 11.0), (1200, 36.0, 19.0), (1800, 0.0, 24.0))
"""Seconds, kW, kWh of a fast charge of which only every ten minutes are known."""


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("05:45", "6.50"),  # after 900 s: 11 kWh, and 300 s from 60 to 48 kW
        ("05:55", "8.45"),  # after 300 s from 72 to 66 kW
        ("05:35", "5.25"),  # after 1500 s: 19 kWh, and 300 s from 36 to 30 kW
    ],
)
def test_a_band_begins_between_two_points(start: str, expected: str) -> None:
    """Energy follows the power of both points; at start and end that is what the energy leaves."""
    of = charge(f"2024-05-06T{start}", 0.5, 24.0)
    begin = of.start.time
    curve = [CurvePoint(time=begin + at, power=kw, grid_energy=kwh) for at, kw, kwh in FALLING]
    assert cost(replace(of, curve=tuple(curve)), NIGHT) == expected


@pytest.mark.parametrize("power", [0.0, -3.0, 5.0, 200.0, None])
def test_powers_that_do_not_explain_the_energy(power: float | None) -> None:
    """Where powers say something else than the counter, energy flows evenly between its points."""
    of = charge("2024-05-06T05:45", 0.5, 24.0)
    begin = of.start.time
    curve = [CurvePoint(time=begin + at, power=power, grid_energy=at / 75) for at in (600, 1200)]
    assert cost(replace(of, curve=tuple(curve)), NIGHT) == "7.20"
