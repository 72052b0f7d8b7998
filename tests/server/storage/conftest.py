"""A migrated database of each test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.loops import pytest_asyncio_loop_factories
from tests.server.storage.databases import (
    WriterTarget,
    give_back,
    make_database,
    writer_target,
)

__all__ = ["pytest_asyncio_loop_factories"]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ovms.server.storage.database import Database


@pytest.fixture(params=["sqlite", "postgres"])
def database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Make a database with the schema, owner ``bob`` and his vehicles ``CAR1`` and ``CAR2``."""
    database = make_database(tmp_path, kind=request.param)
    yield database
    give_back(database)


@pytest.fixture
def file_database(tmp_path: Path) -> Iterator[Database]:
    """Make the same in a SQLite file, for tests that look into it."""
    database = make_database(tmp_path)
    yield database
    give_back(database)


@pytest.fixture
def target(database: Database) -> Iterator[WriterTarget]:
    """Open a connection to the test's database as its writer has one."""
    with writer_target(database) as target:
        yield target
