from __future__ import annotations

from ovms.protocol import Role
from ovms.server.http.answers import json_answer
from ovms.server.http.field.latest import view_of
from tests.server.http.api import HttpSite


async def test_vehicles(api: HttpSite) -> None:
    """Each of the caller's cars is listed, with who is connected to it."""
    await api.enter(Role.CAR)
    await api.enter(Role.APP)
    await api.enter(Role.BATCH)
    answer = await api.get("/api/vehicles")
    assert answer.content == (
        b'[{"id":"CAR1","v_apps_connected":1,"v_btcs_connected":1,"v_net_connected":1},'
        b'{"id":"CAR2","v_apps_connected":0,"v_btcs_connected":0,"v_net_connected":0}]\n'
    )


async def test_a_view(api: HttpSite) -> None:
    """What a car said is seen while it is there, and afterwards."""
    session, _ = await api.report("S80,K")
    assert (await view_of(api.context, "CAR1")).latest.by_code["S"].data == b"80,K"
    session.closed(None)
    gone = await view_of(api.context, "CAR1")
    assert (gone.room, gone.latest.by_code["S"].data) == (None, b"80,K")
    assert json_answer({}).body == b"{}\n"
