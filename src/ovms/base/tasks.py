"""Ending tasks, and running several until the first ends."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended; raise what it failed with.

    Code that awaits a cancelled task and suppresses its ``CancelledError`` would also suppress its
    own if it were cancelled meanwhile. This function does not.
    """
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def run_until_first_ends(*works: Coroutine[Any, Any, None]) -> None:
    """Run several until one of them ends, then end the others; raise what it raised."""
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


def ending_signals() -> tuple[signal.Signals, ...]:
    """Return the signals at which a program ends in order.

    SIGHUP comes when the terminal closes. Who started the program so that it ignores that (nohup)
    wants it to go on.
    """
    usual = (signal.SIGINT, signal.SIGTERM)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return usual
    return (*usual, signal.SIGHUP)


async def run_until_signal(
    work: Coroutine[Any, Any, None], on_signal: Callable[[], None] = lambda: None
) -> bool:
    """Run until the end, or until SIGINT, SIGTERM or SIGHUP; return whether it came to its end.

    Calls ``on_signal`` first when a signal comes. Raises what ``work`` raises.
    """
    task = asyncio.create_task(work)

    def stop() -> None:
        on_signal()
        task.cancel()

    for number in ending_signals():
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        return False
    return True
