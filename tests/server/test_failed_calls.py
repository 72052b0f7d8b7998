from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from ovms.base.clock import ManualClock
from ovms.server import failed_calls as module
from ovms.server.failed_calls import FailedCalls, FailureReason
from ovms.server.storage.errors import DatabaseError
from ovms.server.storage.failed_calls import find_failed_call
from ovms.server.storage.opening import open_database
from tests.server.storage.databases import make_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ovms.server.hub.room import Room
    from ovms.server.storage.database import Database

ROOM = cast("Room", SimpleNamespace(vehicle=SimpleNamespace(id="CAR1")))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Open a database with bob's CAR1 and CAR2."""
    make_database(tmp_path)
    opened = open_database(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def failed(database: Database) -> AsyncIterator[FailedCalls]:
    """Open what knows why cars failed to connect."""
    opened = await FailedCalls.open(database, ManualClock(1000.0))
    yield opened
    await opened.close()


def count(database: Database) -> int | None:
    """Return how many failures of CAR1 are on disk."""
    with database.reading() as connection:
        found = find_failed_call(connection, "CAR1")
    return found.count if found is not None else None


async def test_a_flood(
    failed: FailedCalls, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of failures is one row, and one transaction."""
    writes = []
    write = database.write

    async def count_writes(query: Any) -> object:
        writes.append(query)
        return await write(query)

    monkeypatch.setattr(database, "write", count_writes)
    for _ in range(1000):
        failed.note("CAR1", "192.0.2.1", FailureReason.WRONG_SECRET)
    await failed.settle()
    assert (count(database), len(writes)) == (1000, 1)


async def test_the_car_comes(failed: FailedCalls, database: Database) -> None:
    """It clears what is on disk, and what waits to be written."""
    failed.note("CAR1", "192.0.2.1", FailureReason.TLS_ONLY)
    await failed.settle()
    failed.note("CAR1", "192.0.2.1", FailureReason.TLS_ONLY)
    failed.car_came(ROOM)
    await failed.settle()
    assert count(database) is None
    failed.note("CAR1", "192.0.2.1", FailureReason.TLS_ONLY)
    await failed.settle()
    assert count(database) == 1


async def test_after_a_restart(failed: FailedCalls, database: Database) -> None:
    """A car clears also what a server before this one noted."""
    failed.note("CAR1", "192.0.2.1", FailureReason.TLS_ONLY)
    await failed.close()
    newer = await FailedCalls.open(database, ManualClock(2000.0))
    newer.car_came(ROOM)
    await newer.close()
    assert count(database) is None


async def test_a_car_that_never_failed(
    failed: FailedCalls, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs no transaction."""
    monkeypatch.setattr(database, "write", None)
    failed.car_came(ROOM)
    await failed.settle()


async def test_the_limit(
    failed: FailedCalls, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the limit of vehicles that wait no more are taken in, but those are counted on."""
    monkeypatch.setattr(module, "PENDING_LIMIT", 1)
    for vehicle_id in ("CAR1", "CAR2", "CAR1"):
        failed.note(vehicle_id, "192.0.2.1", FailureReason.BUSY)
    await failed.settle()
    assert count(database) == 2
    with database.reading() as connection:
        assert find_failed_call(connection, "CAR2") is None


async def test_the_database_is_away(
    failed: FailedCalls, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a car clears is cleared later; failures of that time are left out."""
    failed.note("CAR1", "192.0.2.1", FailureReason.BUSY)
    await failed.settle()
    with monkeypatch.context() as patched:

        async def refuse(_: object) -> None:
            raise DatabaseError("away")

        patched.setattr(database, "write", refuse)
        failed.car_came(ROOM)
        await failed.settle()
    await failed.settle()
    assert count(database) is None
