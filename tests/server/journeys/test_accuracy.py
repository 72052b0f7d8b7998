"""Weeks and years of simulated cars: their journeys against what they truly did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ovms.server.journeys.tariffs import Tariff, TariffBand, charge_cost
from ovms.server.journeys.values import Charge, Journey, Parked, Trip
from tests.server.journeys.comparing import (
    Comparison,
    Pair,
    compare_charges,
    compare_trips,
    fold,
    was_heard_off,
)
from tests.server.journeys.harness import (
    AWAKE_STEP,
    COMMUTER,
    EVERY_REPORTING,
    NO_LOSSES,
    PIC,
    TRAVELLER,
    Lived,
    Reporting,
    live,
)

SCENARIOS = {each.name: each for each in (COMMUTER, TRAVELLER)}
WEEK, YEAR = 7, 365

LATE = 600.0
"""Seconds that something is reported late where only ten-minute reports are."""

LEAST_CHARGE = 0.1
"""kWh below which a charge is none."""

TENTH = 0.17
"""km: counters are sent in tenths of a mile, at the start and at the end."""

SOC_STEP = 0.42
"""kWh of a percent of the battery, in which it is known where counters are lost."""

ZONE = ZoneInfo("Europe/Berlin")
NIGHTLY = Tariff(
    energy_price=Decimal("0.3129"),
    bands=(TariffBand(price=Decimal("0.1987"), since=22 * 60, until=6 * 60, days=tuple(range(7))),),
    session_price=Decimal("0.35"),
)


@cache
def lived(name: str, days: int) -> Lived:
    """Return a car's life in a scenario, with all its modules."""
    return live(SCENARIOS[name], days)


EACH_CAR = pytest.mark.parametrize("name", SCENARIOS)
EACH_MODULE = pytest.mark.parametrize("reporting", EVERY_REPORTING, ids=lambda each: each.name)


@EACH_CAR
def test_a_week(name: str) -> None:
    """No trip and no charge is missing or told twice; km, kWh and costs are the true ones.

    To live takes longer than all that is looked at, so it is one test, and one worker's.
    """
    life = lived(name, WEEK)
    for reporting in EVERY_REPORTING:
        try:
            check(life, reporting)
        except AssertionError as error:
            error.add_note(f"as {reporting.name} tells it")
            raise


@pytest.mark.soak
@EACH_CAR
@EACH_MODULE
def test_a_year(name: str, reporting: Reporting) -> None:
    """So is a whole year."""
    check(lived(name, YEAR), reporting)


def check(life: Lived, reporting: Reporting) -> None:
    """Assert that the journeys are those that the car truly made, as far as it told of them."""
    records = life.records[reporting.name]
    journeys = fold(records, is_pic=reporting.is_pic)
    trips = compare_trips(life.ledger.trips, journeys)
    late = max(LATE, reporting.losses.longest)
    charges = compare_charges(life.ledger.charges, journeys, late)
    assert trips.missing == []
    assert [each for each in charges.missing if each.energy_recovered > LEAST_CHARGE] == []
    assert trips.surplus == []
    assert charges.surplus == []
    for pair in trips.pairs:
        for before, after in pairwise(pair.entries):
            assert not was_heard_off(records, before.end.time, after.start.time), pair
        check_trip(pair, reporting)
    for each in charges.pairs:
        assert len(each.entries) == 1, each
        check_charge(each, reporting, life)
    check_sums(trips, charges, reporting)
    check_order(journeys)


def share(reporting: Reporting) -> float:
    """Return the fraction by which a figure may be wrong."""
    return 0.01 if reporting.tells_changes and reporting.losses == NO_LOSSES else 0.03


def check_trip(pair: Pair[Trip], reporting: Reporting) -> None:
    """Assert that a trip's figures are right."""
    trip, first, last = pair.journey, pair.entries[0], pair.entries[-1]
    assert trip.distance == pytest.approx(pair.distance, rel=share(reporting), abs=TENTH)
    if not trip.has_gaps:  # else energies were lost, too; their sum is right all the same
        is_estimated = bool({"energy_used", "energy_recovered"} & {*trip.estimated})
        rounding = 1.5 * SOC_STEP if is_estimated else 0.06
        assert trip.energy == pytest.approx(pair.used, rel=share(reporting), abs=rounding), trip
    if reporting.losses == NO_LOSSES:
        late = 30 if reporting.tells_changes else LATE
        assert trip.start.time == pytest.approx(first.start.time, abs=late)
        assert trip.end.time == pytest.approx(last.end.time, abs=late)
    for end, true in ((trip.start, first.start), (trip.end, last.end)):
        assert end.odometer == pytest.approx(true.odometer, abs=TENTH)
        if reporting.losses == NO_LOSSES and reporting.tells_changes:
            assert end.soc == pytest.approx(true.soc, abs=1.5)


def check_charge(pair: Pair[Charge], reporting: Reporting, life: Lived) -> None:
    """Assert that a charge's figures are right, and its cost to the cent."""
    charge, (entry,) = pair.journey, pair.entries
    rounding = 0.1 if reporting is PIC else 0.06
    assert charge.energy == pytest.approx(pair.energy, rel=share(reporting), abs=rounding), charge
    if reporting is not PIC:
        assert charge.grid_energy == pytest.approx(
            pair.grid_energy, rel=share(reporting), abs=0.02
        ), charge
        cost = charge_cost(charge, [(None, NIGHTLY)], ZONE)
        assert cost is not None
        lost = 0.0 if reporting.losses == NO_LOSSES else share(reporting)
        assert float(cost) == pytest.approx(true_cost(pair, life), rel=lost, abs=0.0101), charge
    if reporting.losses == NO_LOSSES:
        late = 60 if reporting.tells_changes else LATE
        assert charge.start.time == pytest.approx(entry.start.time, abs=late)
        assert charge.end.time == pytest.approx(entry.end.time, abs=late)


def true_cost(pair: Pair[Charge], life: Lived) -> float:
    """Return what a charge truly costs: by the meter, step by step."""
    start, end = pair.entries[0].start.time, pair.entries[-1].end.time
    flowed = [
        (high - low) * mean_price(before, time)
        for (before, low), (time, high) in pairwise(life.meter)
        if start < time <= end
    ]
    return 0.35 + sum(flowed)


def mean_price(since: float, until: float) -> float:
    """Return the price of a kWh that flows evenly: a step of ten seconds may have two."""
    since = max(since, until - AWAKE_STEP)  # before that it did not charge
    edge = until - until % 3600  # of all zones and bands here
    late = (until - max(edge, since)) / (until - since)
    return late * price_at(until) + (1 - late) * price_at(since)


def price_at(time: float) -> float:
    """Return the price of a kWh."""
    hour = datetime.fromtimestamp(time, ZONE).hour
    return 0.1987 if hour >= 22 or hour < 6 else 0.3129


def check_sums(trips: Comparison[Trip], charges: Comparison[Charge], reporting: Reporting) -> None:
    """Assert that what adds up is right, too."""
    part = 0.01 if reporting.tells_changes else 0.03
    assert total(e.journey.distance for e in trips.pairs) == pytest.approx(
        total(e.distance for e in trips.pairs), rel=part
    )
    assert total(e.journey.energy for e in trips.pairs) == pytest.approx(
        total(e.used for e in trips.pairs), rel=part
    )
    assert total(e.journey.energy for e in charges.pairs) == pytest.approx(
        total(e.energy for e in charges.pairs), rel=part
    )


def total(values: Iterable[float | None]) -> float:
    """Return a sum of what is known."""
    return sum(each or 0.0 for each in values)


def check_order(journeys: list[Journey]) -> None:
    """Assert that trips and parked times follow each other without overlap."""
    for kinds in ((Trip, Parked), (Charge,)):
        some = sorted((e for e in journeys if isinstance(e, kinds)), key=lambda e: e.start.time)
        for before, after in pairwise(some):
            assert before.end.time <= after.start.time, (before, after)
