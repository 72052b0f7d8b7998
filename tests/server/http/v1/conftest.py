from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.http.v1.site import ApiSite, open_api
from tests.server.loops import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def v1(tmp_path: Path) -> AsyncIterator[ApiSite]:
    """Open a site of the test's own."""
    async with open_api(tmp_path) as site:
        yield site
