"""Several buses of one car, over python-can's interface for one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import can
from can.interfaces.virtual import VirtualBus

from ovms.car.bus.group import BusGroup
from ovms.car.bus.live import LiveBus
from ovms.car.bus.place import BusPlace
from ovms.car.frames import Frame
from ovms.car.trust import Trust
from tests.waiting import PATIENCE, until

NAMES = ("power", "body")


@asynccontextmanager
async def open_group(*names: str, trust: Trust = Trust.WRITE) -> AsyncIterator[BusGroup]:
    """Yield buses that are opened."""
    news = asyncio.Event()
    buses = {
        name: LiveBus(
            BusPlace("virtual" if name in NAMES else "socketcan", f"tests of {name}"), trust,
            random=Random(1), bus=name, news=news, first_wait=60,  # noqa: S311 (jitter)
        )
        for name in names
    }  # fmt: skip
    group = BusGroup(buses, news)
    group.open()
    try:
        yield group
    finally:
        await group.close()


def message(number: int) -> can.Message:
    """Make a frame for the other end."""
    return can.Message(arbitration_id=number, data=b"\x01", is_extended_id=False)


async def test_frames_name_their_bus() -> None:
    """They come with the name of the bus that they are from, and go to the one that they name."""
    with VirtualBus("tests of power") as power, VirtualBus("tests of body") as body:
        async with open_group(*NAMES) as group, asyncio.timeout(PATIENCE):
            await until(lambda: group.problem is None)
            power.send(message(1))
            body.send(message(1))
            frames: list[Frame] = []
            while len(frames) < 2:
                frames += await group.receive(1)
            assert set(frames) == {
                Frame(0, 1, b"\x01", False, "power"), Frame(0, 1, b"\x01", False, "body"),
            }  # fmt: skip
            sent = [Frame(0, 2, b"\2", channel="body"), Frame(0, 3, b"\3"), Frame(0, 4, b"\4")]
            assert await group.send(sent) is None
            assert [body.recv(1).arbitration_id] == [2]  # type: ignore[union-attr]
            assert [power.recv(1).arbitration_id for _ in "34"] == [3, 4]  # type: ignore[union-attr]


async def test_receiving_ends_in_time_and_when_woken() -> None:
    """As with one bus."""
    async with open_group(*NAMES) as group, asyncio.timeout(PATIENCE):
        assert await group.receive(0) == []
        waiting = asyncio.create_task(group.receive(PATIENCE))
        await asyncio.sleep(0)
        group.wake()
        assert await waiting == []


async def test_a_bus_that_is_away_is_named() -> None:
    """The others are read and sent to, and the problem says which it is."""
    with VirtualBus("tests of power") as power:
        async with open_group("power", "gone") as group, asyncio.timeout(PATIENCE):
            await until(lambda: (group.problem or "power:").count("power:") == 0)
            assert (group.problem or "").startswith("gone: ")
            power.send(message(1))
            assert [frame.channel for frame in await group.receive(PATIENCE)] == ["power"]
            problem = await group.send([Frame(0, 2, b"\2"), Frame(0, 3, b"\3", channel="gone")])
            assert "away" in (problem or "")
            assert power.recv(1).arbitration_id == 2  # type: ignore[union-attr]
    assert group.trust is Trust.WRITE
    assert group.name == "power=virtual:tests of power gone=socketcan:tests of gone"
