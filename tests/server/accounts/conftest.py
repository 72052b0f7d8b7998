"""A database of each test's own, with an owner who can log in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.base.clock import ManualClock
from ovms.server.accounts.passwords import hash_password
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.opening import open_database
from tests.server.loops import pytest_asyncio_loop_factories
from tests.server.storage.databases import close, with_schema

__all__ = ["pytest_asyncio_loop_factories"]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Hash the password ``right``."""
    return hash_password("right")


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands at 1000."""
    return ManualClock(1000.0)


@pytest.fixture
def database(tmp_path: Path, password_hash: str) -> Iterator[Database]:
    """Make a database with Bob (``right``; CAR2, CAR1), and with Alice, who has no password."""
    database = open_database(with_schema(tmp_path))
    with database.writing() as connection:
        bob = queries.add_owner(connection, "Bob", 1.0, password_hash=password_hash)
        for vehicle_id in ("CAR2", "CAR1"):
            queries.add_vehicle(connection, vehicle_id, bob, "secret", 1.0)
        queries.add_owner(connection, "Alice", 1.0)
    yield database
    close(database)
