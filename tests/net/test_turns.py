from __future__ import annotations

import asyncio

import pytest

from ovms.base.clock import ManualClock
from ovms.net.turns import (
    BYTES_A_MESSAGE,
    ROUND_TIME,
    TURN_BYTES,
    TURN_MESSAGES,
    TURN_TIME,
    Allowance,
    MessageRate,
    ReadTurn,
    TurnQueue,
)
from tests.waiting import until


class Taker:
    """Somebody with so much to do, a bit a turn, each of which takes so long."""

    def __init__(
        self, name: str, turns: TurnQueue, clock: ManualClock, diary: list[str], much: int = 1
    ) -> None:
        self.name = name
        self.takes = 0.0
        self._turns = turns
        self._clock = clock
        self._diary = diary
        self._much = much

    def take_turn(self) -> None:
        """Do a bit."""
        self._diary.append(self.name)
        self._clock.advance(self.takes)
        self._much -= 1
        if self._much:
            self._turns.add(self)


async def test_turns_go_round() -> None:
    """Each has a turn, then the next, and who wants another waits behind all."""
    clock, diary = ManualClock(), list[str]()
    turns = TurnQueue(clock.monotonic)
    for name, much in (("a", 3), ("b", 1), ("c", 2)):
        turns.add(Taker(name, turns, clock, diary, much))
    assert diary == []
    await asyncio.sleep(0)
    assert diary == ["a", "b", "c", "a", "c", "a"]


async def test_a_place_is_kept() -> None:
    """Who waits already has one turn, however often it is asked for."""
    clock, diary = ManualClock(), list[str]()
    turns = TurnQueue(clock.monotonic)
    first, second = (Taker(name, turns, clock, diary) for name in "ab")
    for taker in (first, second, first):
        turns.add(taker)
    await asyncio.sleep(0)
    assert diary == ["a", "b"]


async def test_the_loop_has_its_turn() -> None:
    """When a round's time is over, all else goes on before the next round."""
    clock, diary = ManualClock(), list[str]()
    turns = TurnQueue(clock.monotonic)
    slow = Taker("slow", turns, clock, diary, 4)
    slow.takes = ROUND_TIME / 2
    turns.add(slow)

    async def watch() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
            diary.append("loop")

    await watch()
    assert diary == ["slow", "slow", "loop", "slow", "slow", "loop", "loop"]


async def test_a_turn_later() -> None:
    """Somebody may ask for a turn after some time."""
    clock, diary = ManualClock(), list[str]()
    turns = TurnQueue(clock.monotonic)
    turns.add_later(Taker("late", turns, clock, diary), 0.0)
    turns.add(Taker("now", turns, clock, diary))
    await until(lambda: len(diary) == 2)
    assert diary == ["now", "late"]


def test_a_turn_ends() -> None:
    """It is over at a number of messages, of bytes, and after a time."""
    clock = ManualClock()
    turn = ReadTurn(clock.monotonic)
    assert not any(turn.add_messages(1) for _ in range(TURN_MESSAGES - 1))
    turn.add_chunk(b"x" * (TURN_BYTES - 1), 0)
    clock.advance(TURN_TIME * 0.9)
    assert not turn.is_over
    assert turn.add_messages(1)
    turn.messages = 0
    turn.add_chunk(b"x", 0)
    assert turn.is_over
    turn.size = 0
    assert not turn.is_over
    clock.advance(TURN_TIME * 0.1)
    assert turn.is_over


def test_what_a_turn_costs() -> None:
    """Lines count, and bytes as well."""
    turn = ReadTurn(ManualClock().monotonic)
    turn.add_chunk(b"x" * BYTES_A_MESSAGE, 3)
    turn.add_chunk(b"", 2)
    assert turn.cost == pytest.approx(6)


def test_the_burst_of_an_allowance() -> None:
    """All of it may be sent at once; whoever sends more waits for as long as that takes."""
    allowance = Allowance(MessageRate(a_second=10, burst=100))
    assert allowance.spend(60, 5.0) == 0
    assert allowance.spend(40, 5.0) == 0
    assert allowance.spend(5, 5.0) == pytest.approx(0.5)


def test_an_allowance_comes_back() -> None:
    """It grows with time up to the burst, and not beyond it."""
    allowance = Allowance(MessageRate(a_second=10, burst=100))
    assert allowance.spend(100, 0.0) == 0
    assert allowance.spend(20, 2.0) == 0
    assert allowance.spend(1, 2.0) == pytest.approx(0.1)
    assert allowance.spend(100, 1000.0) == 0
    assert allowance.spend(1, 1000.0) == pytest.approx(0.1)


def test_who_keeps_to_the_rate_never_waits() -> None:
    """Once the burst is used up, the rate itself goes on for ever."""
    allowance = Allowance(MessageRate(a_second=10, burst=100))
    allowance.spend(100, 0.0)
    assert [allowance.spend(1, second / 10 + 0.1) for second in range(50)] == [0] * 50


async def test_depth() -> None:
    """Who waits is counted until the turn has come."""
    turns = TurnQueue()

    class Waiter:
        def take_turn(self) -> None:
            """Do nothing."""

    for _ in range(3):
        turns.add(Waiter())
    assert turns.depth == 3
    await asyncio.sleep(0)
    assert turns.depth == 0
