from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest

from ovms.base import looplag
from ovms.base.histogram import Histogram
from ovms.base.looplag import measure_lag
from tests.waiting import until


async def test_what_blocks_the_loop_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A callback that holds the loop up makes the next timer late by about as much."""
    monkeypatch.setattr(looplag, "LOOK_INTERVAL", 0.001)
    histogram = Histogram((0.04,))
    task = asyncio.create_task(measure_lag(histogram))
    await until(lambda: histogram.count)
    time.sleep(0.05)  # noqa: ASYNC251 (it is what is to be seen)
    await until(lambda: histogram.sum >= 0.045)
    assert histogram.count > histogram.cumulative()[0]
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
