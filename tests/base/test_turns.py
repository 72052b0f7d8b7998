from __future__ import annotations

import asyncio

import pytest

from ovms.base.turns import Turns


async def _turn(turns: Turns[str], key: str, said: list[str], name: str) -> None:
    async with turns.take(key):
        said.append(name)
        await asyncio.sleep(0)


async def test_each_key_has_its_turn() -> None:
    """Whoever comes with much work waits behind whoever comes later with little."""
    turns, said = Turns[str](), list[str]()
    wanted = [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1"), ("b", "b2")]
    await asyncio.gather(*(_turn(turns, key, said, name) for key, name in wanted))
    assert said == ["a1", "b1", "c1", "a2", "b2", "a3"]


async def test_one_at_a_time() -> None:
    """Nobody works while another does."""
    turns, working = Turns[int](), 0

    async def work(key: int) -> None:
        nonlocal working
        async with turns.take(key):
            working += 1
            assert working == 1
            await asyncio.sleep(0)
            working -= 1

    await asyncio.gather(*(work(number % 3) for number in range(20)))
    assert not turns._waiting
    assert turns._holder is None


async def test_a_loop_of_one_key_lets_others_in() -> None:
    """Who takes one turn after the other, without a pause, is not served twice in a row."""
    turns, said = Turns[str](), list[str]()

    async def loop(key: str) -> None:
        for _ in range(3):
            await _turn(turns, key, said, key)

    await asyncio.gather(loop("a"), loop("b"))
    assert said == ["a", "b"] * 3


async def test_a_failure_passes_the_turn_on() -> None:
    """The next one works although the one before has failed."""
    turns, said = Turns[str](), list[str]()

    async def fail() -> None:
        async with turns.take("a"):
            await asyncio.sleep(0)
            raise ValueError

    async with asyncio.TaskGroup() as group:
        failing = asyncio.ensure_future(fail())
        group.create_task(_turn(turns, "b", said, "b"))
        with pytest.raises(ValueError):  # noqa: PT011
            await failing
    assert said == ["b"]


@pytest.mark.parametrize("turns_of_the_loop", [1, 2, 3, 4])
async def test_who_stops_waiting(turns_of_the_loop: int) -> None:
    """A caller that is cancelled, also in the moment when its turn comes, holds nobody up."""
    turns, said = Turns[str](), list[str]()
    first = asyncio.ensure_future(_turn(turns, "a", said, "a"))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(_turn(turns, "b", said, "b"))
    third = asyncio.ensure_future(_turn(turns, "c", said, "c"))
    for _ in range(turns_of_the_loop - 1):
        await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert (said[0], said[-1]) == ("a", "c")
    await _turn(turns, "d", said, "d")
    assert said[-1] == "d"
