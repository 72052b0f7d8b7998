from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.server.http.v1.driven import journeys_of, put_day
from tests.server.http.v1.streams import stream
from tests.server.journeys.made import NOON, charge, put_journeys, trip

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

JOURNEYS = "/vehicles/CAR1/journeys"
EDITS = "/vehicles/CAR1/journey-edits"


async def _change(v1: ApiSite, journey: int, status: int = 200, **body: Any) -> Any:
    answer = await v1.call(f"PATCH {JOURNEYS}/{journey}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def _edits(v1: ApiSite, **params: Any) -> list[dict[str, Any]]:
    answer = await v1.call(f"GET {EDITS}", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_change(v1: ApiSite) -> None:
    """What is named is changed, null is as reported again, and nothing is nothing."""
    drive = put_day(v1)["trip"]
    changed = await _change(v1, drive, note="To Anna", purpose="business", energy=2.5)
    assert (changed["note"], changed["purpose"], changed["is_edited"]) == (
        "To Anna", "business", True
    )  # fmt: skip
    assert changed["trip"]["energy"] == 2.5
    again = await _change(v1, drive, energy=None)
    assert (again["trip"]["energy"], again["note"]) == (2, "To Anna")
    assert await _change(v1, drive) == again
    whole = (await v1.call(f"GET {JOURNEYS}/{drive}")).json()
    assert {**whole, "track": None} == {**again, "track": None, "curve": None}
    back = await _change(v1, drive, note=None, purpose=None)
    assert (back["note"], back["purpose"], back["is_edited"]) == ("", None, False)
    assert await _edits(v1) == []


async def test_who_looks_hears(v1: ApiSite) -> None:
    """Streams are told of a correction, and of one that is taken back."""
    drive = put_day(v1)["trip"]
    async with stream(v1, "/vehicles/CAR1/events") as reader:
        await reader.next()
        await _change(v1, drive, note="To Anna")
        (edit,) = await _edits(v1)
        assert (await reader.next()).content == {"vehicle_id": "CAR1", "change": "corrected"}
        await v1.call(f"DELETE /vehicles/CAR1/journey-edits/{edit['id']}")
        assert (await reader.next()).name == "journeys"


async def test_cost(v1: ApiSite) -> None:
    """A cost is said to the last digit, in the owner's currency."""
    put_journeys(v1.database, "CAR1", charge())
    load = journeys_of(v1)["charge"]
    told = await _change(v1, load, cost="3.505", grid_energy=8)
    assert told["charge"]["cost"] == {"amount": "3.505", "currency": "EUR"}
    assert told["charge"]["grid_energy"] == 8
    assert [each["cost"] for each in await _edits(v1)] == ["3.505"]
    assert (await _change(v1, load, cost=None))["charge"]["cost"] is None


async def test_merge_and_split(v1: ApiSite) -> None:
    """Two trips become one, one becomes two, and both is taken back in order."""
    put_journeys(v1.database, "CAR1", trip(NOON, NOON + 600), trip(NOON + 900, NOON + 1800))
    listed = (await v1.call(f"GET {JOURNEYS}")).json()["items"]
    ids = [each["id"] for each in listed]
    merged = await v1.call(f"POST {JOURNEYS}/merge", json={"ids": ids})
    assert (merged.json()["duration"], merged.json()["trip"]["distance"]) == (1800, 20)
    one = merged.json()["id"]
    parts = await v1.call(f"POST {JOURNEYS}/{one}/split", json={"at": "2025-06-15T15:16:40Z"})
    assert [each["duration"] for each in parts.json()] == [600, 1200], parts.text
    split, merge = await _edits(v1)
    assert (split["kind"], split["at"], merge["kind"]) == (
        "split", "2025-06-15T15:16:40.000Z", "merge"
    )  # fmt: skip
    assert (await v1.call(f"DELETE {EDITS}/{merge['id']}")).status_code == 422
    for each in (split, merge):
        assert (await v1.call(f"DELETE {EDITS}/{each['id']}")).status_code == 204
    again = (await v1.call(f"GET {JOURNEYS}")).json()["items"]
    assert [{**each, "id": 0} for each in again] == [{**each, "id": 0} for each in listed]
    gone = await v1.call(f"DELETE {EDITS}/{merge['id']}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "no_edit")


async def test_pages(v1: ApiSite) -> None:
    """Corrections come the newest first, page by page, of all journeys or of one."""
    times = [NOON, NOON + 3600, NOON + 7200]
    put_journeys(v1.database, "CAR1", *(trip(each, each + 60) for each in times))
    items = (await v1.call(f"GET {JOURNEYS}")).json()["items"]
    for each in items:
        await _change(v1, each["id"], note="x")
    whole = await _edits(v1)
    assert [each["id"] for each in whole] == sorted((each["id"] for each in whole), reverse=True)
    first = (await v1.call(f"GET {EDITS}?limit=2")).json()
    rest = (await v1.call(f"GET {EDITS}?limit=2&after={first['next']}")).json()
    assert (first["items"] + rest["items"], rest["next"]) == (whole, None)
    assert len(await _edits(v1, journey=items[0]["id"])) == 1
    assert (await v1.call(f"GET {EDITS}?journey=999")).status_code == 404


async def test_of_another_vehicle(v1: ApiSite) -> None:
    """Journeys and corrections of another vehicle are neither changed nor shown."""
    mine = put_day(v1)["trip"]
    other = put_day(v1, "CAR2")["trip"]
    await v1.call(f"PATCH /vehicles/CAR2/journeys/{other}", json={"note": "x"})
    [edit] = (await v1.call("GET /vehicles/CAR2/journey-edits")).json()["items"]
    at = {"at": "2025-06-15T15:16:40Z"}
    for call, body in (
        (f"PATCH {JOURNEYS}/{other}", {"note": "y"}), (f"POST {JOURNEYS}/{other}/split", at),
        (f"POST {JOURNEYS}/merge", {"ids": [mine, other]}),
        (f"DELETE {EDITS}/{edit['id']}", None),
    ):  # fmt: skip
        assert (await v1.call(call, json=body)).status_code == 404, call
    assert await _edits(v1) == []


async def test_without_location(v1: ApiSite) -> None:
    """Who manages without seeing positions corrects numbers, and neither sees nor writes notes."""
    drive = put_day(v1)["trip"]
    await _change(v1, drive, note="To Anna")
    v1.share_only("manage")
    changed = await v1.call(f"PATCH {JOURNEYS}/{drive}", "alice", json={"energy": 3})
    assert (changed.json()["note"], changed.json()["start"]["position"]) == (None, None)
    assert changed.json()["trip"]["energy"] == 3
    for note in ("mine", None):
        answer = await v1.call(f"PATCH {JOURNEYS}/{drive}", "alice", json={"note": note})
        assert answer.status_code == 403
    told = (await v1.call(f"GET {EDITS}", "alice")).json()
    assert (told["hidden"], [each["note"] for each in told["items"]]) == (["location"], [None])
    assert (await _edits(v1))[0]["note"] == "To Anna"


@pytest.mark.parametrize(
    ("kind", "body"),
    [("trip", {"energy": -1}), ("trip", {"energy": 2001}), ("trip", {"energy": "2"}),
     ("trip", {"cost": "1"}), ("trip", {"grid_energy": 1}), ("trip", {"purpose": "fun"}),
     ("trip", {"note": "x" * 1001}), ("trip", {"note": "a\u202eb"}), ("trip", {"distance": 1}),
     ("parked", {"energy": 1}), ("parked", {"purpose": "business"}), ("charge", {"note": "open"}),
     ("trip", {"cost": None})],
)  # fmt: skip
async def test_wrong(v1: ApiSite, kind: str, body: dict[str, Any]) -> None:
    """What cannot be changed so is refused, as is what still goes on."""
    await _change(v1, put_day(v1)[kind], 422, **body)
    assert await _edits(v1) == []


@pytest.mark.parametrize("cost", [3.5, "-1", "NaN", "1e3", "1.2345", "1000001", "", "१", "1\n"])
async def test_wrong_costs(v1: ApiSite, cost: object) -> None:
    """What is no amount of money is refused."""
    put_journeys(v1.database, "CAR1", charge())
    await _change(v1, journeys_of(v1)["charge"], 422, cost=cost)


@pytest.mark.parametrize(
    "at",
    ["2025-06-15T15:06:40Z", "2025-06-15T15:36:40Z", "2024-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
     "9999-12-31T23:59:59-12:00", "2025-06-15"],
)  # fmt: skip
async def test_wrong_splits(v1: ApiSite, at: str) -> None:
    """A time that is not within a trip does not split it."""
    drive = put_day(v1)["trip"]
    answer = await v1.call(f"POST {JOURNEYS}/{drive}/split", json={"at": at})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("ids", [[], [1], [1, 1], [1, 2], [2, 3], [*range(1, 150)], ["1", "2"]])
async def test_wrong_merges(v1: ApiSite, ids: list[Any]) -> None:
    """What is not two of a kind that are over is not merged."""
    put_day(v1)
    answer = await v1.call(f"POST {JOURNEYS}/merge", json={"ids": ids})
    assert answer.status_code == 422, answer.text


async def test_race(v1: ApiSite) -> None:
    """Of changes at one moment none is lost, and one of two of the same field counts."""
    drive = put_day(v1)["trip"]
    bodies: list[dict[str, Any]] = [{"note": "a"}, {"note": "b"}, {"purpose": "private"},
                                    {"energy": 4}]  # fmt: skip
    await asyncio.gather(*(_change(v1, drive, **body) for body in bodies))
    told = (await v1.call(f"GET {JOURNEYS}/{drive}")).json()
    assert told["note"] in ("a", "b")
    assert (told["purpose"], told["trip"]["energy"]) == ("private", 4)
    assert len(await _edits(v1)) == 1


async def test_audit(v1: ApiSite) -> None:
    """Corrections are in the trail without what they say."""
    drive = put_day(v1)["trip"]
    await _change(v1, drive, note="To Anna")
    [edit] = await _edits(v1)
    await v1.call(f"DELETE {EDITS}/{edit['id']}")
    trail = (await v1.call("GET /vehicles/CAR1/audit")).json()["items"]
    assert [(each["action"], each["detail"]) for each in trail] == [
        ("journey.undo", str(edit["id"])), ("journey.change", str(drive))
    ]  # fmt: skip
