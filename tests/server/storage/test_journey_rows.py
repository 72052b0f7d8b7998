"""What follows from a journey and its owner, as it is stored."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ovms.server.journeys.shown import ShownJourney
from ovms.server.journeys.values import Purpose
from ovms.server.storage.journey_context import journey_context
from ovms.server.storage.journey_rows import journey_values
from tests.server.journeys.made import NOON, charge, trip
from tests.server.storage.databases import execute

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def test_the_days_are_the_owners(database: Database) -> None:
    """Without a zone of their own they are those of UTC, also of a vehicle that nobody has."""
    execute(database, "UPDATE owners SET zone = 'Pacific/Auckland', currency = 'NZD'")
    with database.reading() as connection:
        context = journey_context(connection, "CAR1")
        nobody = journey_context(connection, "CAR9")
    assert (context.locale.currency, nobody.locale.currency) == ("NZD", "EUR")
    assert (context.day(NOON), nobody.day(NOON)) == ("2025-06-16", "2025-06-15")


def test_what_is_summed(database: Database) -> None:
    """A kind without a number has none, which is not 0."""
    with database.reading() as connection:
        context = journey_context(connection, "CAR1")
        moved = journey_values(context, ShownJourney(journey=trip()))
        charged = journey_values(context, ShownJourney(journey=charge()))
    assert (moved["distance"], moved["energy"], moved["grid_energy"]) == (10.0, 2.0, None)
    assert (charged["distance"], charged["energy"], charged["grid_energy"]) == (None, 6.3, 7.0)
    assert (moved["certainty"], moved["is_open"], moved["moving_time"]) == ("measured", False, 1800)


def test_what_its_owner_says(database: Database) -> None:
    """A note, a purpose, and a cost that no tariff changes."""
    shown = ShownJourney(
        journey=charge(), note="at Bob's", purpose=Purpose.BUSINESS, is_edited=True,
        cost_override=Decimal("2.5"),
    )  # fmt: skip
    with database.reading() as connection:
        values = journey_values(journey_context(connection, "CAR1"), shown)
    assert (values["note"], values["purpose"], values["is_edited"]) == (
        "at Bob's",
        "business",
        True,
    )
    assert (values["cost"], values["currency"], values["has_own_cost"]) == (2500, "EUR", True)
