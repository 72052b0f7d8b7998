from __future__ import annotations

import asyncio
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import queries, writer
from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database
from ovms.server.storage.errors import DatabaseError, DatabaseUnwritable, StoreClosed
from ovms.server.storage.history_batch import RECORD_COST
from ovms.server.storage.writer import Writer
from ovms.server.values import KeptRecord, LatestMessage
from tests.server.storage.databases import where
from tests.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Disk:
    """A database whose disk can be filled: then it takes no batch."""

    def __init__(self, database: Database) -> None:
        self._apply = database.apply
        self.full = False
        self.tried = asyncio.Event()

    async def apply(self, batch: Batch) -> int:
        """Commit a batch if there is room."""
        if self.full:
            self.tried.set()
            raise DatabaseUnwritable("database x.db cannot grow: the disk is full")
        return await self._apply(batch)

    def fill(self) -> None:
        """Have no room from the next batch on."""
        self.full = True


@pytest.fixture
def disk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Put the test's database on a disk that can be filled."""
    disk = Disk(database)
    monkeypatch.setattr(database, "apply", disk.apply)
    return disk


@pytest.fixture
async def subject(
    database: Database, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Writer]:
    """Start a writer that gathers for no time and tries again at once."""
    monkeypatch.setattr(writer, "GATHER", 0.0)
    monkeypatch.setattr(writer, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(writer, "LAST_PAUSE", 0.001)
    subject = Writer(database)
    yield subject
    await subject.close(0.0)


def _message(data: bytes, code: str = "S", time: float = 2.0) -> LatestMessage:
    return LatestMessage(code, data, time)


def _stored(database: Database, vehicle_id: str = "CAR1") -> dict[str, bytes]:
    with database.reading() as connection:
        loaded = queries.load_vehicle(connection, vehicle_id)
    return {row.code: row.data for row in loaded[1]} if loaded else {}


BIG = b"x" * 100_000
"""More than fits into the pages that the database has."""


async def test_flush(database: Database, subject: Writer) -> None:
    """What was put before a flush is stored when it returns, the latest of each code."""
    for data in (b"1", b"2"):
        subject.put_message("CAR1", _message(data))
    subject.put_message("CAR1", _message(b"3", "D"))
    await subject.flush()
    assert _stored(database) == {"S": b"2", "D": b"3"}
    subject.put_message("CAR1", _message(b"4"))
    await subject.flush()
    assert _stored(database)["S"] == b"4"


async def test_flush_nothing(subject: Writer) -> None:
    """A flush of nothing returns."""
    await subject.flush()


async def test_what_nobody_waits_for(
    database: Database, subject: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gathers for longer, and goes along with the first row that somebody waits for."""
    monkeypatch.setattr(writer, "GATHER_UNAWAITED", 3600.0)
    subject.put_message("CAR1", _message(b"1"))
    saved = asyncio.Event()
    subject.put_history("CAR1", _record(b"2"), saved.set)
    await saved.wait()
    assert _stored(database) == {"S": b"1"}


async def test_all_kinds(database: Database, subject: Writer) -> None:
    """Tokens, presence and the heartbeat are stored with the messages."""
    with database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO server (id, started, heartbeat) VALUES (1, 1.0, 1.0)"
        )
    subject.put_token("CAR1", "tok")
    subject.put_presence("CAR1", True, 2, 1, 50.0)
    subject.put_presence("CAR1", True, 3, 1, None)
    subject.heartbeat(60.0)
    await subject.flush()
    with database.reading() as connection:
        (status, _) = queries.list_vehicles(connection, 61.0)
    assert (status.online, status.apps, status.batch, status.heard) == (True, 3, 1, 50.0)
    assert status.vehicle.paranoid_token == "tok"


async def test_without_flush(database: Database, subject: Writer) -> None:
    """Rows are stored without anybody asking, and who wants to know is told afterwards."""
    saved = asyncio.Event()
    subject.put_message("CAR1", _message(b"1"))
    subject.when_saved(saved.set)
    await saved.wait()
    assert _stored(database) == {"S": b"1"}


async def test_callback_that_fails(subject: Writer) -> None:
    """A callback's error goes to the event loop, not to the writer."""
    errors: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
    subject.when_saved(lambda: 1 / 0)
    await subject.flush()
    await subject.flush()
    assert [type(error) for error in errors] == [ZeroDivisionError]


async def test_unsaved(database: Database, subject: Writer) -> None:
    """What is not durable yet can be asked for; afterwards there is nothing."""
    subject.put_message("CAR1", _message(b"1"))
    subject.put_token("CAR1", "tok")
    assert subject.unsaved("CAR1") == ({"S": _message(b"1")}, "tok")
    assert subject.unsaved("CAR2") == ({}, None)
    await subject.flush()
    assert subject.unsaved("CAR1") == ({}, None)


async def test_unsaved_while_writing(
    database: Database, subject: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a token that is being written and a newer one that waits, the newer one counts."""
    begun, gate = asyncio.Event(), asyncio.Event()

    async def slow(batch: Batch) -> int:
        begun.set()
        await gate.wait()
        return await apply(batch)

    apply = database.apply
    monkeypatch.setattr(database, "apply", slow)
    subject.put_token("CAR1", "old")
    subject.put_message("CAR1", _message(b"1"))
    await begun.wait()
    assert subject.unsaved("CAR1") == ({"S": _message(b"1")}, "old")
    subject.put_token("CAR1", "new")
    subject.put_message("CAR1", _message(b"2"))
    assert subject.unsaved("CAR1") == ({"S": _message(b"2")}, "new")
    gate.set()
    await subject.flush()
    assert subject.unsaved("CAR1") == ({}, None)


async def test_removed_vehicle(database: Database, subject: Writer) -> None:
    """A vehicle that is removed while its rows wait does not fail the batch."""
    subject.put_message("CAR1", _message(b"1"))
    subject.put_message("CAR2", _message(b"2"))
    with database.writing() as connection:
        queries.remove_vehicle(connection, "CAR1", 5.0)
    await subject.flush()
    assert _stored(database, "CAR2") == {"S": b"2"}
    with database.reading() as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM messages WHERE vehicle_id='CAR1'")
        assert left.scalar() == 0


async def test_full_disk(database: Database, disk: Disk, subject: Writer) -> None:
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
    assert _stored(database) == {}
    assert set(subject.unsaved("CAR1")[0]) == {"S", "D"}
    disk.full = False
    await flush
    await subject.flush()
    assert _stored(database) == {"S": BIG, "D": b"2"}
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
    assert lines == ["cannot save to the database, trying again", "saving to the database again"]


async def test_locked_database(database: Database, disk: Disk, subject: Writer) -> None:
    """A lock that is held for longer than the time-out only delays."""
    with database.writing():
        subject.put_message("CAR1", _message(b"1"))
        flush = asyncio.ensure_future(subject.flush())
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        assert not flush.done()
    await flush
    assert _stored(database) == {"S": b"1"}


async def test_seen_while_the_disk_is_full(disk: Disk, subject: Writer) -> None:
    """Who waits is told why; the token counts as seen at once, and is remembered later."""
    disk.fill()
    first = subject.put_seen(b"m", "one", 5.0)
    with pytest.raises(DatabaseUnwritable):
        await first
    assert await subject.put_seen(b"m", "one", 5.0) is True
    with pytest.raises(DatabaseUnwritable):
        await subject.put_seen(b"m", "two", 5.0)
    disk.full = False
    await subject.flush()
    assert not subject.has_seen(b"m", "two")
    assert await subject.put_seen(b"m", "two", 5.0) is True


async def test_seen_that_nobody_waits_for(disk: Disk, subject: Writer) -> None:
    """A caller that has hung up is remembered, and the errors that it would get are not logged."""
    subject.put_seen(b"m", "one", 5.0).cancel()
    await subject.flush()
    assert await subject.put_seen(b"m", "one", 5.0) is True
    disk.fill()
    subject.put_seen(b"m", "two", 5.0)
    await disk.tried.wait()
    waiting = subject.put_seen(b"m", "three", 5.0)
    assert await subject.close(0.0) == 2
    with pytest.raises(DatabaseUnwritable):
        await waiting


async def test_seen_limit(disk: Disk, subject: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many tokens wait while the disk refuses; who comes then is turned away."""
    monkeypatch.setattr(writer, "MAX_SEEN_WAITING", 2)
    disk.fill()
    for token in ("one", "two"):
        with pytest.raises(DatabaseUnwritable):
            await subject.put_seen(b"m", token, 5.0)
    with pytest.raises(DatabaseError, match="too many"):
        await subject.put_seen(b"m", "three", 5.0)
    assert subject.refused == 1
    disk.full = False
    await subject.flush()
    assert await subject.put_seen(b"m", "three", 5.0) is False


async def test_seen_and_closed(subject: Writer) -> None:
    """A closed writer takes no token, and one that it could not save any more is told."""
    waiting = subject.put_seen(b"m", "one", 5.0)
    subject._end()
    with pytest.raises(StoreClosed):
        await waiting
    await subject.close()
    with pytest.raises(StoreClosed):
        subject.put_seen(b"m", "two", 5.0)


async def test_close_saves(database: Database, disk: Disk, subject: Writer) -> None:
    """Closing saves what waits, and again does nothing."""
    subject.put_message("CAR1", _message(b"1"))
    first, second = await asyncio.gather(subject.close(), subject.close())
    assert (first, second) == (0, 0)
    assert _stored(database) == {"S": b"1"}
    assert await subject.close() == 0


async def test_closed(subject: Writer) -> None:
    """A closed writer takes nothing more, and says so."""
    await subject.close()
    with pytest.raises(StoreClosed):
        subject.put_message("CAR1", _message(b"1"))
    with pytest.raises(StoreClosed):
        await subject.flush()


async def test_close_on_full_disk(database: Database, disk: Disk, subject: Writer) -> None:
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
    database: Database, disk: Disk, subject: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the bound new keys are refused and counted; known ones take newer rows."""
    monkeypatch.setattr(writer, "MAX_PENDING", 2)
    for code, data in (("S", b"1"), ("D", b"2"), ("L", b"3"), ("S", b"4")):
        subject.put_message("CAR1", _message(data, code))
    subject.put_message("CAR2", _message(b"5"))
    assert subject.refused == 2
    await subject.flush()
    assert _stored(database) == {"S": b"4", "D": b"2"}
    assert subject.refused == 0
    subject.put_message("CAR1", _message(b"3", "L"))
    await subject.flush()
    assert _stored(database)["L"] == b"3"


async def test_impossible_row(database: Database, subject: Writer) -> None:
    """A row that can never be stored does not keep the others waiting."""
    subject.put_message("CAR1", _message(b"1", "\udc80"))
    subject.put_message("\udc80", _message(b"1"))
    subject.put_message("CAR2", _message(b"2"))
    await subject.flush()
    assert (_stored(database), _stored(database, "CAR2")) == ({}, {"S": b"2"})


CRASH = """
import asyncio, os, signal, sys
from pathlib import Path
from ovms.server.storage.opening import open_database
from ovms.server.values import LatestMessage
from ovms.server.storage.writer import Writer

async def main():
    writer = Writer(open_database(Path(sys.argv[1]), sys.argv[2]))
    for number in range(1000):
        writer.put_message("CAR1", LatestMessage("S", b"%d" % number, 1.0))
        if number % 100 == 0:
            await writer.flush()
    await writer.flush()
    writer.put_message("CAR1", LatestMessage("D", b"not flushed", 1.0))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_killed(database: Database) -> None:
    """What flush returned for survives a process that is killed."""
    command = [sys.executable, "-c", CRASH, *where(database)]
    ended = subprocess.run(command, check=False, timeout=PATIENCE)
    assert ended.returncode == -9
    assert _stored(database) == {"S": b"999"}


def _record(data: bytes = b"x", ack: int | None = 1, received: float = 5.0) -> KeptRecord:
    return KeptRecord("*-LOG-Trip", 1, 5, 1000, data, ack, received)


def _history(database: Database) -> list[bytes]:
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT data FROM history ORDER BY id")
        return [row.data for row in found]


async def test_history(database: Database, subject: Writer) -> None:
    """A record's sender is told once it is stored, and for each copy, in a batch or later."""
    told: list[list[bytes]] = []
    for _ in range(2):
        assert subject.put_history("CAR1", _record(), lambda: told.append(_history(database)))
    assert subject.put_history("CAR1", _record(b"y", None))
    await subject.flush()
    await asyncio.sleep(0)
    assert told == [[b"x", b"y"]] * 2
    subject.put_history("CAR1", _record(received=500.0), lambda: told.append([]))
    await subject.flush()
    await asyncio.sleep(0)
    assert len(told) == 3
    assert _history(database) == [b"x", b"y"]


async def test_copy_while_writing(database: Database, subject: Writer) -> None:
    """A copy that comes while the first one is being written is stored no second time."""
    told: list[int] = []
    subject.put_history("CAR1", _record(), lambda: told.append(1))
    flush = asyncio.ensure_future(subject.flush())
    for _ in range(10):  # turns of the loop, in which it begins to write
        await asyncio.sleep(0)
    subject.put_history("CAR1", _record(), lambda: told.append(2))
    await flush
    await subject.flush()
    await asyncio.sleep(0)
    assert (_history(database), told) == ([b"x"], [1, 2])


async def test_history_of_removed_vehicle(database: Database, subject: Writer) -> None:
    """A car that is removed meanwhile is told all the same: nobody wants the record again."""
    told: list[int] = []
    subject.put_history("NONE", _record(), lambda: told.append(1))
    await subject.flush()
    await asyncio.sleep(0)
    assert (told, _history(database)) == ([1], [])


async def test_history_on_full_disk(database: Database, disk: Disk, subject: Writer) -> None:
    """While the disk is full nobody is told; when it has room, all is stored once."""
    told: list[int] = []
    disk.fill()
    subject.put_history("CAR1", _record(BIG), lambda: told.append(1))
    subject.put_traffic("CAR1", "2025-01-01", (1, 0, 0, 0))
    await disk.tried.wait()
    subject.put_history("CAR1", _record(BIG), lambda: told.append(2))
    subject.put_traffic("CAR1", "2025-01-01", (1, 0, 0, 0))
    disk.tried.clear()
    await disk.tried.wait()
    assert (told, _history(database)) == ([], [])
    await subject.settle("CAR1")  # does not wait for the disk
    disk.full = False
    await subject.flush()
    await asyncio.sleep(0)
    assert (sorted(told), _history(database)) == ([1, 2], [BIG])
    with database.reading() as connection:
        assert queries.utilisation(connection, "CAR1")[0].car_received == 2


async def test_many_records_take_several_transactions(
    database: Database, disk: Disk, subject: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while without room all goes in bounded parts; who waits for all of it waits."""
    monkeypatch.setattr(writer, "MOST_AT_ONCE", 3)
    sizes: list[int] = []
    apply = disk.apply

    async def counted(batch: Batch) -> int:
        lost = await apply(batch)
        sizes.append(len(batch.history))
        return lost

    monkeypatch.setattr(database, "apply", counted)
    disk.fill()
    told: list[int] = []
    for code in range(8):
        vehicle = "CAR1" if code % 2 else "CAR2"
        subject.put_history(vehicle, _record(b"x", code), lambda code=code: told.append(code))  # type: ignore[misc]
    flushed = asyncio.ensure_future(subject.flush())
    await disk.tried.wait()
    disk.full = False
    await flushed
    assert sizes == [3, 3, 2]
    assert subject.depths().records == subject.depths().record_bytes == 0
    await until(lambda: len(told) == 8)
    assert sorted(told) == list(range(8))
    assert len(_history(database)) == 8


async def test_history_limit(
    database: Database, subject: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the bound a record is refused and counted, and there is room again afterwards."""
    monkeypatch.setattr(writer, "MAX_HISTORY_WAITING", 2 * RECORD_COST)
    told: list[int] = []
    put = [
        subject.put_history("CAR1", _record(b"%d" % n, n), lambda n=n: told.append(n))  # type: ignore[misc]
        for n in range(4)
    ]
    assert put == [True, True, False, False]
    assert subject.refused == 2
    await subject.flush()
    await asyncio.sleep(0)
    assert (told, _history(database)) == ([0, 1], [b"0", b"1"])
    assert subject.put_history("CAR1", _record(b"2", 2))


async def test_what_is_told_together_is_ended_once(subject: Writer) -> None:
    """What callbacks return is called behind all of them, once; one that fails stops no other."""
    told: list[str] = []
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: failures.append(context["exception"])
    )

    def end() -> None:
        told.append("end")

    def tell(name: str) -> Callable[[], None]:
        told.append(name)
        return end

    def fail() -> None:
        raise ZeroDivisionError

    subject.put_history("CAR1", _record(b"1", 1), lambda: tell("one"))
    subject.put_history("CAR1", _record(b"2", 2), fail)
    subject.put_history("CAR1", _record(b"3", 3), lambda: tell("three"))
    await subject.flush()
    assert told == ["one", "three", "end"]
    assert [type(each) for each in failures] == [ZeroDivisionError]


async def test_one_vehicle_does_not_take_all_the_room(
    subject: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past a vehicle's bound its records are refused, those of others are not."""
    monkeypatch.setattr(writer, "VEHICLE_WAITING", 2 * RECORD_COST)
    put = [subject.put_history("CAR1", _record(b"%d" % n, n)) for n in range(4)]
    assert put == [True, True, False, False]
    assert subject.put_history("CAR2", _record())
    await subject.flush()
    assert subject.put_history("CAR1", _record(b"4", 4))


async def test_how_many_of_a_vehicle_wait(subject: Writer) -> None:
    """A vehicle's records count until they are durable, those of others do not."""
    for number in range(3):
        subject.put_history("CAR1", _record(b"%d" % number, number))
    assert (subject.history_waiting("CAR1"), subject.history_waiting("CAR2")) == (3, 0)
    saving = asyncio.create_task(subject.flush())
    await asyncio.sleep(0)
    assert subject.history_waiting("CAR1") == 3
    await saving
    assert subject.history_waiting("CAR1") == 0


async def test_many_are_told(subject: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask to be told, the event loop has its turns in between."""
    monkeypatch.setattr(writer, "TOLD_AT_ONCE", 10)
    told: list[int] = []
    for number in range(25):
        subject.put_history(
            "CAR1",
            _record(b"%d" % number, number),
            lambda number=number: told.append(number),  # type: ignore[misc]
        )
    await subject.flush()
    lengths: list[int] = []
    while len(told) < 25:
        lengths.append(len(told))
        await asyncio.sleep(0)
    assert all(later - earlier <= 10 for earlier, later in pairwise([*lengths, 25]))
    assert told == [*range(25)]


async def test_settle(database: Database, subject: Writer) -> None:
    """Settling stores a vehicle's history and traffic."""
    subject.put_history("CAR1", _record())
    await subject.settle("CAR2")
    await subject.settle("CAR1")
    assert _history(database) == [b"x"]
    subject.put_traffic("CAR1", "2025-01-01", (1, 2, 3, 4))
    await subject.settle("CAR1")
    with database.reading() as connection:
        assert len(queries.utilisation(connection, "CAR1")) == 1


async def test_settle_gives_up(
    disk: Disk, subject: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settling does not wait for long when the disk begins to refuse."""
    monkeypatch.setattr(writer, "SETTLE_TIMEOUT", 0.001)
    disk.fill()
    subject.put_history("CAR1", _record(BIG))
    await subject.settle("CAR1")
    assert _waiting(subject) == 1


def _waiting(subject: Writer) -> int:
    return subject._pending.rows() + subject._writing.rows()


CRASH_HISTORY = """
import asyncio, os, signal, sys
from pathlib import Path
from ovms.server.storage.opening import open_database
from ovms.server.values import KeptRecord
from ovms.server.storage.writer import Writer

async def main():
    writer = Writer(open_database(Path(sys.argv[1]), sys.argv[2]))
    number = 0
    def saved(n):
        os.write(1, b"%d\\n" % n)
        if n == 3000:
            os.kill(os.getpid(), signal.SIGKILL)
    for step in range(300):
        for _ in range(20):
            number += 1
            for copy in range(2):
                record = KeptRecord("T", 1, 5, 10**10, b"%d" % number, number, 5.0 + copy)
                writer.put_history("CAR1", record, lambda n=number: saved(n))
        await asyncio.sleep(0)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_killed_history(database: Database) -> None:
    """Every record that was acknowledged is there after the process is killed, once."""
    command = [sys.executable, "-c", CRASH_HISTORY, *where(database)]
    ended = subprocess.run(command, check=False, timeout=PATIENCE, stdout=subprocess.PIPE)
    assert ended.returncode == -9
    stored = [int(data) for data in _history(database)]
    assert {*map(int, ended.stdout.split())} <= set(stored)
    assert len(stored) == len(set(stored)) >= 3000
    with database.reading() as connection:
        (summary,) = queries.history_summary(connection, "CAR1")
    assert summary.total == len(stored)
