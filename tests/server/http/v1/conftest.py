from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import uvloop

from tests.server.http.v1.site import ApiSite, open_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path


@pytest.fixture
async def v1(tmp_path: Path) -> AsyncIterator[ApiSite]:
    """Open a site of the test's own."""
    async with open_api(tmp_path) as site:
        yield site


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests once, on the server's own loop: nothing in them is about loops."""
    return {"uvloop": uvloop.new_event_loop}
