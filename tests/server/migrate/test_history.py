from __future__ import annotations

from typing import Any

import pytest

from ovms.server.migrate import source as source_module
from ovms.server.migrate.history import NEVER
from ovms.server.migrate.report import MovedKind
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from tests.server.migrate.mariadb import OLDER, MariaDb, OtherServer
from tests.server.migrate.moves import NOW, ON_BOTH, at, car, counts, move, owner, record, told
from tests.server.storage.databases import execute, rows


@pytest.fixture
def filled(other: OtherServer) -> OtherServer:
    """Give the other server a car."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    return other


def trip(time: str, data: str = "x", **more: Any) -> dict[str, Any]:
    """Return a record of CAR1."""
    return record(1, "CAR1", "*-LOG-Trip", time, data, **more)


def stored(ours: Database) -> list[str]:
    """Return the data of the records here, in the order in which they were stored."""
    return [data.decode() for (data,) in rows(ours, "SELECT data FROM history ORDER BY id")]


@ON_BOTH
def test_taken(filled: OtherServer, ours: Database) -> None:
    """Records keep type, number, time, end and data; command 31 counts them."""
    filled.put("historicalmessages", trip("2026-11-26 08:00:00", "Zürich,1", h_recordnumber=-7),
               record(1, "CAR1", "S", "2026-11-26 08:00:00", "80,K"))  # fmt: skip
    assert counts(move(filled, ours), MovedKind.RECORDS) == (2, 0, 0, 0, 0)
    time, end = at("2026-11-26 08:00:00"), at("2027-11-27 10:00:00")
    assert rows(ours, "SELECT type, number, time, expires, data, ack FROM history") == [
        ("*-LOG-Trip", -7, time, end, "Zürich,1".encode(), None),
        ("S", 0, time, end, b"80,K", None),
    ]
    with ours.reading() as connection:
        summary = {each.type: each for each in queries.history_summary(connection, "CAR1")}
    trips = summary["*-LOG-Trip"]
    assert (trips.distinct, trips.total) == (1, 1)
    assert trips.bytes == len(b"*-LOG-TripCAR1Z\xc3\xbcrich,1") + 20


def test_left(filled: OtherServer, ours: Database) -> None:
    """What is over, has no time or was that server's own is left; what has no end is kept."""
    filled.put(
        "historicalmessages",
        trip("2026-11-20 08:00:00", "over", h_expires="2026-11-27 11:59:59"),
        trip("2026-11-20 08:00:01", "just", h_expires="2026-11-27 12:00:00"),
        trip("2026-11-20 08:00:02", "lives", h_expires="2026-11-27 12:00:01"),
        trip("2026-11-20 08:00:03", "endless", h_expires="0000-00-00 00:00:00"),
        trip("0000-00-00 00:00:00", "timeless"),
        record(1, "CAR1", "*-Log-Notification", "2026-11-20 08:00:00", "A,alert"),
        record(1, "CAR1", "*-OVM-ServerLogs", "2026-11-20 08:00:00", "log"),
        record(2, "CAR1", "*-LOG-Trip", "2026-11-20 08:00:00", "another's"),
    )
    report = move(filled, ours)
    assert stored(ours) == ["lives", "endless"]
    assert rows(ours, "SELECT max(expires) FROM history") == [(NEVER,)]
    assert report[MovedKind.RECORDS].reasons == {
        "expired": 2, "without a time": 1, "*-Log-Notification: that server's own": 1,
        "*-OVM-ServerLogs: that server's own": 1,
    }  # fmt: skip
    assert counts(move(filled, ours), MovedKind.RECORDS)[:4] == (0, 0, 0, 5)


@ON_BOTH
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_repeated(
    filled: OtherServer, ours: Database, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Only new records are taken, also those that came late, in pages of any size."""
    monkeypatch.setattr(source_module, "PAGE", size)
    filled.put("historicalmessages", trip("2026-09-30 23:59:59", "a"),
               trip("2026-10-01 00:00:00", "b"), trip("2026-11-26 08:00:00", "c"),
               trip("2026-12-31 23:59:59", "future"))  # fmt: skip
    move(filled, ours)
    filled.put("historicalmessages", trip("2026-10-01 00:00:01", "late"),
               trip("2026-11-26 08:00:01", "new"), trip("2025-01-01 00:00:00", "old"))  # fmt: skip
    report = move(filled, ours, NOW + 1)
    assert counts(report, MovedKind.RECORDS) == (3, 0, 0, 4, 0)
    assert sorted(stored(ours)) == ["a", "b", "c", "future", "late", "new", "old"]
    assert rows(ours, "SELECT sum(records) FROM history_counts") == [(7,)]
    assert move(filled, ours, NOW + 2).is_empty


def test_only_what_changed_is_read(
    filled: OtherServer, ours: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The records of months that are as they were are not read again."""
    filled.put(
        "historicalmessages", *(trip(f"2026-{month:02}-05 08:00:00") for month in range(1, 9))
    )
    move(filled, ours)
    filled.put("historicalmessages", trip("2026-08-06 08:00:00", "new"))
    read: list[int] = []
    pages = source_module.SourceDatabase.pages

    def counted(self: Any, table: Any, *where: Any, **more: Any) -> Any:
        for page in pages(self, table, *where, **more):
            read.extend([len(page)] if table is source_module.HISTORY else [])
            yield page

    monkeypatch.setattr(source_module.SourceDatabase, "pages", counted)
    assert counts(move(filled, ours, NOW + 1), MovedKind.RECORDS) == (1, 0, 0, 8, 0)
    assert read == [2]


def test_deleted_here(filled: OtherServer, ours: Database) -> None:
    """What was deleted here does not come back with what is new."""
    filled.put("historicalmessages", trip("2026-11-26 08:00:00", "a"))
    move(filled, ours)
    with ours.writing() as connection:
        queries.delete_records(connection, "CAR1", "*-LOG-Trip", None, None)
    filled.put("historicalmessages", trip("2026-11-26 08:00:01", "b"))
    move(filled, ours, NOW + 1)
    assert stored(ours) == ["b"]


def test_expired_there(filled: OtherServer, ours: Database) -> None:
    """What goes there by itself is no change here."""
    filled.put("historicalmessages", trip("2026-11-25 08:00:00", "a"),
               trip("2026-11-26 08:00:00", "b"))  # fmt: skip
    move(filled, ours)
    filled.run("DELETE FROM ovms_historicalmessages WHERE h_data = 'a'")
    assert move(filled, ours, NOW + 1).is_empty
    assert stored(ours) == ["a", "b"]


@ON_BOTH
def test_what_is_here_is_not_taken_twice(filled: OtherServer, ours: Database) -> None:
    """Where nothing is remembered, records of the same type, number and time are the same."""
    filled.put("historicalmessages", trip("2026-11-25 08:00:00", "a"))
    move(filled, ours)
    execute(ours, "DELETE FROM moved")
    execute(ours, "DELETE FROM moved_months")
    filled.put("historicalmessages", trip("2026-11-26 08:00:00", "b"))
    report = move(filled, ours, NOW + 1)
    assert told(report) == []
    assert stored(ours) == ["a", "b"]


def test_older(mariadb: MariaDb, ours: Database) -> None:
    """An older server's records have no owner."""
    with mariadb.database(OLDER) as older:
        older.put("owners", owner(1, "bob"))
        older.put("cars", car(1, "CAR1", "one"))
        row = trip("2026-11-25 08:00:00", "a")
        del row["owner"]
        older.put("historicalmessages", row)
        assert counts(move(older, ours), MovedKind.RECORDS) == (1, 0, 0, 0, 0)
        assert move(older, ours).is_empty
    assert stored(ours) == ["a"]


def test_no_history(mariadb: MariaDb, ours: Database) -> None:
    """A server without that table has none."""
    with mariadb.database({name: OLDER[name] for name in ("ovms_owners", "ovms_cars")}) as bare:
        bare.put("owners", owner(1, "bob"))
        bare.put("cars", car(1, "CAR1", "one"))
        report = move(bare, ours)
    assert counts(report, MovedKind.VEHICLES)[0] == 1
    assert report.absent == [each.name for each in source_module.TABLES[2:]]
