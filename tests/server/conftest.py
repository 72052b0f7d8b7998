"""Both event loops, on which no callback may fail, and the log as data."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import pytest
import uvloop

from ovms.base import logs
from tests.server.sites import Site
from tests.waiting import until


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each test on asyncio's own loop, and on the server's."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
async def _no_failed_callbacks() -> AsyncIterator[None]:
    """Fail for what an event loop would only log."""
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    yield
    await asyncio.sleep(0)
    assert not failures


class Log:
    """What was logged at INFO and above."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        """All lines."""
        return self.stream.getvalue()

    def lines(self, *events: str) -> list[dict[str, Any]]:
        """Return the lines of these events, in order, without their times."""
        lines = [json.loads(line) for line in self.text.splitlines()]
        for line in lines:
            del line["timestamp"], line["logger"]
        return [line for line in lines if line["event"] in events]


@pytest.fixture
def log() -> Iterator[Log]:
    """Log at INFO into a text, as JSON."""
    log = Log()
    logs.configure("info", "json", log.stream)
    yield log
    logs.configure("warning", "text")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """Accept on a free port."""
    site = Site()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(site.acceptor.answer, site.host, 0)
    site.port = server.sockets[0].getsockname()[1]
    async with site.stack:
        yield site
    server.close()
    for caller in list(site.acceptor.connections):
        assert caller.pump is not None
        caller.pump.abort()
    await until(lambda: not site.acceptor.connections)
    assert site.hub.rooms == {}
