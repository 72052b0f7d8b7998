"""A migrated database of each test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import queries
from ovms.server.storage.database import database_url, sync_engine, upgrade, writing

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine
    from sqlalchemy.engine import URL


@pytest.fixture
def url(tmp_path: Path) -> URL:
    """Name a database that does not exist yet."""
    return database_url(tmp_path)


@pytest.fixture
def engine(url: URL) -> Engine:
    """Make a database with the schema, owner ``bob`` and his vehicles ``CAR1`` and ``CAR2``."""
    engine = sync_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        bob = queries.add_owner(connection, "bob", 1.0)
        for vehicle_id in ("CAR1", "CAR2"):
            queries.add_vehicle(connection, vehicle_id, bob, "secret", 1.0)
    return engine
