"""A database for tests without an event loop; only :func:`make_database` says of which kind."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database
from ovms.server.storage.expiry import ExpiryKind
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.opening import open_database

Fill = Callable[[Connection], None]


def _leave_empty(_: Connection) -> None:
    pass


def with_schema(folder: Path, fill: Fill = _leave_empty) -> Path:
    """Put a database with the schema, and its key, into a data folder; return the folder.

    To make the schema, and to fill it, takes longer than most tests, so both are done once a
    process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in _template(fill).iterdir():
        shutil.copy2(file, folder / file.name)
    return folder


@cache
def _template(fill: Fill) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ovms-schema-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = open_database(folder)
    database.upgrade()
    with database.writing() as connection:
        fill(connection)
    close(database)
    return folder


def _add_bob(connection: Connection) -> None:
    bob = queries.add_owner(connection, "bob", 1.0)
    for vehicle_id in ("CAR1", "CAR2"):
        queries.add_vehicle(connection, vehicle_id, bob, "secret", 1.0)


def make_database(folder: Path, limits: HistoryLimits | None = None) -> Database:
    """Make a database with the schema, owner ``bob`` and his vehicles ``CAR1`` and ``CAR2``."""
    return open_database(with_schema(folder, _add_bob), limits=limits or HistoryLimits())


def apply(database: Database, batch: Batch) -> int:
    """Commit a batch; return how many rows never can be written."""
    return asyncio.run(database.apply(batch))


def expire(database: Database, kind: ExpiryKind, now: float) -> int:
    """Delete a chunk; return how many rows went."""
    return asyncio.run(database.expire(kind, now))


def close(database: Database) -> None:
    """Close a database, also where an event loop runs already."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, database.close()).result()


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    """Return what a query of plain SQL finds."""
    with database.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def execute(database: Database, sql: str) -> None:
    """Run a statement of plain SQL that changes something."""
    with database.writing() as connection:
        connection.exec_driver_sql(sql)
