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
