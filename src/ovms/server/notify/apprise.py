"""Apprise: ntfy, Telegram, webhooks and a hundred more services. The key is the service's URL.

The library blocks, so each delivery has a thread. One that hangs keeps its thread but neither the
event loop nor the end of the program; :data:`THREAD_LIMIT` bounds them.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ovms.server.notify.errors import NotDelivered

if TYPE_CHECKING:
    from apprise import Apprise

    from ovms.server.notify.interfaces import Notice

APPRISE_TIMEOUT: Final = 25.0
"""Seconds for a service to take an alert; the library's own limits are 4 for each step."""

THREAD_LIMIT: Final = 8
"""Threads at once, those that hang included."""

# What the library logs holds addresses with passwords in them.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


class AppriseChannel:
    """Has the library notify, off the event loop."""

    def __init__(self, timeout: float = APPRISE_TIMEOUT) -> None:
        self._timeout = timeout
        self._running = 0

    async def send(self, key: str, notice: Notice) -> None:
        """Hand the alert to the service."""
        if self._running >= THREAD_LIMIT:
            raise NotDelivered("too many Apprise services do not answer")
        try:
            async with asyncio.timeout(self._timeout):
                taken = await self._in_thread(lambda: notify(key, notice))
        except TimeoutError:
            raise NotDelivered(f"{scheme(key)} did not answer in time") from None
        if not taken:
            raise NotDelivered(f"{scheme(key)} did not take it")

    async def close(self) -> None:
        """Do nothing: the library keeps no connection."""

    async def _in_thread(self, call: Callable[[], bool]) -> bool:
        """Run a call in a thread that the program's end does not wait for."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()

        def finish(result: bool) -> None:
            self._running -= 1
            if not done.done():
                done.set_result(result)

        def run() -> None:
            try:
                result = call()
            except Exception:  # whatever a service's module does; its text may hold the address
                result = False
            if not loop.is_closed():
                loop.call_soon_threadsafe(finish, result)

        self._running += 1
        threading.Thread(target=run, name="apprise", daemon=True).start()
        return await done


def notify(url: str, notice: Notice) -> bool:
    """Notify one service, and wait for it; blocks."""
    service = _service(url)
    if service is None:
        return False
    return bool(service.notify(body=notice.body, title=notice.title, body_format="text"))


def is_service(url: str) -> bool:
    """Return whether the library has a service of that URL."""
    return _service(url) is not None


def scheme(url: str) -> str:
    """Return the part of a URL that tells nothing but the service."""
    return url.partition("://")[0]


def _service(url: str) -> Apprise | None:
    from apprise import Apprise, AppriseAsset  # only here: it loads a hundred modules

    service = Apprise(asset=AppriseAsset(async_mode=False))
    return service if service.add(url) else None
