from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.http.geocoding import Geocoder
from tests.server.http.v1.driven import put_day
from tests.server.journeys.made import NOON, charge, parked, put_journeys

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

HOME: dict[str, Any] = {"name": "Home", "latitude": 52.0, "longitude": 13.0}
WORK: dict[str, Any] = {"name": "Work", "latitude": 52.1, "longitude": 13.1}


async def _make(v1: ApiSite, owner: str = "bob", **facts: Any) -> int:
    answer = await v1.call("POST /places", owner, json={**HOME, **facts})
    assert answer.status_code == 201, answer.text
    made: int = answer.json()["id"]
    return made


async def _cost(v1: ApiSite) -> Any:
    answer = await v1.call("GET /vehicles/CAR1/journeys?kind=charge")
    return answer.json()["items"][0]["charge"]["cost"]


async def _tariff(v1: ApiSite, place: int, day: str = "always", **tariff: Any) -> Any:
    answer = await v1.call(f"PUT /places/{place}/tariffs/{day}", json=tariff)
    assert answer.status_code == 200, answer.text
    return answer.json()["tariffs"]


async def test_place(v1: ApiSite) -> None:
    """Journeys of the past have a place that is made, is moved, and is removed."""
    put_day(v1)

    async def names() -> list[str | None]:
        items = (await v1.call("GET /vehicles/CAR1/journeys?kind=trip")).json()["items"]
        return [(items[0][end]["place"] or {}).get("name") for end in ("start", "end")]

    home = await _make(v1, is_home=True, zone="Europe/Berlin")
    found = (await v1.call("GET /places")).json()
    assert found == [(await v1.call(f"GET /places/{home}")).json()]
    assert (found[0]["radius"], found[0]["is_home"], found[0]["tariffs"]) == (100, True, [])
    assert await names() == ["Home", None]
    moved = {"latitude": WORK["latitude"], "longitude": WORK["longitude"], "name": "Work"}
    assert (await v1.call(f"PATCH /places/{home}", json=moved)).json()["zone"] == "Europe/Berlin"
    assert await names() == [None, "Work"]
    assert (await v1.call(f"DELETE /places/{home}")).status_code == 204
    assert (await names(), (await v1.call("GET /places")).json()) == ([None, None], [])
    assert (await v1.call(f"GET /places/{home}")).json()["error"]["code"] == "no_place"


@pytest.mark.parametrize(("query", "is_kept"), [("", True), ("?keeps_costs=false", False)])
async def test_costs_of_removed_places(v1: ApiSite, query: str, is_kept: bool) -> None:
    """What was paid stays, unless the caller says that it does not."""
    put_day(v1)
    home = await _make(v1)
    await _tariff(v1, home, energy_price="0.30")
    paid = await _cost(v1)
    assert paid is not None
    v1.clock.advance(20 * 365 * 86400)  # past that day, whichever it is
    assert (await v1.call(f"DELETE /places/{home}{query}")).status_code == 204
    assert await _cost(v1) == (paid if is_kept else None)


async def test_tariffs(v1: ApiSite) -> None:
    """Costs follow a tariff that is set, changed and taken back, by the day on which it counts."""
    put_journeys(v1.database, "CAR1", charge())
    home = await _make(v1)
    assert await _cost(v1) is None
    await _tariff(v1, home, energy_price="0.30")
    assert await _cost(v1) == {"amount": "2.10", "currency": "EUR"}
    bands = [{"price": "0.20", "from": "06:00", "until": "22:00"},
             {"price": "0.10", "from": "22:00", "until": "06:00", "days": ["mon"]}]  # fmt: skip
    told = await _tariff(v1, home, "2025-01-01", bands=bands, energy_price="1", session_price="1")
    assert [each["valid_from"] for each in told] == [None, "2025-01-01"]
    assert told[1]["bands"][1] == bands[1]
    assert told[1]["bands"][0]["days"] == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert await _cost(v1) == {"amount": "2.40", "currency": "EUR"}
    await _tariff(v1, home, "2026-01-01", free=True)
    assert await _cost(v1) == {"amount": "2.40", "currency": "EUR"}
    for _, status in (("taken", 204), ("again", 404)):
        gone = await v1.call(f"DELETE /places/{home}/tariffs/2025-01-01")
        assert gone.status_code == status
    assert await _cost(v1) == {"amount": "2.10", "currency": "EUR"}
    await v1.call(f"PATCH /places/{home}", json={"currency": "CHF"})
    assert await _cost(v1) == {"amount": "2.10", "currency": "CHF"}


async def test_names(v1: ApiSite) -> None:
    """An owner has no two places whose names differ only in case; another owner may have it."""
    home = await _make(v1)
    twice = await v1.call("POST /places", json={**WORK, "name": "HOME"})
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "taken")
    await _make(v1, "alice")
    work = await _make(v1, **WORK)
    renamed = await v1.call(f"PATCH /places/{work}", json={"name": " home "})
    assert renamed.status_code == 409
    same = await v1.call(f"PATCH /places/{home}", json={"name": "hOME"})
    assert same.json()["name"] == "hOME"


async def test_of_somebody_else(v1: ApiSite) -> None:
    """Nobody sees or changes another owner's places, with whomever their vehicle is shared."""
    home = await _make(v1)
    v1.share_only("location")
    for call, body in (
        (f"GET /places/{home}", {}), (f"DELETE /places/{home}", {}),
        (f"PATCH /places/{home}", {"json": {"name": "Mine"}}),
        (f"PUT /places/{home}/tariffs/always", {"json": {"free": True}}),
        (f"DELETE /places/{home}/tariffs/always", {}),
    ):  # fmt: skip
        answer = await v1.call(call, "alice", **body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_place"), call
    assert (await v1.call("GET /places", "alice")).json() == []
    assert (await v1.call(f"GET /places/{home}")).json()["name"] == "Home"


@pytest.mark.parametrize("permit", ["account", "location", "view", "view,account"])
async def test_tokens(v1: ApiSite, permit: str) -> None:
    """A token needs both account and location."""
    assert (await v1.call("GET /places", "bob", permit)).status_code == 403
    assert (await v1.call("GET /places", "bob", "account,location")).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [{"latitude": 90.1}, {"longitude": -181}, {"latitude": None}, {"name": ""}, {"name": "  "},
     {"name": "x" * 65}, {"radius": 0}, {"radius": 1e9}, {"zone": "Mars/Base"},
     {"currency": "eu"}, {"latitude": "52"}, {"id": 5}, {"name": "a\nb"}],
)  # fmt: skip
async def test_wrong(v1: ApiSite, wrong: dict[str, Any]) -> None:
    """What is no place is refused, made or changed."""
    assert (await v1.call("POST /places", json={**HOME, **wrong})).status_code == 422
    home = await _make(v1)
    assert (await v1.call(f"PATCH /places/{home}", json=wrong)).status_code == 422


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_no_numbers(v1: ApiSite, value: str) -> None:
    """What Python's JSON takes for a number, and is none, is refused."""
    body = f'{{"name": "Home", "latitude": {value}, "longitude": 13}}'
    headers = {"content-type": "application/json"}
    assert (await v1.call("POST /places", content=body, headers=headers)).status_code == 422


@pytest.mark.parametrize(
    "tariff",
    [{}, {"energy_price": 0.3}, {"energy_price": "-1"}, {"energy_price": "NaN"},
     {"energy_price": "0.1234567"}, {"free": True, "energy_price": "1"}, {"free_minutes": 5},
     {"bands": [{"price": "1", "from": "25:00", "until": "06:00"}]},
     {"bands": [{"price": "1", "from": "22:00", "until": "06:00"}]},
     {"energy_price": "1", "bands": [{"price": "1", "since": "22:00", "until": "06:00"}]},
     {"energy_price": "1", "bands": [{"price": "1", "from": "1:00", "until": "06:00"}]},
     {"energy_price": "1", "bands": [{"price": "1", "from": "01:00", "until": "6:00"}] * 2},
     {"energy_price": "1", "bands": [{"price": "1", "from": "01:00", "until": "06:00"}] * 2},
     {"energy_price": "1", "bands": [{"price": "1", "from": "01:00", "until": "06:00",
                                      "days": []}]}],
)  # fmt: skip
async def test_wrong_tariffs(v1: ApiSite, tariff: dict[str, Any]) -> None:
    """What is no tariff is refused."""
    home = await _make(v1)
    answer = await v1.call(f"PUT /places/{home}/tariffs/always", json=tariff)
    assert answer.status_code == 422, answer.text
    assert (await v1.call(f"GET /places/{home}")).json()["tariffs"] == []


@pytest.mark.parametrize("day", ["2026-02-30", "1999-12-31", "0000-01-01", "never", "9999-12-31"])
async def test_wrong_days(v1: ApiSite, day: str) -> None:
    """A day that is none, or that no tariff counts from, is refused."""
    home = await _make(v1)
    path = f"/places/{home}/tariffs/{day}"
    assert (await v1.call(f"PUT {path}", json={"free": True})).status_code == 422


async def test_suggestions(v1: ApiSite) -> None:
    """Where the caller's own cars often parked is suggested, until there is a place."""
    weeks = [NOON + 500 * 86400 + at * 86400 for at in range(4)]
    put_journeys(v1.database, "CAR2", *(parked(each, each + 7200) for each in weeks))
    v1.clock.advance(weeks[-1] - v1.clock.time() + 86400)
    v1.share("location", "CAR2")
    [found] = (await v1.call("GET /places/suggestions")).json()
    assert (found["visits"], found["parked_time"], found["vehicle_ids"]) == (4, 28800, ["CAR2"])
    assert (found["latitude"], found["longitude"]) == (HOME["latitude"], HOME["longitude"])
    assert (await v1.call("GET /places/suggestions", "alice")).json() == []
    await _make(v1)
    assert (await v1.call("GET /places/suggestions")).json() == []


async def test_addresses_of_suggestions(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spot has the address that is known of it; none on a server that asks nobody."""
    put_journeys(v1.database, "CAR1", *(parked(NOON + at * 86400) for at in range(4)))
    v1.clock.advance(max(0.0, NOON + 5 * 86400 - v1.clock.time()))
    [found] = (await v1.call("GET /places/suggestions")).json()
    assert found["address"] is None
    monkeypatch.setattr(Geocoder, "address", lambda self, position: "Weg 5, Ort")
    [found] = (await v1.call("GET /places/suggestions")).json()
    assert found["address"] == "Weg 5, Ort"


async def test_audit(v1: ApiSite) -> None:
    """What was done to places is in the trail, by their ids: names may say where somebody lives."""
    home = await _make(v1)
    await _tariff(v1, home, free=True)
    await v1.call(f"PATCH /places/{home}", json={"radius": 50})
    await v1.call(f"DELETE /places/{home}")
    trail = (await v1.call("GET /account/audit")).json()["items"]
    assert [(each["action"], each["detail"]) for each in trail if "place" in each["action"]] == [
        (f"place.{word}", str(home)) for word in ("remove", "change", "tariff", "add")
    ]
