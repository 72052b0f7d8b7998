"""Places and tariffs of an owner, and what they change of the journeys."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.journeys.tariffs import parse_tariff
from ovms.server.journeys.values import JourneyEnd, Position
from ovms.server.storage import places, queries
from ovms.server.storage.errors import AlreadyExists, InvalidValue, NotFound, QuotaReached
from ovms.server.storage.journeys import list_journeys
from ovms.server.storage.places import (
    change_place,
    get_place,
    list_places,
    make_place,
    remove_place,
    remove_tariff,
    set_tariff,
)
from tests.server.journeys.made import HOME, NOON, WORK, charge, parked, put_journeys, trip
from tests.server.storage.databases import execute, rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database

BOB = 1
DAY = 86400
SHOWN = "SELECT vehicle_id, kind, start_place, end_place, cost FROM journeys ORDER BY id"


def price(value: str) -> Any:
    """Return a tariff of one price a kWh."""
    return parse_tariff({"energy_price": value})


def make(connection: Connection, name: str = "Home", position: Position = HOME, **more: Any) -> int:
    """Make a place; return its id."""
    return make_place(connection, BOB, name, position, 1.0, **more).id


def shown(database: Database) -> list[Any]:
    """Return kind, places and cost of the journeys."""
    return [row[1:] for row in rows(database, SHOWN)]


def costs(database: Database) -> list[int | None]:
    """Return the costs of charges by start."""
    query = "SELECT cost FROM journeys WHERE kind = 'charge' ORDER BY start"
    return [row[0] for row in rows(database, query)]


def test_a_place(database: Database) -> None:
    """It is what it was made as, and then as it was changed; lists are by name."""
    with database.writing() as connection:
        home = make(connection, " Home ", is_home=True, radius=50, zone="Europe/Berlin")
        work = make(connection, "at work", WORK, currency="CHF")
        set_tariff(connection, BOB, home, None, price("0.3"), 2.0)
        set_tariff(connection, BOB, home, date(2025, 1, 1), price("0.4"), 3.0)
        found = list_places(connection, BOB)
        assert [each.place.name for each in found] == ["at work", "Home"]
        assert found[1].tariffs == [(None, price("0.3")), (date(2025, 1, 1), price("0.4"))]
        assert (found[1].created, found[1].changed) == (1.0, 3.0)
        assert (found[0].place.currency, found[1].place.zone) == ("CHF", "Europe/Berlin")
        changed = change_place(connection, BOB, work, {"name": "Work", "currency": None}, 4.0)
        assert (changed.name, changed.currency, changed.radius) == ("Work", None, 100.0)
        assert get_place(connection, BOB, work).place == changed


def test_journeys_get_their_places(database: Database) -> None:
    """Those of all the owner's vehicles do, when a place is made, moved, resized and removed."""
    put_journeys(database, "CAR1", parked(NOON, NOON + 60), trip(NOON + 60, NOON + 900))
    put_journeys(database, "CAR2", charge())
    with database.writing() as connection:
        home = make(connection)
        work = make(connection, "Work", WORK)
    at_home = [("parked", home, home, None), ("trip", home, work, None),
               ("charge", home, home, None)]  # fmt: skip
    assert sorted(shown(database)) == sorted(at_home)
    with database.writing() as connection:
        change_place(connection, BOB, home, {"position": Position(latitude=9, longitude=9)}, 1.0)
    assert sorted(shown(database), key=str) == sorted(
        [("parked", None, None, None), ("trip", None, work, None), ("charge", None, None, None)],
        key=str,
    )
    with database.writing() as connection:
        change_place(connection, BOB, work, {"radius": 50_000}, 1.0)
    assert {row[1:3] for row in shown(database)} == {(work, work)}
    with database.writing() as connection:
        remove_place(connection, BOB, work, 1.0)
    assert {row[1:3] for row in shown(database)} == {(None, None)}


def test_the_smallest_of_two_places(database: Database) -> None:
    """Where places overlap the smallest counts; without it the other one does."""
    put_journeys(database, "CAR1", charge())
    with database.writing() as connection:
        town = make(connection, "Town", radius=5000)
        home = make(connection, "Home", radius=50)
    assert shown(database)[0][1] == home
    with database.writing() as connection:
        remove_place(connection, BOB, home, 1.0)
    assert shown(database)[0][1] == town


def test_tariffs_price_charges(database: Database) -> None:
    """A tariff from a date on prices what was charged since, and nothing else."""
    days = [charge(NOON + n * DAY, NOON + n * DAY + 3600) for n in range(3)]
    put_journeys(database, "CAR1", *days)
    with database.writing() as connection:
        home = make(connection)
        set_tariff(connection, BOB, home, date(2025, 6, 16), price("0.10"), 1.0)
    assert costs(database) == [None, 700, 700]
    with database.writing() as connection:
        set_tariff(connection, BOB, home, None, price("0.20"), 1.0)
        set_tariff(connection, BOB, home, date(2025, 6, 17), price("0.30"), 1.0)
    assert costs(database) == [1400, 700, 2100]
    with database.writing() as connection:
        remove_tariff(connection, BOB, home, date(2025, 6, 16), 1.0)
        set_tariff(connection, BOB, home, date(2025, 6, 17), price("0.40"), 1.0)
    assert costs(database) == [1400, 1400, 2800]
    with database.writing() as connection:
        remove_tariff(connection, BOB, home, None, 1.0)
    assert costs(database) == [None, None, 2800]


def test_a_charge_over_the_midnight_of_a_change(database: Database) -> None:
    """It is priced anew, though it began before the tariff's day."""
    midnight = int(datetime(2025, 6, 16, tzinfo=UTC).timestamp())
    put_journeys(database, "CAR1", charge(midnight - 3600, midnight + 3600))
    with database.writing() as connection:
        home = make(connection)
        set_tariff(connection, BOB, home, None, price("1"), 1.0)
        set_tariff(connection, BOB, home, date(2025, 6, 16), price("2"), 1.0)
    assert costs(database) == [10_500]


def test_a_cost_that_is_estimated(database: Database) -> None:
    """It is where the energy was not counted at the grid, unless the owner said the cost."""
    counted, guessed = charge(), replace(charge(NOON + DAY), grid_energy=None)
    put_journeys(database, "CAR1", counted, guessed)
    with database.writing() as connection:
        set_tariff(connection, BOB, make(connection), None, price("1"), 1.0)
        found, _ = list_journeys(connection, "CAR1", limit=9)
        assert [(each.cost, each.estimated) for each in found] == [
            (7, ()), (Decimal("6.3"), ("cost",))]  # fmt: skip
    execute(database, "UPDATE journeys SET has_own_cost = TRUE")
    with database.reading() as connection:
        found, _ = list_journeys(connection, "CAR1", limit=9)
    assert [each.estimated for each in found] == [(), ()]


def test_what_the_owner_said_stays(database: Database) -> None:
    """No tariff changes a cost that was corrected; its currency is the place's."""
    put_journeys(database, "CAR1", charge())
    execute(database, "UPDATE journeys SET cost = 4200, currency = 'EUR', has_own_cost = TRUE")
    with database.writing() as connection:
        home = make(connection, currency="CHF")
        set_tariff(connection, BOB, home, None, price("1"), 1.0)
    assert rows(database, "SELECT cost, currency FROM journeys") == [(4200, "CHF")]


def test_a_removed_place_changes_no_cost(database: Database) -> None:
    """What was charged there keeps its cost, unless it is removed with its costs."""
    put_journeys(database, "CAR1", charge(), charge(NOON + DAY, NOON + DAY + 60))
    with database.writing() as connection:
        home = make(connection)
        set_tariff(connection, BOB, home, None, price("1"), 1.0)
        remove_place(connection, BOB, home, float(NOON + 7200))
        assert list_places(connection, BOB) == []
    assert shown(database) == [("charge", None, None, 7000), ("charge", None, None, None)]
    assert rows(database, "SELECT name, name_key, zone, currency FROM places") == [
        ("", None, "UTC", "EUR")]  # fmt: skip
    with database.writing() as connection:
        again = make(connection)
        set_tariff(connection, BOB, again, None, price("2"), 1.0)
    assert costs(database) == [14_000, 14_000]
    with database.writing() as connection:
        remove_place(connection, BOB, again, NOON * 2.0, keeps_costs=False)
    assert costs(database) == [7000, None]
    assert rows(database, "SELECT count(*) FROM place_tariffs") == [(1,)]


def test_a_position_that_is_not_kept(database: Database) -> None:
    """A journey whose position expired stays at its place and keeps its cost."""
    put_journeys(database, "CAR1", charge(), trip(NOON + DAY, NOON + DAY + 60))
    with database.writing() as connection:
        home = make(connection)
        set_tariff(connection, BOB, home, None, price("1"), 1.0)
    execute(database, "UPDATE journeys SET start_latitude = NULL, end_latitude = NULL")
    with database.writing() as connection:
        change_place(connection, BOB, home, {"radius": 5000.0}, 1.0)
    assert shown(database) == [("trip", home, None, None), ("charge", home, home, 7000)]
    lost = charge(NOON + 2 * DAY, NOON + 2 * DAY + 60)
    nowhere = replace(
        lost, start=JourneyEnd(time=lost.start.time), end=JourneyEnd(time=lost.end.time)
    )
    put_journeys(database, "CAR2", nowhere)
    execute(database, "UPDATE journeys SET cost = 5 WHERE vehicle_id = 'CAR2'")
    with database.writing() as connection:
        remove_place(connection, BOB, home, NOON * 2.0)
    assert costs(database) == [7000, 5]


def test_bounds(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner has so many places, a place so many tariffs, and so many removed ones count."""
    for name, value in (("PLACES_AN_OWNER", 2), ("TARIFFS_A_PLACE", 2), ("REMOVED_PLACES", 1)):
        monkeypatch.setattr(places, name, value)
    with database.writing() as connection:
        home = make(connection)
        work = make(connection, "Work", WORK)
        with pytest.raises(QuotaReached):
            make(connection, "Third", WORK)
        for day in (None, date(2025, 1, 1), None):
            set_tariff(connection, BOB, home, day, price("1"), 1.0)
        with pytest.raises(QuotaReached):
            set_tariff(connection, BOB, home, date(2025, 1, 2), price("1"), 1.0)
        set_tariff(connection, BOB, work, None, price("1"), 1.0)
        remove_place(connection, BOB, home, 5.0)
        remove_place(connection, BOB, work, 6.0)
        assert make(connection, "Third", WORK) > work
    query = "SELECT id FROM places WHERE removed IS NOT NULL"
    assert rows(database, query) == [(work,)]


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "  "}, {"name": "x" * 65}, {"name": "a\nb"}, {"radius": 9.9},
     {"radius": 50_001.0}, {"radius": float("nan")}, {"zone": "Berlin"}, {"currency": "euro"},
     {"position": Position(latitude=90.1, longitude=0)},
     {"position": Position(latitude=0, longitude=-180.5)},
     {"position": Position(latitude=float("nan"), longitude=0)}],
)  # fmt: skip
def test_what_is_no_place(database: Database, wrong: dict[str, Any]) -> None:
    """It is refused when it is made and when it is changed, and no position is told."""
    with database.writing() as connection:
        home = make(connection, "Home")
        values: dict[str, Any] = {"name": "Other", "position": HOME, **wrong}
        with pytest.raises(InvalidValue) as caught:
            make_place(connection, BOB, now=1.0, **values)
        assert "90.1" not in str(caught.value)
        with pytest.raises(InvalidValue):
            change_place(connection, BOB, home, wrong, 1.0)


def test_names_are_unique(database: Database) -> None:
    """They are compared without case; a place may keep its own, a removed one frees it."""
    with database.writing() as connection:
        home = make(connection, "Home")
        work = make(connection, "Work", WORK)
        with pytest.raises(AlreadyExists):
            make(connection, "HOME ")
        with pytest.raises(AlreadyExists):
            change_place(connection, BOB, work, {"name": "home"}, 1.0)
        assert change_place(connection, BOB, home, {"name": "HOME"}, 1.0).name == "HOME"
        alice = queries.add_owner(connection, "alice", 1.0)
        make_place(connection, alice.id, "Home", HOME, 1.0)
        remove_place(connection, BOB, home, 1.0)
        make(connection, "Home")


def test_of_another_owner(database: Database) -> None:
    """Nobody finds, changes or removes the place of somebody else."""
    with database.writing() as connection:
        home = make(connection)
        alice = queries.add_owner(connection, "alice", 1.0).id
        assert list_places(connection, alice) == []
        with pytest.raises(NotFound):
            get_place(connection, alice, home)
        with pytest.raises(NotFound):
            change_place(connection, alice, home, {"name": "x"}, 1.0)
        with pytest.raises(NotFound):
            remove_place(connection, alice, home, 1.0)
        with pytest.raises(NotFound):
            set_tariff(connection, alice, home, None, price("1"), 1.0)
        with pytest.raises(NotFound):
            remove_tariff(connection, alice, home, None, 1.0)
        with pytest.raises(NotFound):
            remove_tariff(connection, BOB, home, None, 1.0)
        with pytest.raises(InvalidValue):
            set_tariff(connection, BOB, home, date(1999, 1, 1), price("1"), 1.0)
