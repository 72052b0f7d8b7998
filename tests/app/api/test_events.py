from __future__ import annotations

import json
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx

from tests.app.api.clients import client_of, scripted

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_state(v1: ApiSite) -> None:
    """The state of a vehicle is typed, and what the car never said is ``None``."""
    await v1.http.report("S80,K")
    state = await client_of(v1).state("CAR1")
    assert state.is_online
    assert state.groups.auxiliary is None
    assert state.groups.battery is not None
    assert (state.groups.battery.soc, state.groups.battery.soh) == (80, None)


async def test_live_events() -> None:
    """Each event has the whole state, put together from full ones and changes."""
    group = {"time": "2026-11-27T02:30:00.000Z", "age": 0, "is_stale": False, "old": []}
    head = {"vehicle_id": "CAR1", "time": group["time"], "is_paranoid": False, "hidden": []}
    wheels = {"wheels": []} | group
    full = head | {"is_full": True, "is_online": True, "groups": {"tyres": None, "battery": None}}
    change = head | {"is_full": False, "is_online": True, "groups": {"tyres": wheels}}
    told = [
        ("state", full), ("ping", {}), ("state", change),
        ("presence", {"vehicle_id": "CAR1", "is_online": False, "apps": 0}),
        ("removed", {"vehicle_id": "CAR1"}), ("end", {"reason": "too_old"}),
    ]  # fmt: skip
    text = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in told)
    client = scripted(lambda _: httpx.Response(200, text=text), [])
    async with aclosing(client.events("CAR1", watch=True)) as events:
        first, second, third, fourth = [await anext(events) for _ in range(4)]
    assert first.changed == ("tyres", "battery")
    assert first.state is not None
    assert first.state.groups.tyres is None
    assert second.changed == ("tyres",)
    assert second.state is not None
    assert second.state.groups.tyres is not None
    assert third.state is not None
    assert (third.type, third.state.is_online, third.data["apps"]) == ("presence", False, 0)
    assert (fourth.type, fourth.state) == ("removed", None)
