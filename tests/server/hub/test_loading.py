"""Rooms are loaded together, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ovms.server.hub.loading import LOADED_AT_ONCE, RoomLoader
from ovms.server.hub.room import Room


class Queries:
    """Answers look-ups of rooms when it is told to, and knows none."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.gate = asyncio.Event()
        self.errors: dict[str, Exception] = {}

    async def load(self, vehicle_ids: Sequence[str]) -> dict[str, Room | Exception]:
        """Note what is asked, and answer once the gate is open."""
        self.asked.append([*vehicle_ids])
        await self.gate.wait()
        return {each: self.errors[each] for each in vehicle_ids if each in self.errors}


async def test_one_query_for_all_who_come_meanwhile() -> None:
    """The first is looked up at once, those who come during that together, each vehicle once."""
    queries = Queries()
    loader = RoomLoader(queries.load)
    first = loader.find("CAR1")
    await asyncio.sleep(0)
    assert queries.asked == [["CAR1"]]
    others = [loader.find(each) for each in ("CAR1", "CAR2", "CAR3", "CAR2")]
    queries.gate.set()
    assert await asyncio.gather(first, *others) == [None] * 5
    assert queries.asked == [["CAR1"], ["CAR2", "CAR3"]]
    assert await loader.find("CAR1") is None
    assert queries.asked[2:] == [["CAR1"]]


async def test_a_query_is_bounded() -> None:
    """Of very many, some are looked up after the others."""
    queries = Queries()
    queries.gate.set()
    loader = RoomLoader(queries.load)
    await asyncio.gather(*(loader.find(f"CAR{number}") for number in range(LOADED_AT_ONCE + 1)))
    assert [len(each) for each in queries.asked] == [LOADED_AT_ONCE, 1]


async def test_one_that_cannot_be_loaded() -> None:
    """An error is told to those who wait for its vehicle, and to no others."""
    queries = Queries()
    queries.errors["CAR1"] = OSError("damaged")
    loader = RoomLoader(queries.load)
    finding = [loader.find(each) for each in ("CAR1", "CAR2", "CAR1")]
    finding[0].cancel()
    queries.gate.set()
    assert await finding[1] is None
    with pytest.raises(OSError, match="damaged"):
        await finding[2]
