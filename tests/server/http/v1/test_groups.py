from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.http.v1 import groups
from ovms.server.storage import queries

if TYPE_CHECKING:
    import pytest

    from tests.server.http.v1.site import ApiSite

HERE = "gclub,80,50,90,100,1,1,51.5,-0.12"


async def test_members(v1: ApiSite) -> None:
    """Who has a car in a group sees all cars in it, in km/h, those of others too."""
    await v1.http.report("S80,M", HERE)
    await v1.http.report("S70,K", "gCLUB,70,30,0,0,1,0,52,13", "gother,70", vehicle_id="CAR3")
    (club,) = (await v1.call("GET /groups")).json()
    assert club["name"] == "CLUB"
    assert club["members"] == [
        {"vehicle_id": "CAR1", "is_mine": True, "soc": 80.0, "latitude": 51.5, "longitude": -0.12,
         "altitude": 100.0, "direction": 90.0, "speed": 80.467, "has_fix": True, "is_stale": False},
        {"vehicle_id": "CAR3", "is_mine": False, "soc": 70.0, "latitude": 52.0, "longitude": 13.0,
         "altitude": 0.0, "direction": 0.0, "speed": 30.0, "has_fix": True, "is_stale": True},
    ]  # fmt: skip
    names = [each["name"] for each in (await v1.call("GET /groups", "alice")).json()]
    assert names == ["CLUB", "OTHER"]


async def test_by_right(v1: ApiSite) -> None:
    """Without the right to a car's location, or over a way that it does not take, none is seen."""
    await v1.http.report(HERE)
    for permit, count in (("view", 0), ("location", 1)):
        assert len((await v1.call("GET /groups", "bob", permit)).json()) == count
    v1.share("view")
    assert (await v1.call("GET /groups", "alice")).json() == []
    v1.http.change(lambda connection, now: queries.set_tls_only(connection, "CAR1", True, now))
    await v1.http.accounts.check_logins()
    assert (await v1.call("GET /groups")).json() == []


async def test_a_car_that_goes(v1: ApiSite) -> None:
    """A car that is gone is in no group; without the unit of its speed that is unknown."""
    session, _ = await v1.http.report(HERE)
    (club,) = (await v1.call("GET /groups")).json()
    assert club["members"][0]["speed"] is None
    session.closed(None)
    assert (await v1.call("GET /groups")).json() == []


async def test_bound(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer has so many cars."""
    monkeypatch.setattr(groups, "POSITIONS_LIMIT", 1)
    await v1.http.report(HERE, "gother,80")
    assert [each["name"] for each in (await v1.call("GET /groups")).json()] == ["CLUB"]
