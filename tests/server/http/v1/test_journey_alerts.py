from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.server.http.v1.driven import put_place

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

ALERTS = "/vehicles/CAR1/journey-alerts"


async def _change(v1: ApiSite, status: int = 200, owner: str = "bob", **body: Any) -> Any:
    answer = await v1.call(f"PATCH {ALERTS}", owner, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_defaults(v1: ApiSite) -> None:
    """Nobody is told of anything but services that the car knows of, until somebody wants it."""
    rules = (await v1.call(f"GET {ALERTS}")).json()
    assert {name for name, rule in rules.items() if rule["is_on"]} == {"service"}
    assert rules["charge_missed"]["start"] == "22:00"


async def test_change(v1: ApiSite) -> None:
    """What is named changes, all else stays, and null is the default again."""
    changed = await _change(v1, arrival_soc={"is_on": True}, service={"since_date": "2026-02-28"})
    assert changed["arrival_soc"] == {"is_on": True, "below": 20}
    again = await _change(v1, arrival_soc={"below": 12.5})
    assert again["arrival_soc"] == {"is_on": True, "below": 12.5}
    assert again["service"]["since_date"] == "2026-02-28"
    assert (await v1.call(f"GET {ALERTS}")).json() == again
    assert (await _change(v1, arrival_soc=None))["arrival_soc"] == {"is_on": False, "below": 20}
    assert (await v1.call("GET /vehicles/CAR2/journey-alerts")).json()["service"] != again[
        "service"
    ]
    trail = (await v1.call("GET /vehicles/CAR1/audit")).json()["items"]
    assert (trail[-1]["action"], trail[-1]["detail"]) == (
        "journey-alerts.change", "arrival_soc,service"
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [{"none": {}}, {"arrival_soc": {"above": 1}}, {"arrival_soc": {"below": 0}},
     {"arrival_soc": {"below": "20"}}, {"charge_missed": {"start": "24:00"}},
     {"charge_missed": {"start": "23:00"}}, {"service": {"every_km": 10000}},
     {"service": {"since_date": "2026-02-30"}}, {"service": {"since_date": 1}},
     {"service": {"since_date": "2026-02-03T00:00:00Z"}}, {"service": {"ahead_days": 1e9}},
     {"places": {"places": [99]}}, {"places": {"places": list(range(1, 999))}}],
)  # fmt: skip
async def test_wrong(v1: ApiSite, body: dict[str, Any]) -> None:
    """What makes no sense is refused, and nothing changes."""
    before = (await v1.call(f"GET {ALERTS}")).json()
    await _change(v1, 422, **{"charge_stopped": {"is_on": True}, **body})
    assert (await v1.call(f"GET {ALERTS}")).json() == before


async def test_places(v1: ApiSite) -> None:
    """Places are the owner's, and only who may see where the car is sees and names them."""
    home, other = put_place(v1), put_place(v1, owner="alice")
    assert (await _change(v1, places={"places": [home]}))["places"]["places"] == [home]
    await _change(v1, 422, charge_missed={"place": other})
    v1.share_only("manage")
    assert (await v1.call(f"GET {ALERTS}", "alice")).json()["places"]["places"] is None
    await _change(v1, 403, "alice", places={"places": [home]})
    await _change(v1, 403, "alice", places=None)
    changed = await _change(v1, 200, "alice", places={"is_on": True})
    assert changed["places"] == {
        "is_on": True, "entering": True, "leaving": True, "places": None
    }  # fmt: skip
    assert (await v1.call(f"GET {ALERTS}")).json()["places"]["places"] == [home]
