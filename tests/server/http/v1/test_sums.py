from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.journeys.tariffs import parse_tariff
from ovms.server.storage import queries
from ovms.server.storage.places import make_place, set_tariff
from tests.server.journeys.made import HOME, NOON, WORK, charge, put_journeys, trip

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

SUMS = "GET /vehicles/CAR1/sums"
DAY = 86400


async def _sums(
    v1: ApiSite, call: str = SUMS, owner: str = "bob", permit: str = "*", **params: Any
) -> dict[str, Any]:
    answer = await v1.call(call, owner, permit, params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _drive(v1: ApiSite) -> list[int]:
    """Make two places of Bob's, and drive CAR1 on two days and CAR2 on one."""
    with v1.database.writing() as connection:
        bob = queries.get_owner(connection, "bob").id
        ids = [
            make_place(connection, bob, name, at, 1.0, is_home=at == HOME).id
            for name, at in (("Home", HOME), ("Work", WORK))
        ]
        set_tariff(connection, bob, ids[0], None, parse_tariff({"energy_price": "0.30"}), 1.0)
    put_journeys(
        v1.database, "CAR1", trip(), trip(NOON + 20 * DAY, NOON + 20 * DAY + 60, energy_used=None),
        charge(NOON + DAY, NOON + DAY + 60),
    )  # fmt: skip
    put_journeys(v1.database, "CAR2", trip(NOON + DAY, NOON + DAY + 600))
    put_journeys(v1.database, "CAR3", trip())
    return ids


async def test_months(v1: ApiSite) -> None:
    """A month has what began in it; what some trips lack makes a sum incomplete."""
    _drive(v1)
    told = await _sums(v1)
    june, july = told["items"]
    assert (told["by"], june["key"], july["key"]) == ("month", "2025-06", "2025-07")
    assert (june["trips"], june["distance"], june["energy"], june["consumption"]) == (1, 10, 2, 20)
    assert (june["moving_time"], june["incomplete"]) == (1800, [])
    assert (july["energy"], july["incomplete"]) == (None, ["energy"])
    load = {"count": 1, "energy": 6.3, "grid_energy": 7, "incomplete": [],
            "costs": [{"amount": "2.10", "currency": "EUR"}]}  # fmt: skip
    assert june["charges"] == june["charges_home"] == load
    assert (june["charges_away"]["count"], june["charges_away"]["energy"]) == (0, 0)
    assert july["charges"]["count"] == 0


async def test_choice(v1: ApiSite) -> None:
    """Days, a place and a purpose are chosen."""
    home, work = _drive(v1)
    days = await _sums(v1, by="day", since="2025-06-16", until="2025-07-05")
    assert [each["key"] for each in days["items"]] == ["2025-06-16"]
    at_home = (await _sums(v1, by="all", place=home))["items"]
    assert [(each["trips"], each["charges"]["count"]) for each in at_home] == [(0, 1)]
    assert (await _sums(v1, by="all", purpose="business"))["items"][0]["trips"] == 0
    places = (await _sums(v1, by="place"))["items"]
    assert [(each["key"], each["place"], each["trips"]) for each in places] == [
        (str(home), "Home", 0), (str(work), "Work", 2)
    ]  # fmt: skip


async def test_all_vehicles(v1: ApiSite) -> None:
    """Sums go over all vehicles that the caller may see, or over those that they name."""
    _drive(v1)
    assert [each["key"] for each in (await _sums(v1, "GET /sums", by="vehicle"))["items"]] == [
        "CAR1", "CAR2"
    ]  # fmt: skip
    one = await _sums(v1, "GET /sums", by="all", vehicle=["car2", "CAR2"])
    assert [each["trips"] for each in one["items"]] == [1]
    other = await v1.call("GET /sums", params={"vehicle": ["CAR1", "CAR3"]})
    assert (other.status_code, other.json()["error"]["code"]) == (404, "no_vehicle")
    assert (await _sums(v1, "GET /sums", "root"))["items"] == []


async def test_without_location(v1: ApiSite) -> None:
    """Who may not see positions gets no sums by places, nor of charges at home."""
    home, _ = _drive(v1)
    v1.share_only("view")
    told = await _sums(v1, owner="alice")
    assert told["hidden"] == ["location"]
    for each in told["items"]:
        assert each["charges_home"] is each["charges_away"] is each["charges_nowhere"] is None
    for params in ({"by": "place"}, {"place": home}):
        assert (await v1.call(SUMS, "alice", params=params)).status_code == 403
        named = {**params, "vehicle": "CAR1"}
        assert (await v1.call("GET /sums", "alice", params=named)).status_code == 403
    places = await _sums(v1, "GET /sums", "alice", by="place")
    assert [(each["key"], each["place"], each["trips"]) for each in places["items"]] == [
        ("", None, 1)
    ]
    everything = await _sums(v1, "GET /sums", "alice", by="all")
    assert (everything["items"][0]["trips"], everything["hidden"]) == (3, ["location"])


async def test_tls_only(v1: ApiSite) -> None:
    """A vehicle that wants TLS is left out of a call without, and refused if it is named."""
    _drive(v1)
    await v1.call("PATCH /vehicles/CAR2", json={"tls_only": True})
    assert [each["key"] for each in (await _sums(v1, "GET /sums", by="vehicle"))["items"]] == [
        "CAR1"
    ]
    assert (await v1.call("GET /sums", params={"vehicle": "CAR2"})).status_code == 403


@pytest.mark.parametrize(
    "params",
    [{"by": "hour"}, {"since": "2026-01-01", "until": "2026-01-01"}, {"since": "2026-02-30"},
     {"since": "0"}, {"since": "2026-01-01T00:00:00Z"}, {"until": "10000-01-01"},
     {"since": "nan"}, {"purpose": "fun"}, {"place": -1}, {"until": "0000-01-01"}],
)  # fmt: skip
async def test_refused(v1: ApiSite, params: dict[str, Any]) -> None:
    """What a call cannot mean is refused."""
    assert (await v1.call(SUMS, params=params)).status_code == 422


async def test_ends_of_time(v1: ApiSite) -> None:
    """The first and the last day that there are bound nothing."""
    _drive(v1)
    whole = await _sums(v1, since="0001-01-01", until="9999-12-31")
    assert whole == await _sums(v1)
