from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

import pytest

from ovms.base.tasks import end, run_until_first_ends, run_until_signal


async def test_a_task_is_ended() -> None:
    """Its own cancellation is no error."""
    task = asyncio.create_task(asyncio.sleep(3600))
    await asyncio.sleep(0)
    await end(task)
    assert task.cancelled()


async def test_what_it_failed_with_is_told() -> None:
    """Also if it had failed before."""

    async def fail() -> None:
        raise OSError("away")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="away"):
        await end(task)


async def test_being_cancelled_meanwhile_is_not_lost() -> None:
    """Code that waits for a task's end can be cancelled itself."""
    release = asyncio.Event()

    async def linger() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        await release.wait()

    task = asyncio.create_task(linger())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(end(task))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    release.set()
    await task


@pytest.mark.parametrize("error", [None, OSError("away")])
async def test_the_first_that_ends_ends_all(error: Exception | None) -> None:
    """Its exception is raised, and the others have ended."""
    ended = asyncio.Event()

    async def last() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async def first() -> None:
        await asyncio.sleep(0)
        if error is not None:
            raise error

    with suppress(OSError) if error is None else pytest.raises(OSError, match="away"):
        await run_until_first_ends(last(), first())
    assert ended.is_set()


async def test_all_end_when_whoever_waits_is_cancelled() -> None:
    """None outlives its owner."""
    ended: list[int] = []

    async def work(number: int) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(number)

    running = asyncio.create_task(run_until_first_ends(work(1), work(2)))
    for _ in range(3):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sorted(ended) == [1, 2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_work(number: signal.Signals) -> None:
    """The work is cancelled after whoever wants to know has been called."""
    events: list[str] = []

    async def work() -> None:
        os.kill(os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            events.append("cancelled")

    assert not await run_until_signal(work(), lambda: events.append("signal"))
    assert events == ["signal", "cancelled"]


async def test_work_that_comes_to_its_end() -> None:
    """Without a signal its end is told, or what it raised."""

    async def fail() -> None:
        raise OSError("away")

    assert await run_until_signal(asyncio.sleep(0))
    with pytest.raises(OSError, match="away"):
        await run_until_signal(fail())
