"""A database of a PostgreSQL server, and where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import make_url

from ovms.server.storage.postgres.address import PostgresAddress, postgres_address
from tests.server.storage.databases import give_back, make_database, place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ovms.server.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Make a database on the process's server."""
    database = make_database(tmp_path, kind="postgres")
    yield database
    give_back(database)


@pytest.fixture
def address(database: Database) -> PostgresAddress:
    """Return where it is."""
    _, url = place(database)
    assert url is not None
    return postgres_address(make_url(url))
