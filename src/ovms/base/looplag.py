"""How late the event loop is: whoever blocks it holds up everybody."""

from __future__ import annotations

import asyncio
from typing import Final

from ovms.base.histogram import Histogram

LOOK_INTERVAL: Final = 0.5
"""Seconds between two looks: a hundredth of a per cent of a processor."""


async def measure_lag(histogram: Histogram) -> None:
    """Count, again and again, by how many seconds a timer of the loop is late. Never returns."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LOOK_INTERVAL
        await asyncio.sleep(LOOK_INTERVAL)
        histogram.observe(max(0.0, loop.time() - due))
