"""Three weeks behind a car: what is in them is plausible, and such as a server would have kept."""

from __future__ import annotations

from collections import Counter

import pytest

from ovms.car import charges, trips
from ovms.cli.demo.cars import SLEEPER
from ovms.cli.demo.past import DAYS_BEHIND, live
from ovms.protocol.records import Environment, Location, Status
from ovms.protocol.records.environment import Doors1, Doors3
from ovms.server.hub.telemetry import AT_ONCE_LIMIT
from ovms.server.storage.batch import Batch
from ovms.server.values import ALERT_TYPE, KeptRecord

DAY = 86400.0
NOW = 1_764_185_000.0
"""2025-11-26 19:23 UTC, a Wednesday."""


@pytest.fixture(scope="module")
def past() -> Batch:
    """Return what a server has of three weeks."""
    return live(SLEEPER, NOW)


def records(past: Batch, record_type: str) -> list[KeptRecord]:
    """Return the records of a type in the order in which they were made."""
    kept = (each.record for each in past.history.records[SLEEPER.id].values())
    return sorted((each for each in kept if each.type == record_type), key=lambda each: each.time)


def columns(past: Batch, record_type: str) -> list[list[str]]:
    """Return the columns of the records of a type."""
    return [each.data.decode().split(",") for each in records(past, record_type)]


def test_trips_are_plausible(past: Batch) -> None:
    """Some two a day, their distances those that the odometer shows, their energy that of a car."""
    found = columns(past, trips.TYPE)
    assert 40 < len(found) < 80
    odometer = [float(row[5]) for row in found]
    for before, after, row in zip(odometer, odometer[1:], found[1:], strict=False):
        assert after - before == pytest.approx(float(row[6]), abs=0.01)
    for row in found:
        km, seconds, used, recovered = (float(row[at]) for at in (6, 7, 13, 14))
        assert 15 < 3600 * km / seconds < 130
        assert 0.1 < (used - recovered) / km < 0.3
        assert 10 < float(row[9]) <= 100


def test_charges_are_plausible(past: Batch) -> None:
    """Most at home and some fast, each with an energy that fits the charge that it gave."""
    found = columns(past, charges.TYPE)
    states = Counter(row[6] for row in found)
    assert states["charging"] >= 8
    assert {row[5] for row in found if row[6] == "done"} == {"type2", "ccs"}
    done = [row for row in found if row[6] == "done"]
    assert all(1 < float(row[20]) <= float(row[21]) < 40 for row in done)
    total = [float(row[22]) for row in found]
    assert total == sorted(total)


def test_alerts_are_those_of_a_car(past: Batch) -> None:
    """Charges that ended, some too early, and an alarm."""
    texts = " ".join(each.data.decode() for each in records(past, ALERT_TYPE))
    assert len(records(past, ALERT_TYPE)) > 8
    for text in ("I,Charging done at 80 %", "A,Charging interrupted at", "A,The alarm sounds"):
        assert text in texts


def test_telemetry_is_logged_as_a_server_does(past: Batch) -> None:
    """A code seldom more than once a minute, within the three weeks, until 30 days later."""
    for code, record in (("S", Status), ("D", Environment), ("L", Location)):
        found = records(past, code)
        assert len(found) > 500
        minutes = Counter(each.time // 60 for each in found).values()
        assert max(minutes) <= 2 + 2 * AT_ONCE_LIMIT  # behind what waits, when something begins
        assert sum(count > 2 for count in minutes) < len(minutes) / 20
        assert NOW - (DAYS_BEHIND + 1) * DAY < found[0].time <= found[-1].time <= NOW
        assert all(each.expires - each.time == 30 * DAY for each in found)
        assert not record.parse(found[-1].data).extra


def test_at_the_end_the_car_sleeps(past: Batch) -> None:
    """It has been parked for hours, plugged in or not, and the server knows it as it was."""
    latest = past.messages[SLEEPER.id]
    environment = Environment.parse(latest["D"].data)
    assert not (environment.doors_3 or 0) & Doors3.AWAKE
    assert not (environment.doors_1 or 0) & Doors1.CAR_ON
    assert (environment.parking_time or 0) > 4 * 3600
    assert Status.parse(latest["S"].data).charge_state != "charging"
    assert latest["D"].time > NOW - 3600


@pytest.mark.parametrize("hours", [7, 13])
def test_the_car_sleeps_at_any_hour(hours: float) -> None:
    """Also at the hours at which it usually drives or charges."""
    latest = live(SLEEPER, NOW + hours * 3600).messages[SLEEPER.id]
    environment = Environment.parse(latest["D"].data)
    assert not (environment.doors_3 or 0) & Doors3.AWAKE
    assert (environment.parking_time or 0) > 4 * 3600
