from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.http.api import HttpSite, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[HttpSite]:
    """Open a site of the test's own."""
    async with open_site(tmp_path) as site:
        yield site
