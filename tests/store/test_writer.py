from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ovms.store import queries, writer
from ovms.store.database import connect, database_path, reading, writing
from ovms.store.errors import StoreClosed
from ovms.store.records import LatestMessage
from ovms.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Engine


class Disk:
    """A disk that can be filled: SQLite then may not add a page."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.full = False
        self.tried = asyncio.Event()

    def connect(self) -> sqlite3.Connection:
        """Open the database as the disk is now."""
        connection = connect(self.path, 0.0)
        if self.full:
            connection.execute("PRAGMA max_page_count = 1")
            self._loop.call_soon_threadsafe(self.tried.set)
        return connection

    def fill(self) -> None:
        """Have no room from the next connection on."""
        self._loop = asyncio.get_running_loop()
        self.full = True


@pytest.fixture
def disk(engine: Engine) -> Disk:
    """Put the test's database on a disk that can be filled."""
    return Disk(database_path(engine.url))


@pytest.fixture
async def subject(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Writer]:
    """Start a writer that gathers for no time and tries again at once."""
    monkeypatch.setattr(writer, "GATHER", 0.0)
    monkeypatch.setattr(writer, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(writer, "LAST_PAUSE", 0.001)
    subject = Writer.open(disk.connect, "x.db")
    yield subject
    await subject.close(0.0)


def _message(data: bytes, code: str = "S", time: float = 2.0) -> LatestMessage:
    return LatestMessage(code, data, time)


def _stored(engine: Engine, vehicle_id: str = "CAR1") -> dict[str, bytes]:
    with reading(engine) as connection:
        loaded = queries.load_vehicle(connection, vehicle_id)
    return {row.code: row.data for row in loaded[1]} if loaded else {}


BIG = b"x" * 100_000
"""More than fits into the pages that the database has."""


async def test_flush(engine: Engine, subject: Writer) -> None:
    """What was put before a flush is stored when it returns, the latest of each code."""
    for data in (b"1", b"2"):
        subject.put_message("CAR1", _message(data))
    subject.put_message("CAR1", _message(b"3", "D"))
    await subject.flush()
    assert _stored(engine) == {"S": b"2", "D": b"3"}
    subject.put_message("CAR1", _message(b"4"))
    await subject.flush()
    assert _stored(engine)["S"] == b"4"


async def test_flush_nothing(subject: Writer) -> None:
    """A flush of nothing returns."""
    await subject.flush()


async def test_all_kinds(engine: Engine, subject: Writer) -> None:
    """Tokens, presence and the heartbeat are stored with the messages."""
    with writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO server VALUES (1, 1.0, 1.0)")
    subject.put_token("CAR1", "tok")
    subject.put_presence("CAR1", True, 2, 1, 50.0)
    subject.put_presence("CAR1", True, 3, 1, None)
    subject.beat(60.0)
    await subject.flush()
    with reading(engine) as connection:
        (status, _) = queries.list_vehicles(connection, 61.0)
    assert (status.online, status.apps, status.batch, status.heard) == (True, 3, 1, 50.0)
    assert status.vehicle.paranoid_token == "tok"


async def test_without_flush(engine: Engine, subject: Writer) -> None:
    """Rows are stored without anybody asking, and who wants to know is told afterwards."""
    saved = asyncio.Event()
    subject.put_message("CAR1", _message(b"1"))
    subject.when_saved(saved.set)
    await saved.wait()
    assert _stored(engine) == {"S": b"1"}


async def test_callback_that_fails(subject: Writer) -> None:
    """A callback's error goes to the event loop, not to the writer."""
    errors: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
    subject.when_saved(lambda: 1 / 0)
    await subject.flush()
    await subject.flush()
    assert [type(error) for error in errors] == [ZeroDivisionError]


async def test_unsaved(engine: Engine, subject: Writer) -> None:
    """What is not durable yet can be asked for; afterwards there is nothing."""
    subject.put_message("CAR1", _message(b"1"))
    subject.put_token("CAR1", "tok")
    assert subject.unsaved("CAR1") == ({"S": _message(b"1")}, "tok")
    assert subject.unsaved("CAR2") == ({}, None)
    await subject.flush()
    assert subject.unsaved("CAR1") == ({}, None)


async def test_removed_vehicle(engine: Engine, subject: Writer) -> None:
    """A vehicle that is removed while its rows wait does not fail the batch."""
    subject.put_message("CAR1", _message(b"1"))
    subject.put_message("CAR2", _message(b"2"))
    with writing(engine) as connection:
        queries.remove_vehicle(connection, "CAR1", 5.0)
    await subject.flush()
    assert _stored(engine, "CAR2") == {"S": b"2"}
    with reading(engine) as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM messages WHERE vehicle_id='CAR1'")
        assert left.scalar() == 0


async def test_full_disk(engine: Engine, disk: Disk, subject: Writer) -> None:
    """While the disk is full rows wait, newer ones win, and all are stored when it has room."""
    disk.fill()
    subject.put_message("CAR1", _message(BIG))
    subject.put_message("CAR1", _message(b"1", "D"))
    flush = asyncio.ensure_future(subject.flush())
    await disk.tried.wait()
    subject.put_message("CAR1", _message(b"2", "D"))
    disk.tried.clear()
    await disk.tried.wait()
    assert not flush.done()
    assert _stored(engine) == {}
    assert set(subject.unsaved("CAR1")[0]) == {"S", "D"}
    disk.full = False
    await flush
    await subject.flush()
    assert _stored(engine) == {"S": BIG, "D": b"2"}
    assert await subject.close() == 0


async def test_full_disk_is_logged_once(
    disk: Disk, subject: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator reads once that the disk refuses, and once that it works again."""
    lines: list[str] = []
    monkeypatch.setattr(writer.log, "error", lambda event, **_: lines.append(event), raising=False)
    monkeypatch.setattr(writer.log, "info", lambda event, **_: lines.append(event), raising=False)
    disk.fill()
    subject.put_message("CAR1", _message(BIG))
    for _ in range(3):
        disk.tried.clear()
        await disk.tried.wait()
    disk.full = False
    await subject.flush()
    assert lines == ["store cannot save, tries again", "store saves again"]


async def test_locked_database(engine: Engine, disk: Disk, subject: Writer) -> None:
    """A lock that is held for longer than the time-out only delays."""
    with writing(engine):
        subject.put_message("CAR1", _message(b"1"))
        flush = asyncio.ensure_future(subject.flush())
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        assert not flush.done()
    await flush
    assert _stored(engine) == {"S": b"1"}


async def test_close_saves(engine: Engine, disk: Disk, subject: Writer) -> None:
    """Closing saves what waits, and again does nothing."""
    subject.put_message("CAR1", _message(b"1"))
    first, second = await asyncio.gather(subject.close(), subject.close())
    assert (first, second) == (0, 0)
    assert _stored(engine) == {"S": b"1"}
    assert await subject.close() == 0


async def test_closed(subject: Writer) -> None:
    """A closed writer takes nothing more, and says so."""
    await subject.close()
    with pytest.raises(StoreClosed):
        subject.put_message("CAR1", _message(b"1"))
    with pytest.raises(StoreClosed):
        await subject.flush()


async def test_close_on_full_disk(engine: Engine, disk: Disk, subject: Writer) -> None:
    """Closing gives up in the end, counts what is lost, and wakes who waits."""
    disk.fill()
    subject.put_message("CAR1", _message(BIG))
    subject.put_token("CAR1", "tok")
    flush = asyncio.ensure_future(subject.flush())
    await disk.tried.wait()
    assert await subject.close(0.0) == 2
    with pytest.raises(StoreClosed):
        await flush
    assert await subject.close() == 2


async def test_limit(
    engine: Engine, disk: Disk, subject: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the bound new keys are refused and counted; known ones take newer rows."""
    monkeypatch.setattr(writer, "MAX_PENDING", 2)
    for code, data in (("S", b"1"), ("D", b"2"), ("L", b"3"), ("S", b"4")):
        subject.put_message("CAR1", _message(data, code))
    subject.put_message("CAR2", _message(b"5"))
    assert subject.refused == 2
    await subject.flush()
    assert _stored(engine) == {"S": b"4", "D": b"2"}
    assert subject.refused == 0
    subject.put_message("CAR1", _message(b"3", "L"))
    await subject.flush()
    assert _stored(engine)["L"] == b"3"


async def test_impossible_row(engine: Engine, subject: Writer) -> None:
    """A row that can never be stored does not keep the others waiting."""
    subject.put_message("CAR1", _message(b"1", "D", float("nan")))
    subject.put_message("\udc80", _message(b"1"))
    subject.put_message("CAR2", _message(b"2"))
    await subject.flush()
    assert (_stored(engine), _stored(engine, "CAR2")) == ({}, {"S": b"2"})


CRASH = """
import asyncio, os, signal, sys
from pathlib import Path
from ovms.store.database import connect
from ovms.store.records import LatestMessage
from ovms.store.writer import Writer

async def main():
    writer = Writer.open(lambda: connect(Path(sys.argv[1])), "x")
    for number in range(1000):
        writer.put_message("CAR1", LatestMessage("S", b"%d" % number, 1.0))
        if number % 100 == 0:
            await writer.flush()
    await writer.flush()
    writer.put_message("CAR1", LatestMessage("D", b"not flushed", 1.0))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_killed(engine: Engine) -> None:
    """What flush returned for survives a process that is killed."""
    path = str(database_path(engine.url))
    ended = subprocess.run([sys.executable, "-c", CRASH, path], check=False, timeout=30)
    assert ended.returncode == -9
    assert _stored(engine) == {"S": b"999"}
