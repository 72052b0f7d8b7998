from __future__ import annotations

import pytest

from ovms.car.reports import Units
from ovms.car.state import CarState
from ovms.car.summary import charge_lines, on_wire, stat_lines


@pytest.mark.parametrize(
    ("state", "units", "expected"),
    [
        (CarState(), Units.MILES, ["Charge state unknown"]),
        (CarState(charge_state="stopped"), Units.MILES, ["Not charging"]),
        (CarState(charge_state="charging", charge_current=10), Units.MILES, ["Charging", "10 A"]),
        (CarState(soc=80.4, charge_state="done", ideal_range=160.9), Units.MILES,
         ["Charging done", "SOC: 80 %", "Ideal range: 100 mi"]),
        (CarState(soc=50, charge_state="charging", charge_mode=3, line_voltage=230,
                  charge_current=15.6, minutes_to_full=90, ideal_range=200, estimated_range=180),
         Units.KILOMETRES,
         ["Charging - range", "230 V/16 A", "Full: 90 min", "SOC: 50 %", "Ideal range: 200 km",
          "Est. range: 180 km"]),
        (CarState(charge_state="prepare", charge_mode=0), Units.MILES, ["Preparing to charge"]),
        (CarState(charge_state="topoff", charge_mode=2), Units.MILES, ["Topping off"]),
    ],
)  # fmt: skip
def test_a_charge_is_told_in_lines(state: CarState, units: Units, expected: list[str]) -> None:
    """State and mode, current, charge and ranges; what is not known is left out."""
    assert list(charge_lines(state, units)) == expected


def test_stat_tells_more() -> None:
    """Also the odometer and the battery's health."""
    state = CarState(soc=50, odometer=1000, cac=120.04, soh=97)
    lines = list(stat_lines(state, Units.KILOMETRES))
    assert lines == [
        "Charge state unknown",
        "SOC: 50 %",
        "ODO: 1000 km",
        "CAC: 120.0 Ah",
        "SOH: 97 %",
    ]


def test_a_text_is_one_field() -> None:
    """Lines are joined by CR, commas and line feeds are none any more."""
    assert on_wire(iter(["a,b", "c\nd"])) == "a;b\rc\rd"
