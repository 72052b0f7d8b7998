from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.sqlite.checkpoints import CHANGES, Checkpoints
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from ovms.server.storage.errors import DamagedDatabase


def is_moved(path: Path) -> bool:
    """Return whether a table ``more`` is in the database's file itself, without its log."""
    copy = path.with_name("copy.db")
    shutil.copyfile(path, copy)
    with closing(sqlite3.connect(copy)) as connection:
        found = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'more'")
        return bool(found.fetchone()[0])


def fail(error: DamagedDatabase) -> None:
    """Fail the test: nothing is damaged."""
    raise AssertionError(error)


async def settle(checkpoints: Checkpoints) -> None:
    """Wait for what is moved just now."""
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await checkpoints.close()


@pytest.mark.parametrize(("changes", "moved"), [(CHANGES - 1, False), (CHANGES, True)])
async def test_pages_are_moved(
    path: Path, raw: sqlite3.Connection, changes: int, moved: bool
) -> None:
    """What a commit left in the log is moved into the file when enough has changed."""
    raw.execute("PRAGMA wal_autocheckpoint = 0")
    raw.execute("CREATE TABLE more (a)")
    assert not is_moved(path)
    checkpoints = Checkpoints(path, fail)
    for _ in range(changes):
        checkpoints.note(1)
    await settle(checkpoints)
    assert is_moved(path) == moved


async def test_who_writes_does_not_wait(path: Path, raw: sqlite3.Connection) -> None:
    """While a transaction is open the log is moved all the same, without what is not committed."""
    raw.execute("PRAGMA wal_autocheckpoint = 0")
    raw.execute("CREATE TABLE more (a)")
    raw.execute("BEGIN IMMEDIATE")
    raw.execute("DROP TABLE more")
    checkpoints = Checkpoints(path, fail)
    checkpoints.note(CHANGES)
    await settle(checkpoints)
    assert is_moved(path)
    raw.execute("ROLLBACK")


async def test_nothing_depends_on_it(tmp_path: Path) -> None:
    """A database that cannot be opened, and one that was closed, fails nobody."""
    checkpoints = Checkpoints(tmp_path / "none.db", fail)
    checkpoints.note(CHANGES)
    await settle(checkpoints)
    checkpoints.note(CHANGES)
    await settle(checkpoints)
