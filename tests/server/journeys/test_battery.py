"""The battery over time, by temperature, and what it has lost."""

from __future__ import annotations

from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ovms.server.journeys.battery import BatteryHistory, battery_history
from ovms.server.journeys.values import Charge, JourneyEnd, Trip

JANUARY = 1_704_067_200
"""2024-01-01 00:00 UTC."""
MID_MONTH = JANUARY + 15 * 86400
MONTH = 2_629_800


def charge(
    time: int = JANUARY, *, capacity: float = 50, soc: tuple[float, float] = (20, 80), **more: Any
) -> Charge:
    """Return a charge of a battery of that capacity."""
    energy = capacity * (soc[1] - soc[0]) / 100
    values: dict[str, Any] = {"energy": energy, "grid_energy": energy / 0.9}
    return Charge(
        start=JourneyEnd(time=time, soc=soc[0]),
        end=JourneyEnd(time=time + 3600, soc=soc[1]),
        **{**values, **more},
    )


def years(loss: float, months: int = 24, *, a_month: int = 8) -> list[Charge]:
    """Return the charges of two years in which a part of the capacity is lost, read with errors."""
    random = Random(5)  # noqa: S311 (the same each time)
    return [
        charge(
            JANUARY + int(MONTH * (at / a_month)),
            capacity=60 * (1 - loss * at / a_month / months) * random.gauss(1, 0.02),
            soc=(30, random.choice([55, 70, 80, 90])),
        )
        for at in range(months * a_month)
    ]


def test_a_month_has_what_its_charges_show() -> None:
    """Capacity by those of many percents, and what the car says apart from it."""
    history = battery_history(
        [
            charge(capacity=52, cac=160, soh=96, temperature_battery=21.5),
            charge(JANUARY + 86400, capacity=70, soc=(70, 80)),
            charge(JANUARY + 2 * 86400, capacity=53.5, estimated=("energy",)),
        ],
        [],
    )
    [month] = history.months
    assert month.month == "2024-01"
    assert (month.capacity, month.capacity_charges, month.charges) == (52, 1, 3)
    assert (month.cac, month.soh, month.temperature) == (160, 96, 21.5)
    assert month.car_capacity is None
    assert month.cycles == pytest.approx(1.3)
    assert month.efficiency == 90
    assert (history.capacity, history.cac, history.soh) == (52, 160, 96)
    [temperature] = history.temperatures
    assert (temperature.temperature, temperature.capacity) == (20, 52)


@pytest.mark.parametrize("loss", [0.0, 0.03, 0.12])
def test_what_the_battery_lost_is_a_robust_trend(loss: float) -> None:
    """A wrong charge now and then does not change it."""
    charges = years(loss)
    charges[3] = charge(JANUARY + 9 * 86400, capacity=90)
    charges[99] = charge(charges[99].start.time, capacity=31)
    history = battery_history(charges, [])
    assert history.degradation == pytest.approx(100 * loss * 23 / 24, abs=1.0)
    assert history.capacity == pytest.approx(60 * (1 - loss), rel=0.01)
    assert 24 <= len(history.months) <= 25


def test_too_few_months_say_nothing_of_the_loss() -> None:
    """The capacity is that of the last of them."""
    history = battery_history(years(0.1, months=4), [])
    assert history.degradation is None
    assert history.capacity == pytest.approx(56, rel=0.03)
    assert battery_history([], []) == BatteryHistory()


def test_what_the_car_says_has_a_trend_of_its_own() -> None:
    """Without energies there is no other."""
    charges = [
        charge(MID_MONTH + at * MONTH, energy=None, grid_energy=None, cac=160.0 - at)
        for at in range(9)
    ]
    history = battery_history(charges, [])
    assert history.degradation is None
    assert history.car_degradation == pytest.approx(5)
    assert history.cycles == pytest.approx(5.4)


def test_a_gap_in_the_years_is_a_gap_in_the_months() -> None:
    """The trend is by the calendar, not by rows."""
    charges = [each for each in years(0.12) if not 6 < (each.start.time - JANUARY) / MONTH < 15]
    history = battery_history(charges, [])
    assert history.degradation == pytest.approx(11.5, abs=1.2)


def test_the_full_range_is_that_of_the_full_battery() -> None:
    """By month and by the temperature outside; a nearly empty battery says nothing of it."""
    trips = [
        Trip(
            start=JourneyEnd(time=MID_MONTH + at * MONTH, soc=80, ideal_range=ideal),
            end=JourneyEnd(time=MID_MONTH + at * MONTH + 1800, soc=10, ideal_range=90),
            distance=50,
            energy_used=energy,
            temperature_ambient=temperature,
        )
        for at, (ideal, energy, temperature) in enumerate([(200, 11, -7.5), (240, 8, 21)])
    ]
    history = battery_history([], trips)
    assert [each.full_range for each in history.months] == [250, 300]
    assert [each.distance for each in history.months] == [50, 50]
    assert history.full_range == 300
    cold, warm = history.temperatures
    assert (cold.temperature, cold.full_range, cold.consumption) == (-10, 250, 22)
    assert (warm.temperature, warm.full_range, warm.consumption) == (20, 300, 16)


def test_months_are_those_of_the_owner() -> None:
    """The new year comes earlier in the east."""
    early = [charge(JANUARY - 3600)]
    assert battery_history(early, []).months[0].month == "2023-12"
    zone = ZoneInfo("Europe/Berlin")
    assert battery_history(early, [], zone=zone).months[0].month == "2024-01"


def test_the_order_does_not_count() -> None:
    """What is stored comes newest first."""
    charges = years(0.05)
    assert battery_history(reversed(charges), []) == battery_history(charges, [])
