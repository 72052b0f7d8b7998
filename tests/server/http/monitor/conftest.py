from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.http.monitor.sites import FakeParts, sources_of
from tests.server.loops import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]

if TYPE_CHECKING:
    from pathlib import Path

    from ovms.server.http.monitor.sources import MonitorSources
    from tests.server.http.api import HttpSite


@pytest.fixture
def parts() -> FakeParts:
    """Make parts of which nothing is known yet."""
    return FakeParts()


@pytest.fixture
def sources(api: HttpSite, parts: FakeParts, tmp_path: Path) -> MonitorSources:
    """Bring rooms, database and parts together."""
    return sources_of(api, parts, tmp_path)
