"""Days, places and costs of journeys, as they follow from the vehicle's owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from ovms.server.journeys.tariffs import parse_tariff
from ovms.server.journeys.values import JourneyEnd, Position
from ovms.server.storage.journey_context import (
    cost_values,
    from_mills,
    journey_context,
    known_places,
    to_mills,
)
from ovms.server.storage.places import make_place, remove_place, set_tariff
from tests.server.journeys.made import HOME, NOON, WORK, charge, parked, trip

if TYPE_CHECKING:
    from ovms.server.storage.database import Database

BOB = 1
NIGHT = {"energy_price": 2, "bands": [{"price": 1, "from": "22:00", "until": "06:00"}]}


@pytest.mark.parametrize(
    ("cost", "mills"), [("1.2345", 1235), ("0.0004", 0), ("-2", -2000), ("12.3", 12300)]
)
def test_costs_are_whole_mills(cost: str, mills: int) -> None:
    """A half is rounded up, as in a shop."""
    assert to_mills(Decimal(cost)) == mills
    assert from_mills(mills) == Decimal(mills) / 1000
    assert from_mills(None) is None


def test_where_journeys_began_and_ended(database: Database) -> None:
    """A trip that goes on has not ended; what stood still was where one of its ends is known."""
    with database.writing() as connection:
        home = make_place(connection, BOB, "Home", HOME, 1.0).id
        work = make_place(connection, BOB, "Work", WORK, 1.0).id
        context = journey_context(connection, "CAR1")
        assert context.place_ids(trip()) == (home, work)
        assert context.place_ids(trip(closed=None)) == (home, None)
        assert context.place_ids(parked()) == (home, home)
        nowhere = JourneyEnd(time=NOON)
        assert context.place_ids(replace(charge(), start=nowhere)) == (home, home)
        assert context.place_ids(replace(charge(), start=nowhere, end=nowhere)) == (None, None)
        assert journey_context(connection, "CAR9").place_ids(parked()) == (None, None)


def test_a_cost_is_in_the_places_currency(database: Database) -> None:
    """A place abroad has its own; what the owner said is in that, too."""
    with database.writing() as connection:
        home = make_place(connection, BOB, "Home", HOME, 1.0, currency="JPY").id
        set_tariff(connection, BOB, home, None, parse_tariff({"energy_price": "0.35"}), 1.0)
        context = journey_context(connection, "CAR1")
        assert cost_values(context, charge(), home) == {
            "cost": 2000, "currency": "JPY", "has_own_cost": False}  # fmt: skip
        assert cost_values(context, charge(), home, Decimal("1.5")) == {
            "cost": 1500, "currency": "JPY", "has_own_cost": True}  # fmt: skip
        assert cost_values(context, charge(), None, Decimal(2))["currency"] == "EUR"
        nothing = {"cost": None, "currency": None, "has_own_cost": False}
        assert cost_values(context, charge(), None) == nothing
        assert cost_values(context, parked(), home) == nothing


def test_bands_are_of_the_places_zone(database: Database) -> None:
    """NOON is past midnight in Auckland."""
    with database.writing() as connection:
        home = make_place(connection, BOB, "Home", HOME, 1.0).id
        set_tariff(connection, BOB, home, None, parse_tariff(NIGHT), 1.0)
        away = make_place(connection, BOB, "A", WORK, 1.0, zone="Pacific/Auckland").id
        set_tariff(connection, BOB, away, None, parse_tariff(NIGHT), 1.0)
        context = journey_context(connection, "CAR1")
        assert context.cost(charge(), home) == (14_000, "EUR")
        assert context.cost(charge(), away) == (7_000, "EUR")
        assert context.prices_vary


def test_a_removed_place_says_what_it_cost_then(database: Database) -> None:
    """It does for what was charged until then, where no other place says another cost."""
    later = charge(NOON + 86400, NOON + 90_000)
    with database.writing() as connection:
        home = make_place(connection, BOB, "Home", HOME, 1.0).id
        set_tariff(connection, BOB, home, None, parse_tariff({"energy_price": "0.50"}), 1.0)
        remove_place(connection, BOB, home, NOON + 7200.0)
        context = journey_context(connection, "CAR1")
        assert (context.places, len(known_places(connection, BOB))) == ([], 1)
        assert not context.has_place(home)
        assert context.cost(charge(), None) == (3500, "EUR")
        assert context.cost(later, None) is None
        there = JourneyEnd(time=NOON, position=Position(latitude=1, longitude=1))
        elsewhere = replace(charge(), start=there)
        assert context.cost(elsewhere, None) is None
        again = make_place(connection, BOB, "Home", HOME, 1.0).id
        context = journey_context(connection, "CAR1")
        assert context.cost(charge(), again) == (3500, "EUR")
        set_tariff(connection, BOB, again, None, parse_tariff({"free": True}), 1.0)
        assert journey_context(connection, "CAR1").cost(charge(), again) == (0, "EUR")


def test_one_price_needs_no_curves(database: Database) -> None:
    """Nor does a place without a tariff; two prices do."""
    with database.writing() as connection:
        assert not journey_context(connection, "CAR1").prices_vary
        home = make_place(connection, BOB, "Home", HOME, 1.0).id
        set_tariff(connection, BOB, home, None, parse_tariff({"energy_price": 1}), 1.0)
        assert not journey_context(connection, "CAR1").prices_vary
        set_tariff(connection, BOB, home, date(2025, 1, 1), parse_tariff({"energy_price": 2}), 1.0)
        assert journey_context(connection, "CAR1").prices_vary
