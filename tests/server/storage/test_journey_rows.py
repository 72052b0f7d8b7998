"""What follows from a journey and its owner, as it is stored."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.journey_rows import from_mills, journey_values, row_context, to_mills
from tests.server.journeys.made import NOON, charge, trip
from tests.server.storage.databases import execute

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


@pytest.mark.parametrize(
    ("cost", "mills"), [("1.2345", 1235), ("0.0004", 0), ("-2", -2000), ("12.3", 12300)]
)
def test_costs_are_whole_mills(cost: str, mills: int) -> None:
    """A half is rounded up, as in a shop."""
    assert to_mills(Decimal(cost)) == mills
    assert from_mills(mills) == Decimal(mills) / 1000
    assert (to_mills(None), from_mills(None)) == (None, None)


def test_the_days_are_the_owners(database: Database) -> None:
    """Without a zone of their own they are those of UTC, also of a vehicle that nobody has."""
    execute(database, "UPDATE owners SET zone = 'Pacific/Auckland', currency = 'NZD'")
    with database.reading() as connection:
        context = row_context(connection, "CAR1")
        nobody = row_context(connection, "CAR9")
    assert (context.currency, nobody.currency) == ("NZD", "EUR")
    assert (context.day(NOON), nobody.day(NOON)) == ("2025-06-16", "2025-06-15")


def test_what_is_summed(database: Database) -> None:
    """A kind without a number has none, which is not 0."""
    with database.reading() as connection:
        context = row_context(connection, "CAR1")
        moved, charged = journey_values(context, trip()), journey_values(context, charge())
    assert (moved["distance"], moved["energy"], moved["grid_energy"]) == (10.0, 2.0, None)
    assert (charged["distance"], charged["energy"], charged["grid_energy"]) == (None, 6.3, 7.0)
    assert (moved["certainty"], moved["is_open"], moved["moving_time"]) == ("measured", False, 1800)
