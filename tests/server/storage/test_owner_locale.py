"""Zones and currencies of owners, and what a change of them makes anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from ovms.server.journeys.tariffs import parse_tariff
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.owner_locale import (
    OwnerLocale,
    default_locale,
    own_locale,
    owner_locale,
    set_default_locale,
    set_owner_locale,
    zone_info,
)
from ovms.server.storage.places import make_place, set_tariff
from ovms.server.storage.schema import server
from ovms.server.storage.stale_journeys import refresh_all_now
from tests.server.journeys.made import HOME, charge, put_journeys, trip
from tests.server.storage.databases import rows

if TYPE_CHECKING:
    from ovms.server.storage.database import Database

BOB = 1
DAYS = "SELECT kind, day, currency FROM journeys ORDER BY kind"


def test_a_changed_zone_changes_days(database: Database) -> None:
    """The days of an owner's journeys are those of the owner's zone, at once for what is there."""
    put_journeys(database, "CAR1", trip(), charge())
    assert [row[1] for row in rows(database, DAYS)] == ["2025-06-15", "2025-06-15"]
    with database.writing() as connection:
        found = set_owner_locale(connection, BOB, {"zone": "Pacific/Auckland"}, 2.0)
    assert found == OwnerLocale("Pacific/Auckland", "EUR")
    refresh_all_now(database)
    assert [row[1] for row in rows(database, DAYS)] == ["2025-06-16", "2025-06-16"]
    with database.writing() as connection:
        assert own_locale(connection, BOB) == ("Pacific/Auckland", None)
        set_owner_locale(connection, BOB, {"zone": None}, 2.0)
        assert own_locale(connection, BOB) == (None, None)
    refresh_all_now(database, BOB)
    assert [row[1] for row in rows(database, DAYS)] == ["2025-06-15", "2025-06-15"]


def test_a_changed_currency_changes_costs(database: Database) -> None:
    """Prices are numbers in the owner's currency, whichever that is."""
    put_journeys(database, "CAR1", charge())
    with database.writing() as connection:
        home = make_place(connection, BOB, "Home", HOME, 1.0).id
        set_tariff(connection, BOB, home, None, parse_tariff({"energy_price": "0.35"}), 1.0)
        set_owner_locale(connection, BOB, {"currency": "JPY"}, 2.0)
    refresh_all_now(database)
    assert rows(database, "SELECT cost, currency FROM journeys") == [(2000, "JPY")]


def test_the_default_is_the_servers(database: Database) -> None:
    """What the settings say counts for owners who named nothing, once a server said it."""
    put_journeys(database, "CAR1", trip())
    with database.writing() as connection:
        assert default_locale(connection) == ("UTC", "EUR")
        connection.execute(insert(server).values(id=1, started=1.0, heartbeat=1.0))
        set_default_locale(connection, "Pacific/Auckland", "NZD")
        assert default_locale(connection) == owner_locale(connection, BOB)
    refresh_all_now(database)
    assert [row[1] for row in rows(database, DAYS)] == ["2025-06-16"]
    with database.writing() as connection:
        set_owner_locale(connection, BOB, {"zone": "UTC", "currency": "EUR"}, 2.0)
        set_default_locale(connection, "Europe/Berlin", "CHF")
        assert owner_locale(connection, BOB) == ("UTC", "EUR")
        assert owner_locale(connection, None) == ("Europe/Berlin", "CHF")


@pytest.mark.parametrize(
    "changes", [{"zone": "Berlin"}, {"zone": ""}, {"zone": "../UTC"}, {"currency": "euro"},
                {"currency": ""}, {"currency": "eur"}],
)  # fmt: skip
def test_what_is_neither(database: Database, changes: dict[str, str | None]) -> None:
    """A zone is an IANA name, a currency three capital letters."""
    with database.writing() as connection, pytest.raises(InvalidValue):
        set_owner_locale(connection, BOB, changes, 2.0)


def test_a_zone_that_is_gone() -> None:
    """A zone that this machine does not know any more is UTC."""
    assert [str(zone_info(name)) for name in ("Europe/Berlin", "Nowhere/Town", "../x")] == [
        "Europe/Berlin", "UTC", "UTC"]  # fmt: skip
