"""How long tests wait for what must come: one bound for all of them.

What must not come is not waited for: a ping, or what follows in order, shows that it did not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE = 120.0
"""Seconds until a test gives up on what must come; a slow machine is no failure, silence is."""


async def until(condition: Callable[[], object]) -> None:
    """Let the loop turn until something holds that tells nobody."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until something holds that another thread or process brings about.

    Looking must not keep that other from it, so it takes a fifth of a processor at most.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        busy = time.process_time()
        if condition():
            return
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(max(0.05, 4 * (time.process_time() - busy)))
