"""A migrated database of each test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.loops import pytest_asyncio_loop_factories
from tests.server.storage.databases import close, make_database

__all__ = ["pytest_asyncio_loop_factories"]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ovms.server.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Make a database with the schema, owner ``bob`` and his vehicles ``CAR1`` and ``CAR2``."""
    database = make_database(tmp_path)
    yield database
    close(database)
