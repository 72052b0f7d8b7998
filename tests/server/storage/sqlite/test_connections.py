from __future__ import annotations

import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from ovms.server.storage.encryption import Keys
from ovms.server.storage.errors import DatabaseLocked, DatabaseUnwritable
from ovms.server.storage.keyfile import KeyFile
from ovms.server.storage.sqlite.connections import (
    LONGEST_LOG,
    USUAL_CACHE,
    WRITER_CACHE,
    KeptConnection,
    SqliteEngine,
    _truncate,
    connect,
    empty_log,
    rewrite,
)
from ovms.server.storage.sqlite.errors import translated

KEYS = Keys(KeyFile(Path("none")), "")
PRAGMAS = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")


def test_file_is_private(path: Path) -> None:
    """Nobody else can read the database or its log."""
    with SqliteEngine(path, KEYS, kept=False).reading() as connection:
        connection.execute(text("SELECT * FROM owners"))
        for name in (path, Path(f"{path}-wal")):
            assert stat.S_IMODE(name.stat().st_mode) == 0o600


@pytest.mark.parametrize("kept", [False, True])
def test_pragmas(path: Path, kept: bool) -> None:
    """Commits are synced and logged ahead, foreign keys hold, what is deleted is overwritten."""
    engine = SqliteEngine(path, KEYS, kept=kept)
    with engine.reading() as connection:
        found = [connection.scalar(text(f"PRAGMA {name}")) for name in PRAGMAS]
    assert found == ["wal", 2, 1, 1, 10_000]
    engine.close()


@pytest.mark.parametrize("kept", [False, True])
def test_kept_engine(path: Path, kept: bool) -> None:
    """An engine for one thread keeps its connection, the other one opens the file anew."""
    engine = SqliteEngine(path, KEYS, kept=kept)
    with engine.reading() as connection:
        connection.exec_driver_sql("PRAGMA cache_size = 7")
    with engine.reading() as connection:
        assert (connection.scalar(text("PRAGMA cache_size")) == 7) == kept
    engine.close()


def test_writing_has_the_lock(path: Path) -> None:
    """A transaction that writes holds the lock from its beginning; one that reads holds none."""
    engine = SqliteEngine(path, KEYS, kept=False)
    with closing(connect(path, busy_timeout=0.0)) as other:
        with engine.reading():
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        with engine.writing(), pytest.raises(DatabaseLocked), translated(str(path)):
            other.execute("BEGIN IMMEDIATE")


def test_connect_makes_no_file(tmp_path: Path) -> None:
    """A connection does not make an empty database where one is missing."""
    with pytest.raises(sqlite3.OperationalError):
        connect(tmp_path / "none.db")
    with (
        pytest.raises(DatabaseUnwritable),
        SqliteEngine(tmp_path / "x", KEYS, kept=False).reading(),
    ):
        pass
    assert [*tmp_path.glob("[nx]*")] == []


def test_rewrite(path: Path) -> None:
    """A database that was written anew holds its rows, and nothing that was deleted."""
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [("deleted words",)] * 1000)
        connection.execute("DELETE FROM t WHERE rowid > 1")
        connection.execute("UPDATE t SET x = 'row'")
        rewrite(path)
        assert connection.execute("SELECT * FROM t").fetchall() == [("row",)]
        assert Path(f"{path}-wal").stat().st_size == 0
    assert b"deleted words" not in path.read_bytes()


def test_rewrite_while_others_read(path: Path) -> None:
    """While somebody reads, the log cannot be emptied: that is told."""
    with closing(connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM owners").fetchall()
        with pytest.raises(DatabaseLocked, match="is read by another process"):
            rewrite(path, busy_timeout=0.0)
        reader.execute("COMMIT")
        rewrite(path)


def test_empty_log(path: Path) -> None:
    """The log is emptied once nobody reads what stands before it."""
    with closing(connect(path)) as writer, closing(connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM owners").fetchall()
        writer.execute("CREATE TABLE more (a)")
        assert not empty_log(path, busy_timeout=0.0)
        reader.execute("COMMIT")
        assert empty_log(path, busy_timeout=0.0)
        assert Path(f"{path}-wal").stat().st_size == 0


def test_kept_connection(path: Path) -> None:
    """The driver's connection stays, and after an error the next use opens another."""
    kept = KeptConnection(path, 0.0)
    with kept.opened() as first:
        pass
    with kept.opened() as again:
        assert again is first
    with pytest.raises(KeyError), kept.opened():
        raise KeyError
    with kept.opened() as second:
        assert second is not first
        assert second.execute("PRAGMA busy_timeout").fetchone() == (0,)
        assert second.execute("PRAGMA wal_autocheckpoint").fetchone() == (LONGEST_LOG,)
    kept.close()
    kept.close()


def test_pages_of_a_kept_connection(path: Path) -> None:
    """How many pages it keeps may be set again and again; another connection has the usual ones."""
    kept = KeptConnection(path, 0.0)
    kept.keep_pages(WRITER_CACHE)
    for size in (USUAL_CACHE, WRITER_CACHE, USUAL_CACHE, WRITER_CACHE):
        with kept.opened() as connection:
            kept.keep_pages(size)
            assert _cache_of(connection) == size
    with pytest.raises(KeyError), kept.opened():
        raise KeyError
    with kept.opened() as connection:
        assert _cache_of(connection) == USUAL_CACHE
        kept.keep_pages(WRITER_CACHE)
        assert _cache_of(connection) == WRITER_CACHE
    kept.close()


def _cache_of(connection: sqlite3.Connection) -> int:
    # A statement that was prepared before would tell what was then.
    size: int = connection.execute(f"PRAGMA cache_size /* {time.monotonic_ns()} */").fetchone()[0]
    return -size


class Busy:
    """A connection whose log somebody else is emptying."""

    def __init__(self, times: int) -> None:
        self.times = times

    def execute(self, _: str) -> Busy:
        """Return what has the answer."""
        return self

    def fetchone(self) -> tuple[int, int, int]:
        """Return whether the log could not be emptied, and two more numbers."""
        self.times -= 1
        return int(self.times >= 0), 0, 0


def test_who_empties_the_log_at_the_same_time() -> None:
    """Another who does so is waited for, which SQLite does not; not for ever."""
    busy = Busy(3)
    assert _truncate(busy, 60.0)  # type: ignore[arg-type]
    assert busy.times == -1
    assert not _truncate(Busy(10**9), 0.0)  # type: ignore[arg-type]
