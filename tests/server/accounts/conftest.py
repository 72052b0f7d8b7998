"""A database of each test's own, with an owner who can log in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.base.clock import ManualClock
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.opening import open_database
from tests.server.hashing import FAST_HASHER, fast_hashes
from tests.server.loops import pytest_asyncio_loop_factories
from tests.server.storage.databases import close, with_schema

__all__ = ["pytest_asyncio_loop_factories"]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection


PASSWORD_HASH = FAST_HASHER.hash("right")


@pytest.fixture
def password_hash() -> str:
    """Return the hash of Bob's password."""
    return PASSWORD_HASH


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands at 1000."""
    return ManualClock(1000.0)


def _add_people(connection: Connection) -> None:
    bob = queries.add_owner(connection, "Bob", 1.0, password_hash=PASSWORD_HASH)
    for vehicle_id in ("CAR2", "CAR1"):
        queries.add_vehicle(connection, vehicle_id, bob, "secret", 1.0)
    queries.add_owner(connection, "Alice", 1.0)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Make a database with Bob (``right``; CAR2, CAR1), and with Alice, who has no password."""
    database = open_database(with_schema(tmp_path, _add_people))
    with fast_hashes():
        yield database
    close(database)
