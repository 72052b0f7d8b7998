"""A database of another server and one of ours for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.storage.databases import give_back, leave_empty, make_database

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
def ours(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Make an empty database of ours, of the kind that is the fixture's parameter."""
    kind = getattr(request, "param", "sqlite")
    database = make_database(tmp_path / "data", kind=kind, fill=leave_empty)
    yield database
    give_back(database)
