"""Waits that end, with one timer."""

from __future__ import annotations

import asyncio

import pytest

from ovms.server.patience import Patience
from tests.waiting import PATIENCE


async def test_in_time() -> None:
    """What comes in time is returned, and what fails is raised, done before or not."""
    patience = Patience(PATIENCE)
    loop = asyncio.get_running_loop()
    done, later, failed = loop.create_future(), loop.create_future(), loop.create_future()
    done.set_result(1)
    assert await patience.wait(done) == 1
    waits = [asyncio.create_task(patience.wait(each)) for each in (later, failed)]
    await asyncio.sleep(0)
    later.set_result(2)
    failed.set_exception(ValueError("no"))
    assert await waits[0] == 2
    with pytest.raises(ValueError, match="no"):
        await waits[1]


async def test_too_late() -> None:
    """Whoever waits too long is told, and what is waited for is cancelled; then others wait."""
    patience = Patience(0.01)
    loop = asyncio.get_running_loop()
    for _ in range(2):
        early, late = loop.create_future(), loop.create_future()
        waits = [asyncio.create_task(patience.wait(each)) for each in (early, late)]
        await asyncio.sleep(0)
        early.set_result(None)
        await waits[0]
        with pytest.raises(TimeoutError):
            await waits[1]
        assert late.cancelled()


async def test_each_has_its_own_time() -> None:
    """Who came later waits longer, with the one timer."""
    patience = Patience(0.02)
    loop = asyncio.get_running_loop()
    first, second = loop.create_future(), loop.create_future()
    waits = [asyncio.create_task(patience.wait(first))]
    await asyncio.sleep(0.01)
    waits.append(asyncio.create_task(patience.wait(second)))
    with pytest.raises(TimeoutError):
        await waits[0]
    assert not second.done() or second.cancelled()
    with pytest.raises(TimeoutError):
        await waits[1]


async def test_whoever_waits_is_cancelled() -> None:
    """That is no time-out."""
    patience = Patience(PATIENCE)
    waited = asyncio.get_running_loop().create_future()
    wait = asyncio.create_task(patience.wait(waited))
    await asyncio.sleep(0)
    wait.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wait
