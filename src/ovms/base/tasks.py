"""Tasks that somebody owns."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended; raises what it failed with.

    Whoever awaits a cancelled task and suppresses its ``CancelledError`` suppresses its own, too,
    if it is cancelled meanwhile, and goes on for ever. This does not.
    """
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def run_until_first_ends(*works: Coroutine[Any, Any, None]) -> None:
    """Run several together until one of them ends, then end the others; raises what it raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
