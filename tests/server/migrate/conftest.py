"""A database of another server and one of ours for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.opening import open_database
from tests.server.storage.databases import close, with_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ovms.server.storage.database import Database
    from tests.server.migrate.mariadb import MariaDb, OtherServer


@pytest.fixture
def other(mariadb: MariaDb) -> Iterator[OtherServer]:
    """Make the database of a newer server, without rows."""
    with mariadb.database() as found:
        yield found


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Database]:
    """Make an empty database of ours."""
    database = open_database(with_schema(tmp_path / "data"))
    yield database
    close(database)
