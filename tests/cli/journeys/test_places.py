from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ovms.protocol.messages import LatestMessage
from ovms.server.journeys.values import JourneyEnd
from ovms.server.storage import queries
from ovms.server.storage.audit import AuditFilter, list_audit
from ovms.server.storage.batch import Batch
from tests.server.journeys.made import WORK, parked, put_journeys
from tests.server.storage.databases import apply

if TYPE_CHECKING:
    from tests.cli.journeys.site import JourneySite

BANDS = '{"energy_price": 0.3, "bands": [{"price": 0.2, "from": "22:00", "until": "06:00"}]}'


def listed(site: JourneySite) -> list[dict[str, Any]]:
    """Return the owner's places."""
    found: list[dict[str, Any]] = json.loads(site.good("places", "list", "--json"))
    return found


def test_add(site: JourneySite) -> None:
    """A place is made at a position, and journeys take it."""
    made = site.good(
        "places", "add", "Work", "--at", "52.1,13.1", "--radius", "150", "--zone", "Europe/Paris",
        "--currency", "CHF",
    )  # fmt: skip
    assert made == "place 2 Work of bob made\n"
    assert listed(site)[1] == {
        "id": 2, "name": "Work", "latitude": 52.1, "longitude": 13.1, "radius": 150.0,
        "is_home": False, "zone": "Europe/Paris", "currency": "CHF", "tariffs": [],
    }  # fmt: skip
    assert site.table("trips", "CAR1")[0]["to"] == "Work"
    rows = site.table("places", "list")
    assert [(row["name"], row["radius"], row["home"]) for row in rows] == [
        ("Home", "100 m", "home"), ("Work", "150 m", ""),
    ]  # fmt: skip
    with site.database.reading() as connection:
        ((entry, owner),) = list_audit(connection, AuditFilter(), limit=5)
    assert (entry.action, entry.detail, owner) == ("place.add", "2", "bob")


def test_add_here(site: JourneySite) -> None:
    """A place is made where a vehicle is now."""
    assert "nobody knows where CAR1 is" in site.failed("places", "add", "Here", "--vehicle", "car1")
    batch = Batch()
    batch.messages["CAR1"] = {"L": LatestMessage("L", b"47.5,9.5,0,400,1,1,0,0", 1.0)}
    apply(site.database, batch)
    site.good("places", "add", "Here", "--vehicle", "car1", "--home")
    here = listed(site)[0]
    assert (here["name"], here["latitude"], here["longitude"]) == ("Here", 47.5, 9.5)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("X",), "say where it is"),
        (("X", "--at", "1,2", "--vehicle", "CAR1"), "say where it is"),
        (("X", "--at", "here"), "is no position"),
        (("X", "--at", "1,2,3"), "is no position"),
    ],
)
def test_wrong_usage(site: JourneySite, arguments: tuple[str, ...], text: str) -> None:
    """What cannot be meant is refused."""
    assert text in site.refused("places", "add", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("home", "--at", "1,2"), ("", "--at", "1,2"), ("X", "--at", "91,0"), ("X", "--at", "nan,0"),
        ("X", "--at", "1,2", "--radius", "5"), ("X", "--at", "1,2", "--zone", "Moon"),
        ("X", "--at", "1,2", "--currency", "shells"), ("X", "--at", "1,2", "--owner", "eve"),
        ("X", "--vehicle", "CAR9"),
    ],
)  # fmt: skip
def test_what_is_refused(site: JourneySite, arguments: tuple[str, ...]) -> None:
    """What the storage refuses fails with one line, and makes no place."""
    assert site.failed("places", "add", *arguments).count("\n") == 1
    assert len(listed(site)) == 1


def test_several_owners(site: JourneySite) -> None:
    """With several owners one is to be named."""
    with site.database.writing() as connection:
        queries.add_owner(connection, "alice", 1.0)
    assert "--owner NAME" in site.refused("places", "list")
    assert site.table("places", "list", "--owner", "ALICE") == []
    assert len(site.table("places", "list", "--owner", "bob")) == 1
    site.good("places", "add", "X", "--at", "1,2", "--owner", "alice")
    assert "bob has no place 'X'" in site.failed("places", "set", "X", "--home", "--owner", "bob")


def test_set(site: JourneySite) -> None:
    """A place is changed by its name or its id."""
    site.good("places", "set", "HOME", "--name", "Villa", "--zone", "Europe/Paris", "--no-home")
    assert site.good("places", "set", "1", "--radius", "70") == "place 1 Villa changed\n"
    site.good("places", "set", "villa", "--zone", "")
    (place,) = listed(site)
    assert (place["name"], place["radius"], place["zone"], place["is_home"]) == (
        "Villa", 70.0, None, False,
    )  # fmt: skip
    assert "say what to change" in site.refused("places", "set", "villa")
    assert "did you mean 'Villa'" in site.failed("places", "set", "vila", "--home")


def test_tariffs(site: JourneySite) -> None:
    """Tariffs count from a day on, and costs follow."""
    assert site.table("places", "tariff", "Home") == []
    site.good("places", "tariff", "Home", "--price", "0.30")
    assert site.table("charges", "CAR1")[0]["cost"] == "2.10 EUR"
    site.good("places", "tariff", "Home", "--free", "--from", "2025-06-16")
    site.good(
        "places", "tariff", "Home", "--price", "0.5", "--session", "1", "--from", "2025-06-01"
    )
    assert site.table("charges", "CAR1")[0]["cost"] == "4.50 EUR"
    site.good("places", "tariff", "Home", "--tariff", BANDS, "--from", "2025-06-01")
    rows = site.table("places", "tariff", "Home")
    assert [[*row.values()][1] for row in rows][::2] == ["0.30 a kWh", "free"]
    assert [row["from"] for row in rows] == ["ever", "2025-06-01", "2025-06-16"]
    assert site.table("places", "list")[0]["tariff"] == "free"
    site.good("places", "tariff", "Home", "--remove", "--from", "2025-06-01")
    assert site.table("charges", "CAR1")[0]["cost"] == "2.10 EUR"
    assert "no tariff from" in site.failed("places", "tariff", "Home", "--remove", "--from",
                                           "2020-01-01")  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--price", "much"), "the tariff cannot be"),
        (("--price", "-1"), "the tariff cannot be"),
        (("--price", "1", "--free"), "a tariff is"),
        (("--free", "--tariff", "{}"), "a tariff is"),
        (("--free", "--remove"), "not both"),
        (("--tariff", "{"), "is no JSON"),
        (("--tariff", "[]"), "the tariff cannot be"),
        (("--free", "--from", "soon"), "is no day"),
    ],
)
def test_wrong_tariffs(site: JourneySite, arguments: tuple[str, ...], text: str) -> None:
    """A tariff that cannot be is refused, with what is wrong with it."""
    assert text in site.refused("places", "tariff", "Home", *arguments)


def test_remove(site: JourneySite) -> None:
    """A place goes when that is meant; its charges keep what they cost, or not."""
    site.good("places", "tariff", "Home", "--price", "0.30")
    assert site.run("places", "remove", "Home").exit_code == 2
    assert site.good("places", "remove", "home", "--yes") == "place 1 Home removed\n"
    (row,) = site.table("charges", "CAR1")
    assert (row["place"], row["cost"]) == ("", "2.10 EUR")
    site.good("places", "add", "Home", "--at", "52,13")
    site.good("places", "tariff", "Home", "--price", "1")
    site.good("places", "remove", "Home", "--drop-costs", "--yes")
    assert site.failed("places", "remove", "Home", "--yes").startswith("ovms: bob has no place")


def test_suggest(site: JourneySite) -> None:
    """Where a car parked three times is suggested, unless it is a place."""
    assert site.table("places", "suggest") == []
    now = int(time.time())
    spot = JourneyEnd(time=0, position=WORK)
    put_journeys(
        site.database, "CAR2",
        *(
            replace(
                parked(now - day * 86400, now - day * 86400 + 3600),
                start=replace(spot, time=now - day * 86400),
                end=replace(spot, time=now - day * 86400 + 3600),
            )
            for day in (9, 6, 3)
        ),
    )  # fmt: skip
    (row,) = site.table("places", "suggest")
    assert (row["at"], row["visits"], row["hours"], row["vehicles"]) == (
        "52.10000,13.10000", "3", "3", "CAR2",
    )  # fmt: skip
    (listed,) = json.loads(site.good("places", "suggest", "--json"))
    assert (listed["visits"], listed["seconds"]) == (3, 10_800)
    site.good("places", "add", "Work", "--at", row["at"])
    assert site.table("places", "suggest") == []
