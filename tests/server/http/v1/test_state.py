from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.http.v1.state import StateAnswer
from tests.server.http.v1.test_decoded import DOORS, STATUS

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

SAID = ("S" + STATUS.format(unit="M"), "D" + DOORS, "L51.5,-0.12,90,100,1,1,30", "F3.3.004,VIN1",
        "W36,20,36,20,36,20,36,20,1", "VC1,C3-6", "X1,0,230,10,2.3,90")  # fmt: skip


async def test_as_described(v1: ApiSite) -> None:
    """The answer is as the description says, field by field, and without nulls for what is."""
    await v1.http.report(*SAID)
    answer = await v1.call("GET /vehicles/car1/state")
    state = StateAnswer.model_validate_json(answer.text)
    assert state.is_online
    assert state.model_dump(mode="json") == answer.json()
    assert None not in answer.json()["groups"].values()


async def test_nobody_is_there(v1: ApiSite) -> None:
    """What a car said is answered when it has gone and its room has closed."""
    session, _ = await v1.http.report("S80,K")
    session.closed(None)
    assert not v1.context.hub.rooms
    v1.clock.advance(60)
    state = (await v1.call("GET /vehicles/CAR1/state")).json()
    assert not state["is_online"]
    assert state["groups"]["battery"]["soc"] == 80
    assert state["groups"]["battery"]["age"] == 60
    assert (await v1.call("GET /vehicles/CAR2/state")).json()["heard"] is None


async def test_position_by_right(v1: ApiSite) -> None:
    """Whoever has no right to the location gets everything but the location."""
    await v1.http.report(*SAID)
    v1.share("view")
    for owner, permit in (("alice", "*"), ("bob", "view")):
        answer = await v1.call("GET /vehicles/CAR1/state", owner, permit)
        assert "51.5" not in answer.text
        assert answer.json()["hidden"] == ["location"]
        assert answer.json()["groups"]["location"] is None
        assert answer.json()["groups"]["energy"] is not None
    v1.share("location")
    await v1.http.accounts.check_logins()
    state = (await v1.call("GET /vehicles/CAR1/state", "alice")).json()
    assert state["groups"]["location"]["latitude"] == 51.5
    assert state["hidden"] == []


async def test_paranoid(v1: ApiSite) -> None:
    """A car that seals what it says is told as such, and all its groups are null."""
    await v1.http.report("ETtoken", "EMSsealed", "EMLsealed")
    state = (await v1.call("GET /vehicles/CAR1/state")).json()
    assert state["is_paranoid"]
    assert set(state["groups"].values()) == {None}
