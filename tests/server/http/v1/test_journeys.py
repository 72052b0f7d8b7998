from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from ovms.server.journeys.values import TripPoint
from ovms.server.storage.journey_view import JourneyMaking
from ovms.server.storage.schema import vehicles
from tests.server.http.v1.driven import HOUR, put_day, put_place
from tests.server.journeys.made import NOON, WORK, put_journeys, trip

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

JOURNEYS = "GET /vehicles/CAR1/journeys"


async def _page(
    v1: ApiSite, owner: str = "bob", permit: str = "*", **params: Any
) -> dict[str, Any]:
    answer = await v1.call(JOURNEYS, owner, permit, params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def _kinds(v1: ApiSite, **params: Any) -> list[str]:
    return [each["kind"] for each in (await _page(v1, **params))["items"]]


async def test_journeys(v1: ApiSite) -> None:
    """All that a vehicle did is in one list, the newest first, with what goes on."""
    home = put_place(v1)
    put_day(v1)
    page = await _page(v1)
    assert (page["state"], page["hidden"], page["next"]) == ("made", [], None)
    load, stay, drive = page["items"]
    assert [each["kind"] for each in (load, stay, drive)] == ["charge", "parked", "trip"]
    assert [each["is_open"] for each in (load, stay, drive)] == [True, False, False]
    assert drive["start"]["place"] == {"id": home, "name": "Home"}
    assert (drive["end"]["place"], drive["end"]["odometer"]) == (None, 1010)
    assert drive["end"]["position"] == {"latitude": 52.1, "longitude": 13.1}
    assert (drive["duration"], drive["certainty"], drive["estimated"]) == (
        1800, "estimated", ["energy_used"]
    )  # fmt: skip
    assert drive["charge"] is drive["parked"] is None
    facts = ("distance", "energy", "consumption", "speed_mean", "speed_max", "ascent")
    assert [drive["trip"][name] for name in facts] == [10, 2, 20, 20, 100, 60]
    more = ("energy", "grid_energy", "efficiency", "power_mean", "power_max", "ending", "cost")
    assert [load["charge"][name] for name in more] == [6.3, 7, 90, 6.3, 7.2, "unknown", None]
    assert stay["parked"]["soc_lost_a_day"] == 2
    assert stay["parked"]["voltage_12v_lost_a_day"] == pytest.approx(0.4)


async def test_one(v1: ApiSite) -> None:
    """A trip has its track, a charge its curve."""
    ids = put_day(v1)
    drive, load, stay = [
        (await v1.call(f"{JOURNEYS}/{ids[kind]}")).json() for kind in ("trip", "charge", "parked")
    ]
    listed = (await _page(v1))["items"]
    assert {key: value for key, value in drive.items() if key not in ("track", "curve")} == (
        listed[2]
    )
    assert [each["distance"] for each in drive["track"]] == [0, 3.333, 6.667, 10]
    assert drive["track"][-1]["latitude"] == WORK.latitude
    assert drive["curve"] is load["track"] is stay["track"] is stay["curve"] is None
    assert [each["power"] for each in load["curve"]] == [7, 6]
    assert load["curve"][1]["time"] == load["end"]["time"]


async def test_points_without_position(v1: ApiSite) -> None:
    """A point of a track that has no position is told with what else it has."""
    point = TripPoint(time=NOON + 60, speed=50.0)
    put_journeys(v1.database, "CAR1", trip(track=(point,)))
    [listed] = (await _page(v1))["items"]
    [told] = (await v1.call(f"{JOURNEYS}/{listed['id']}")).json()["track"]
    assert (told["latitude"], told["longitude"], told["speed"]) == (None, None, 50)


async def test_choice(v1: ApiSite) -> None:
    """Kinds, a span, a place and an order are chosen."""
    put_place(v1)
    work = put_place(v1, "Work", WORK)
    put_day(v1)
    assert await _kinds(v1, kind="trip") == ["trip"]
    assert await _kinds(v1, kind=["trip", "charge", "trip"]) == ["charge", "trip"]
    assert await _kinds(v1, order="oldest") == ["trip", "parked", "charge"]
    assert await _kinds(v1, since=NOON + 1, until=NOON + 1801) == ["parked"]
    assert await _kinds(v1, since=NOON, until=NOON + 1800) == ["trip"]
    assert await _kinds(v1, place=work) == ["parked", "trip"]
    assert await _kinds(v1, place=999) == []
    assert await _kinds(v1, until="0001-01-03") == []
    assert await _kinds(v1, since="9999-12-31T23:59:59Z") == []


async def test_pages(v1: ApiSite) -> None:
    """Pages follow each other without a gap, in both orders, also where starts are the same."""
    put_day(v1)
    for order in ("newest", "oldest"):
        whole = [each["id"] for each in (await _page(v1, order=order))["items"]]
        found, after = [], None
        for _ in whole:
            page = await _page(v1, order=order, limit=1, **({"after": after} if after else {}))
            found += [each["id"] for each in page["items"]]
            after = page["next"]
        assert (found, after) == (whole, None)


async def test_of_another_vehicle(v1: ApiSite) -> None:
    """A journey of another vehicle is none of this one, nor is what goes on behind one."""
    other = put_day(v1, "CAR2")["trip"]
    put_day(v1, "CAR3")
    assert (await v1.call(f"{JOURNEYS}/{other}")).json()["error"]["code"] == "no_journey"
    assert (await v1.call(f"{JOURNEYS}/{2**53}")).status_code == 404
    after = (await v1.call("GET /vehicles/CAR2/journeys?limit=1")).json()["next"]
    assert (await _page(v1, after=after))["items"] == []


@pytest.mark.parametrize(("owner", "permit"), [("bob", "view"), ("alice", "*")])
async def test_without_location(v1: ApiSite, owner: str, permit: str) -> None:
    """Who may not see positions gets nothing that says where the vehicle was."""
    place = put_place(v1)
    ids = put_day(v1)
    v1.share_only("view")
    page = await _page(v1, owner, permit)
    assert page["hidden"] == ["location"]
    drive = (await v1.call(f"{JOURNEYS}/{ids['trip']}", owner, permit)).json()
    assert drive["track"] is None
    for each in (*page["items"], drive):
        for end in (each["start"], each["end"]):
            assert end["place"] is end["position"] is end["altitude"] is None
        assert each["note"] is None
    heights = ("altitude_min", "altitude_max", "ascent", "descent")
    assert {drive["trip"][name] for name in heights} == {None}
    assert drive["trip"]["distance"] == 10
    answer = await v1.call(JOURNEYS, owner, permit, params={"place": place})
    assert answer.status_code == 403


async def test_shared_with_location(v1: ApiSite) -> None:
    """With whom positions are shared sees the names of the owner's places where the car was."""
    put_place(v1)
    put_day(v1)
    v1.share_only("location")
    page = await _page(v1, "alice")
    assert (page["hidden"], page["items"][0]["start"]["place"]["name"]) == ([], "Home")


@pytest.mark.parametrize(
    ("change", "state"),
    [({}, "made"), ({"journeys": False}, "vehicle_off"), ({"paranoid_token": "x"}, "paranoid"),
     ({"log_days": 0}, "no_telemetry"), ({"log_days": 1}, "made")],
)  # fmt: skip
async def test_state(v1: ApiSite, change: dict[str, Any], state: str) -> None:
    """The list says why none are made; what was made stays."""
    put_day(v1)
    if change:
        with v1.database.writing() as connection:
            connection.execute(update(vehicles).values(change))
    page = await _page(v1)
    assert (page["state"], len(page["items"])) == (state, 3)


async def test_state_of_the_server(v1: ApiSite) -> None:
    """So it does where the server's settings are the reason."""
    object.__setattr__(v1.context, "journeys", JourneyMaking(log_days=0))
    assert (await _page(v1))["state"] == "no_telemetry"
    object.__setattr__(v1.context, "journeys", JourneyMaking(is_on=False))
    assert (await _page(v1))["state"] == "off"


@pytest.mark.parametrize(
    "params",
    [{"since": 9, "until": 9}, {"since": 9, "until": 8}, {"limit": 0}, {"limit": 201},
     {"kind": "flight"}, {"place": 0}, {"place": "nan"}, {"after": "x"}, {"order": "any"},
     {"since": "nan"}, {"until": "1e300"}, {"since": "2026-13-01"}],
)  # fmt: skip
async def test_refused(v1: ApiSite, params: dict[str, Any]) -> None:
    """What a call cannot mean is refused."""
    assert (await v1.call(JOURNEYS, params=params)).status_code == 422


async def test_many(v1: ApiSite) -> None:
    """The last of many is found by its page, and each one once."""
    times = [NOON + at * HOUR for at in range(120)]
    put_journeys(v1.database, "CAR1", *(trip(each, each + 600, track=()) for each in times))
    found, after = [], None
    for _ in range(3):
        page = await _page(v1, limit=50, **({"after": after} if after else {}))
        found += [each["start"]["time"] for each in page["items"]]
        after = page["next"]
    assert after is None
    assert len(set(found)) == len(found) == 120
    assert found == sorted(found, reverse=True)
