"""The driver's own connection to a migrated database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.sqlite.connections import connect
from tests.server.storage.databases import close, make_database

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from ovms.server.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Make a database in a file."""
    database = make_database(tmp_path)
    yield database
    close(database)


@pytest.fixture
def path(database: Database) -> Path:
    """Return the file of the test's database."""
    return Path(database.name)


@pytest.fixture
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the driver's own connection."""
    with closing(connect(path)) as connection:
        yield connection
