"""Apprise: ntfy, Telegram, webhooks and a hundred more services. The key is the service's URL.

The library is an extra: ``pip install 'ovms[notify]'``.

The library blocks, so each delivery has a thread. One that hangs keeps its thread but neither the
event loop nor the end of the program; :data:`THREAD_LIMIT` bounds them.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from ovms.base.extras import missing_extra
from ovms.server.notify.channel import Channel, NoSettings, Notice
from ovms.server.notify.errors import NotDelivered

if TYPE_CHECKING:
    from apprise import Apprise

APPRISE_TIMEOUT: Final = 25.0
"""Seconds for a service to take an alert; the library's own limits are 4 for each step."""

THREAD_LIMIT: Final = 8
"""Threads at once, those that hang included."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://.)")

# What the library logs holds addresses with passwords in them.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


class AppriseChannel(Channel):
    """Calls the library, off the event loop.

    Not for apps: a key makes the server call any address.
    """

    push_type = "apprise"

    def __init__(self, settings: NoSettings, timeout: float = APPRISE_TIMEOUT) -> None:
        self._timeout = timeout
        self._running = 0

    @classmethod
    def key_problem(cls, key: str) -> str | None:
        """Return whether a key is no URL, or of no service that the library knows."""
        if not _SCHEME.match(key):
            return "the key is no Apprise address, such as ntfy://host/topic"
        is_known = not _is_installed() or is_service(key)
        return None if is_known else "Apprise knows no such service"

    @classmethod
    def mask(cls, key: str) -> str:
        """Return the scheme; the rest may hold a password."""
        found = _SCHEME.match(key)
        return f"{found[0] if found else ''}://***"

    @classmethod
    def missing(cls, settings: Any) -> str | None:
        """Return which extra to install, if the library is not there."""
        return None if _is_installed() else missing_extra(ModuleNotFoundError(name="apprise"))

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


def _is_installed() -> bool:
    return find_spec("apprise") is not None


def _service(url: str) -> Apprise | None:
    from apprise import Apprise, AppriseAsset  # only here: it loads a hundred modules

    service = Apprise(asset=AppriseAsset(async_mode=False))
    return service if service.add(url) else None
