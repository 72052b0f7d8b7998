"""Apprise: ntfy, Telegram, webhooks and a hundred more services. The key is the service's URL.

The library is an extra: ``pip install 'ovms[notify]'``.

The library blocks, so each delivery has a thread. A delivery that hangs keeps its thread, but not
the event loop or the program's end. :data:`THREAD_LIMIT` bounds the threads.
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
"""Seconds for a service to accept an alert; the library's own limits are 4 for each step."""

THREAD_LIMIT: Final = 8
"""Threads at once, including those that hang."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://.)")

# The library logs addresses that contain passwords.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


class AppriseChannel(Channel):
    """Calls the library, off the event loop.

    Not for apps: a key makes the server call any address.
    """

    push_type = "apprise"
    key_hint = "a URL of Apprise, as ntfy://ntfy.example.org/my-topic"

    def __init__(self, settings: NoSettings, timeout: float = APPRISE_TIMEOUT) -> None:
        self._timeout = timeout
        self._running = 0

    @classmethod
    def key_problem(cls, key: str) -> str | None:
        """Return that a key is no URL, or that the library does not know its service."""
        if not _SCHEME.match(key):
            return "the key is no Apprise address, such as ntfy://host/topic"
        is_known = not _is_installed() or is_service(key)
        return None if is_known else "Apprise knows no such service"

    @classmethod
    def receiver(cls, key: str) -> str:
        """Return the URL with scheme and host in small letters, without a last slash.

        Where there is no host, there may be a topic or a token, whose capitals count.
        """
        name, _, rest = key.partition("://")
        place, slash, path = rest.partition("/")
        user, at, host = place.rpartition("@")
        is_host = "." in host or ":" in host or host.lower() == "localhost"
        host = host.lower() if is_host else host
        return f"{name.lower()}://{user}{at}{host}{slash}{path}".rstrip("/")

    @classmethod
    def mask(cls, key: str) -> str:
        """Return the scheme; the rest may hold a password."""
        found = _SCHEME.match(key)
        return f"{found[0] if found else ''}://***"

    @classmethod
    def missing(cls, settings: Any) -> str | None:
        """Return which extra to install if the library is missing."""
        return None if _is_installed() else missing_extra(ModuleNotFoundError(name="apprise"))

    async def send(self, key: str, notice: Notice) -> None:
        """Send the alert to the service."""
        if self._running >= THREAD_LIMIT:
            raise NotDelivered("too many Apprise services do not answer")
        try:
            async with asyncio.timeout(self._timeout):
                taken = await self._in_thread(lambda: notify(key, notice))
        except TimeoutError:
            raise NotDelivered(f"{scheme(key)} did not answer in time") from None
        if not taken:
            raise NotDelivered(f"{scheme(key)} did not accept it")

    async def _in_thread(self, call: Callable[[], bool]) -> bool:
        """Run a call in a thread that does not delay the program's end."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()

        def finish(result: bool) -> None:
            self._running -= 1
            if not done.done():
                done.set_result(result)

        def run() -> None:
            try:
                result = call()
            except Exception:  # of a service's module; its text may contain the address
                result = False
            if not loop.is_closed():
                loop.call_soon_threadsafe(finish, result)

        self._running += 1
        threading.Thread(target=run, name="apprise", daemon=True).start()
        return await done


def notify(url: str, notice: Notice) -> bool:
    """Notify one service; blocks."""
    service = _service(url)
    if service is None:
        return False
    return bool(service.notify(body=notice.body, title=notice.title, body_format="text"))


def is_service(url: str) -> bool:
    """Return whether the library knows the service of a URL."""
    return _service(url) is not None


def scheme(url: str) -> str:
    """Return the part of a URL that names only the service."""
    return url.partition("://")[0]


def _is_installed() -> bool:
    return find_spec("apprise") is not None


def _service(url: str) -> Apprise | None:
    from apprise import Apprise, AppriseAsset  # only here: it loads a hundred modules

    service = Apprise(asset=AppriseAsset(async_mode=False))
    return service if service.add(url) else None
