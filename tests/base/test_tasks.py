from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from ovms.base.tasks import end


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
    """Whoever waits for a task's end ends as well when it is told to."""
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
