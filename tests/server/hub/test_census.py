from __future__ import annotations

import asyncio

import pytest

from ovms.base.clock import ManualClock
from ovms.protocol import Role
from ovms.server.hub import census as module
from ovms.server.hub.census import Census, take_census
from ovms.server.hub.hub import Hub, HubSettings
from tests.server.hub.fakes import (
    START,
    VERSION,
    FakeAlerts,
    FakeLine,
    FakeStorage,
    make_vehicle,
    message,
)


@pytest.fixture
def hub() -> Hub:
    """Make a hub that knows three vehicles."""
    storage = FakeStorage({each: make_vehicle(each) for each in ("CAR1", "CAR2", "CAR3")})
    return Hub(storage, FakeAlerts(), ManualClock(START), HubSettings(VERSION))


async def enter(hub: Hub, role: Role, vehicle_id: str, *texts: str, is_proven: bool = True) -> None:
    """Let somebody in who says something."""
    room = await hub.find(vehicle_id)
    assert room is not None
    line = FakeLine()
    line.is_proven = is_proven
    session = hub.enter(room, role, line, token="token")
    for text in texts:
        session.receive(message(text))


async def test_an_empty_server(hub: Hub) -> None:
    """Nobody is there, and nothing waits."""
    assert await take_census(hub) == Census()


async def test_who_is_there(hub: Hub) -> None:
    """Cars count with their proof, callers without it by themselves, commands until answered."""
    await enter(hub, Role.CAR, "CAR1", "a")
    await enter(hub, Role.APP, "CAR1", "C5", "C6")
    await enter(hub, Role.APP, "CAR1", "C5")
    await enter(hub, Role.CAR, "CAR2", "a", is_proven=False)
    await enter(hub, Role.APP, "CAR3")
    assert await take_census(hub) == Census(
        rooms=3, cars=1, waiting_for_proof=1, commands_waiting=2
    )


async def test_what_is_paced(hub: Hub) -> None:
    """A car that has not read what it was sent has something waiting for it."""
    await enter(hub, Role.CAR, "CAR1", "a")
    await enter(hub, Role.APP, "CAR1", *[f"G{n}" for n in range(3)], *["EMx" + "y" * 500] * 4)
    assert (await take_census(hub)).cars_paced == 1


async def test_others_have_their_turn(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many rooms are counted in several turns of the event loop."""
    monkeypatch.setattr(module, "ROOMS_A_TURN", 1)
    for vehicle_id in ("CAR1", "CAR2", "CAR3"):
        await enter(hub, Role.APP, vehicle_id)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(count())
    assert (await take_census(hub)).rooms == 3
    task.cancel()
    assert turns >= 3
