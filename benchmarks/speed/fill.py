"""Databases with millions of records, filled by SQL faster than any server would."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed import wire
from ovms.server.storage.history_batch import RECORD_OVERHEAD

DAYS = 3000
"""Days that filled records are kept: nothing expires while something else is measured."""

SPREAD = 600
"""Seconds between two records of a vehicle."""


@dataclass(frozen=True)
class Portion:
    """Records of some vehicles: ``records`` each, of one type, of vehicles ``first`` and on."""

    first: int
    vehicles: int
    records: int
    type: str = "*-LOG-Filled"

    @property
    def total(self) -> int:
        """Return how many records these are."""
        return self.vehicles * self.records


# {data} is the text of a record that is number n of its vehicle, as wide as a line of a trip.
_DATA = "'2026-01-01 10:20:30,' || {n} || ',22.274165,114.185715,80.5,395.2,12.5,-3.2,1234,56,7.8'"

_SQLITE = f"""
    WITH RECURSIVE
      v (vehicle) AS (SELECT ? UNION ALL SELECT vehicle + 1 FROM v WHERE vehicle + 1 < ?),
      r (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n + 1 < ?)
    INSERT INTO history (vehicle_id, type, number, time, expires, data, ack)
    SELECT printf('CAR%06d', vehicle), ?, 0, ? - (? - n) * {SPREAD}, ?,
      CAST({_DATA.format(n="n")} AS BLOB), NULL FROM v CROSS JOIN r
"""  # noqa: S608 (ours)

_POSTGRES = f"""
    INSERT INTO history (vehicle_id, type, number, time, expires, data, ack)
    SELECT 'CAR' || lpad(vehicle::text, 6, '0'), %s, 0, %s - (%s - n) * {SPREAD}, %s,
      convert_to({_DATA.format(n="n")}, 'UTF8'), NULL
    FROM generate_series(%s, %s - 1) AS v (vehicle) CROSS JOIN generate_series(0, %s - 1) AS r (n)
"""  # noqa: S608 (ours)

_COUNTS = """
    INSERT INTO history_counts (vehicle_id, type, number, records, bytes)
    SELECT vehicle_id, type, number, count(*),
      sum(length(data) + length(vehicle_id) + length(type) + {overhead})
    FROM history WHERE type = {type} AND id > {last} GROUP BY vehicle_id, type, number
"""


def fill_sqlite(folder: Path, portions: Sequence[Portion]) -> None:
    """Add records to the database of a data folder whose server does not run."""
    now = int(time.time())
    with closing(sqlite3.connect(folder / "ovms.db", isolation_level=None)) as connection:
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000"):
            connection.execute(f"PRAGMA {setting}").fetchall()
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'history' AND type = 'index' "
            "AND sql IS NOT NULL"
        ).fetchall()
        connection.execute("BEGIN EXCLUSIVE")
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for each in portions:
            last = connection.execute("SELECT coalesce(max(id), 0) FROM history").fetchone()[0]
            connection.execute(
                _SQLITE,
                (each.first, each.first + each.vehicles, each.records, each.type, now,
                 each.records, now + DAYS * 86400),
            )  # fmt: skip
            counts = _COUNTS.format(overhead=RECORD_OVERHEAD, type="?", last="?")
            connection.execute(counts, (each.type, last))
        for _, sql in indexes:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL").fetchall()


def fill_postgres(url: str, portions: Sequence[Portion]) -> None:
    """Add records to a database of PostgreSQL."""
    now = int(time.time())
    import psycopg  # which only those have who measure PostgreSQL

    with psycopg.connect(url) as connection:
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'history' "
            "AND indexname LIKE 'ix_%'"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}".encode())
        for each in portions:
            row = connection.execute("SELECT coalesce(max(id), 0) FROM history").fetchone()
            assert row is not None
            connection.execute(
                _POSTGRES.encode(),
                (each.type, now, each.records, now + DAYS * 86400, each.first,
                 each.first + each.vehicles, each.records),
            )  # fmt: skip
            counts = _COUNTS.format(overhead=RECORD_OVERHEAD, type="%s", last="%s")
            connection.execute(counts.encode(), (each.type, row[0]))
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE history")


def expire(folder: Path, portion: Portion) -> None:
    """Have the records of a portion be over since long, in a data folder whose server is down."""
    with closing(sqlite3.connect(folder / "ovms.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(
            "UPDATE history SET expires = 1000000000 + id % 86400 WHERE type = ?", (portion.type,)
        )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    os.sync()  # or the disk is still busy with these gigabytes when it is measured


def count(folder: Path, portion: Portion) -> int:
    """Return how many records of a portion are left, as the counts have it."""
    path = f"file:{os.fspath(folder / 'ovms.db')}?mode=ro"
    with closing(sqlite3.connect(path, uri=True)) as connection:
        sql = "SELECT coalesce(sum(records), 0) FROM history_counts WHERE type = ?"
        return int(connection.execute(sql, (portion.type,)).fetchone()[0])


MILLION = 1_000_000

MANY_OF_ONE = Portion(0, 1, MILLION)
"""A million records of one vehicle."""

SHORT_LIVED = Portion(1, 100, MILLION // 100, "*-LOG-Short")
"""A million that are made to expire."""

OTHERS = Portion(101, 300, 10_000)
MORE = Portion(401, 500, 10_000)
"""What others have: all together five millions, and with the last ten."""


def first_vehicle() -> str:
    """Return the vehicle with most of the records."""
    return wire.vehicle_id(MANY_OF_ONE.first)
