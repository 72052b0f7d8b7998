"""Tasks that somebody owns."""

from __future__ import annotations

import asyncio


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended; raises what it failed with.

    Whoever awaits a cancelled task and suppresses its ``CancelledError`` suppresses its own, too,
    if it is cancelled meanwhile, and goes on for ever. This does not.
    """
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
