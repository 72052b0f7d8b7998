"""Log-ins begin in turns of the event loop."""

from __future__ import annotations

import asyncio

from ovms.server.welcome_turns import WELCOMES_A_TURN, WelcomeTurns


async def test_few_begin_at_once() -> None:
    """As many as a turn has never wait, and the next turn has as many again."""
    turns = WelcomeTurns()
    for _ in range(3):
        for _ in range(WELCOMES_A_TURN):
            taking = turns.take()
            try:
                taking.send(None)
            except StopIteration:
                continue
            raise AssertionError("it waits")
        await asyncio.sleep(0)


async def test_many_begin_in_turns() -> None:
    """Each turn has its own, in the order in which they came; who has gone takes no place."""
    turns = WelcomeTurns()
    begun: list[int] = []

    async def begin(number: int) -> None:
        await turns.take()
        begun.append(number)

    tasks = [asyncio.create_task(begin(number)) for number in range(3 * WELCOMES_A_TURN)]
    await asyncio.sleep(0)
    assert begun == [*range(WELCOMES_A_TURN)]
    gone = tasks[WELCOMES_A_TURN]
    gone.cancel()
    most = 0
    while len(begun) < len(tasks) - 1:
        before = len(begun)
        await asyncio.sleep(0)
        most = max(most, len(begun) - before)
    assert most == WELCOMES_A_TURN
    assert begun == [number for number, task in enumerate(tasks) if task is not gone]
