"""Both event loops, on which no callback may fail, and a modem that is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.car.modem.fake import FakeModem


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each test on asyncio's own loop, and on uvloop's."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
async def _no_failed_callbacks() -> AsyncIterator[None]:
    """Fail for what an event loop would only log."""
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    yield
    await asyncio.sleep(0)
    assert not failures


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeModem]:
    """Yield a modem that is plugged in."""
    modem = FakeModem(tmp_path / "ttyMODEM")
    modem.plug_in()
    yield modem
    modem.unplug()
