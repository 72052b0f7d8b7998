from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import pytest

from ovms.protocol import Role
from ovms.server.http.monitor import sources as module
from ovms.server.http.monitor.sources import take_readings
from ovms.server.hub.census import Census
from ovms.server.storage.errors import DatabaseError, DatabaseUnreachable

if TYPE_CHECKING:
    from ovms.server.http.monitor.sources import MonitorSources
    from tests.server.http.api import HttpSite


async def test_readings(api: HttpSite, sources: MonitorSources) -> None:
    """The rooms are counted, the database asked, the disk looked at."""
    await api.report("S80")
    await api.enter(Role.APP)
    found = await take_readings(sources)
    assert found.census == Census(rooms=1, cars=1)
    assert found.stored is not None
    assert (found.stored.vehicles, found.stored.outbox) == (4, {})
    assert found.disk is not None
    assert found.disk.parts["file"] > 0
    assert 0 < found.disk.free <= found.disk.size


async def test_what_does_not_answer_is_missing(
    sources: MonitorSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database or a disk that fails takes its own numbers away, and no others."""

    async def fail(query: object) -> None:
        raise DatabaseError("away")

    def lost(path: object) -> None:
        raise OSError("stale file handle")

    monkeypatch.setattr(sources.store.database, "read", fail)
    monkeypatch.setattr(shutil, "disk_usage", lost)
    found = await take_readings(sources)
    assert (found.stored, found.disk) == (None, None)
    assert found.census == Census()


async def test_a_database_whose_size_is_not_told(
    sources: MonitorSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is away takes the numbers of the disk away, too; no call fails for it."""

    def away() -> dict[str, int]:
        raise DatabaseUnreachable("away")

    monkeypatch.setattr(sources.store.database, "sizes", away)
    assert (await take_readings(sources)).disk is None


async def test_nobody_waits_for_ever(
    sources: MonitorSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that hangs is not waited for."""

    async def hang(query: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(module, "READ_TIMEOUT", 0.01)
    monkeypatch.setattr(sources.store.database, "read", hang)
    assert (await take_readings(sources)).stored is None
