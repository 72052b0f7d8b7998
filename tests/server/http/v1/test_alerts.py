from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.values import ALERT_TYPE
from tests.server.http.v1.records import put

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

ALERTS = "GET /vehicles/CAR1/alerts"


async def _alerts(v1: ApiSite, owner: str = "bob", **params: Any) -> list[tuple[str, str | None]]:
    answer = (await v1.call(ALERTS, owner, params=params)).json()
    return [(each["kind"], each["text"]) for each in answer["items"]]


async def test_alerts(v1: ApiSite) -> None:
    """The newest come first, and the kinds have words."""
    await put(v1, ALERT_TYPE, (-9, "A,Theft, perhaps"), (-8, "I,Full"), (-7, "E,1"), (-6, "x,y"))
    assert await _alerts(v1) == [
        ("x", "y"), ("error", "1"), ("information", "Full"), ("alert", "Theft, perhaps")
    ]  # fmt: skip
    page = (await v1.call(ALERTS, params={"limit": 3})).json()
    assert page["items"][0]["time"] == "2023-11-14T22:13:14.000Z"
    assert await _alerts(v1, after=page["next"]) == [("alert", "Theft, perhaps")]


@pytest.mark.parametrize(
    ("kinds", "found"),
    [(["alert"], ["a"]), (["ERROR", "alert"], ["e", "a"]), (["x"], []), (["nothing"], [])],
)
async def test_kinds(v1: ApiSite, kinds: list[str], found: list[str]) -> None:
    """Only the kinds that are asked for come."""
    await put(v1, ALERT_TYPE, (-9, "A,a"), (-8, "I,i"), (-7, "E,e"))
    assert [text for _, text in await _alerts(v1, kind=kinds)] == found


async def test_positions(v1: ApiSite) -> None:
    """An alert that says where the car is hides its text from who may not see that."""
    await put(v1, ALERT_TYPE, (0, "A,Moved: 50.123456,8.654321"))
    v1.share_only("view")
    await v1.http.accounts.check_logins()
    assert await _alerts(v1, "alice") == [("alert", None)]
    v1.share_only("location")
    await v1.http.accounts.check_logins()
    assert await _alerts(v1, "alice") == [("alert", "Moved: 50.123456,8.654321")]


ALL = "GET /alerts"


async def _all(v1: ApiSite, owner: str = "bob", **params: Any) -> list[tuple[str, str | None]]:
    """Return alerts of all vehicles as vehicle and text, page by page, each once and in order."""
    found: list[dict[str, Any]] = []
    while True:
        page = (await v1.call(ALL, owner, params=params)).json()
        assert len(page["items"]) <= params.get("limit", 50)
        found += page["items"]
        if page["next"] is None:
            break
        assert page["items"]
        params["after"] = page["next"]
    times = [each["time"] for each in found]
    assert times == sorted(times, reverse=True)
    return [(each["vehicle_id"], each["text"]) for each in found]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 50])
async def test_of_all_vehicles(v1: ApiSite, limit: int) -> None:
    """The alerts of the caller's vehicles are one list, whatever of it is a page."""
    await put(v1, ALERT_TYPE, (-9, "A,a"), (-7, "I,c"), (-3, "A,e"), vehicle_id="CAR1")
    await put(v1, ALERT_TYPE, (-8, "A,b"), (-7, "A,d"), (-1, "E,f"), vehicle_id="CAR2")
    await put(v1, ALERT_TYPE, (-2, "A,of somebody else"), vehicle_id="CAR3")
    every = await _all(v1, limit=limit)
    assert every == [
        ("CAR2", "f"), ("CAR1", "e"), ("CAR2", "d"), ("CAR1", "c"), ("CAR2", "b"), ("CAR1", "a")
    ]  # fmt: skip
    assert await _all(v1, limit=limit, kind="information") == [("CAR1", "c")]
    assert await _all(v1, limit=limit, since=v1.clock.time() - 4) == every[:2]
    assert await _all(v1, limit=limit, until=v1.clock.time() - 8) == every[4:]
    assert await _all(v1, limit=limit, kind="nothing") == []


async def test_of_all_vehicles_where_a_page_is_cut(
    v1: ApiSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vehicle with long alerts makes a page shorter; nothing is left out or comes twice."""
    monkeypatch.setattr("ovms.server.storage.history_records.BYTES_A_PAGE", 5)
    await put(v1, ALERT_TYPE, (-9, "A,a"), (-7, "A,c"), (-3, "A,long long"), vehicle_id="CAR1")
    await put(v1, ALERT_TYPE, (-8, "A,b"), (-4, "A,d"), vehicle_id="CAR2")
    texts = [text for _, text in await _all(v1)]
    assert texts == ["long long", "d", "c", "b", "a"]


async def test_positions_of_all_vehicles(v1: ApiSite) -> None:
    """Of a vehicle that is shared without its position, texts with a position are hidden."""
    for vehicle_id in ("CAR1", "CAR3"):
        await put(v1, ALERT_TYPE, (-2, "A,Moved: 50.123456,8.654321"), vehicle_id=vehicle_id)
    v1.share_only("view")
    await v1.http.accounts.check_logins()
    assert set(await _all(v1, "alice")) == {
        ("CAR1", None), ("CAR3", "Moved: 50.123456,8.654321")
    }  # fmt: skip
    assert (await v1.call(ALL, None)).status_code == 401
    assert (await v1.call(ALL, permit="account")).json()["items"] == []
