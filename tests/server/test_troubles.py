from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from ovms.base.clock import ManualClock
from ovms.server.storage.errors import DamagedDatabase, StoreError
from ovms.server.storage.opening import open_database
from ovms.server.storage.peers import note_peer
from ovms.server.storage.store import Store
from ovms.server.tls import WARN_BEFORE, Certificates
from ovms.server.troubles import DISK_LOW, PEER_LOST, find_troubles
from tests.certs import make_pair, pair_in

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TIME = NOW.timestamp()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Open a store."""
    database = open_database(tmp_path)
    store = await Store.open(database, ManualClock(TIME).time)
    yield store
    await store.close()
    await database.close()


async def test_nothing_is_wrong(tmp_path: Path, store: Store) -> None:
    """A server in order has no trouble."""
    certificates = Certificates(make_pair(pair_in(tmp_path), begins=NOW))
    assert await find_troubles(tmp_path, store, certificates, TIME) == {}
    assert await find_troubles(tmp_path, store, None, TIME) == {}


async def test_a_full_disk(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with little room is told before it is full."""
    free = DISK_LOW - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    found = await find_troubles(tmp_path, store, None, TIME)
    assert f"199 MiB are left on the disk of {tmp_path}" in found["disk"]
    free = DISK_LOW
    assert await find_troubles(tmp_path, store, None, TIME) == {}


async def test_a_database_that_cannot_be_written(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What keeps the writer from saving is a trouble, and the database is asked nothing more."""
    monkeypatch.setattr(store.writer, "_failing", OSError("no space left"))
    monkeypatch.setattr(store.database, "read", None)
    found = await find_troubles(tmp_path, store, None, TIME)
    assert found["database"].endswith("keeps nothing: no space left")


async def test_damage(tmp_path: Path, store: Store) -> None:
    """Damage that a query has met is a trouble from then on, whatever else works."""
    store.database.note_damage(DamagedDatabase("database x is damaged"))
    store.database.note_damage(DamagedDatabase("database x is damaged elsewhere"))
    found = await find_troubles(tmp_path, store, None, TIME)
    assert found == {"damage": "A query has met damage: database x is damaged"}


async def test_a_database_that_cannot_be_read(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that cannot be read hides no other trouble."""

    async def fail(query: object) -> None:
        raise StoreError("it is damaged")

    monkeypatch.setattr(store.database, "read", fail)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    found = await find_troubles(tmp_path, store, None, TIME)
    assert found["database"] == "The database cannot be read: it is damaged"
    assert "disk" in found


async def test_a_certificate_that_ends(tmp_path: Path, store: Store) -> None:
    """A certificate is told of two weeks before it ends, and after."""
    end = NOW + timedelta(days=30)
    pair = make_pair(pair_in(tmp_path), begins=NOW, ends=end)
    certificates = Certificates(pair)

    async def told(time: float) -> str:
        return "".join((await find_troubles(tmp_path, store, certificates, time)).values())

    assert await told(end.timestamp() - WARN_BEFORE) == ""
    assert f"{pair.certificate} expires: 2026-03-31" in await told(end.timestamp() - 60)
    assert "has expired: 2026-03-31" in await told(end.timestamp() + 60)


async def test_a_lost_server(tmp_path: Path, store: Store) -> None:
    """A server without a link for a quarter of an hour is lost, whoever calls whom."""
    with store.database.writing() as connection:
        facts = {"address": "eu.example.org:6870", "since": TIME, "error": "refused"}
        note_peer(connection, "EU", "called", connected=False, **facts)
    assert await find_troubles(tmp_path, store, None, TIME + PEER_LOST - 1) == {}
    (text,) = (await find_troubles(tmp_path, store, None, TIME + PEER_LOST)).values()
    assert text == (
        "There is no link to the server EU (eu.example.org:6870) since 2026-03-01T00:00:00Z: "
        "refused."
    )
