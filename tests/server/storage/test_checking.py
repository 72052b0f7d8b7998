from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, insert, update

from ovms.protocol.records.history import KeptRecord
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.checking import (
    OF_VEHICLES,
    delete_left,
    has_damaged_secret,
    left_rows,
    mend_counts,
    next_vehicle,
    wrong_counts,
)
from ovms.server.storage.expiry import CHUNK, forget_history
from ovms.server.storage.metadata import metadata
from ovms.server.storage.schema import (
    history,
    history_counts,
    history_purges,
    messages,
    presence,
    vehicles,
)
from ovms.server.storage.vehicles import encrypt_secret
from tests.server.storage.databases import apply

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


@pytest.fixture(autouse=True)
def _records(database: Database) -> None:
    """Have CAR1 report four records of 5 bytes, of two types and two numbers."""
    batch = Batch()
    for name, number in (("S", 0), ("S", 0), ("S", 1), ("ß", 0)):
        time = len(batch.history)
        batch.history.put("CAR1", KeptRecord(name, number, time, 10**9, b"12345", None, time), None)
    assert apply(database, batch) == 0


def test_right_counts(database: Database) -> None:
    """What the writer counts is what there is; what is marked to go counts no more."""
    with database.writing() as connection:
        assert wrong_counts(connection, "CAR1") == []
        forget_history(connection, "CAR1", 1)
        assert wrong_counts(connection, "CAR1") == []


def test_wrong_counts(database: Database) -> None:
    """Counts that are too high, too low, missing and of nothing are told, and set right."""
    c = history_counts.c
    with database.writing() as connection:
        this = update(history_counts).where(c.type == "S")
        connection.execute(this.where(c.number == 0).values(records=7))
        connection.execute(this.where(c.number == 1).values(bytes=1))
        connection.execute(delete(history_counts).where(c.type == "ß"))
        row = {"vehicle_id": "CAR1", "type": "D", "number": 3, "records": 2, "bytes": 9}
        connection.execute(insert(history_counts).values(row))
        wrong = wrong_counts(connection, "CAR1")
        assert [astuple(each)[1:] for each in wrong] == [
            ("D", 3, 2, 9, 0, 0),
            ("S", 0, 7, 60, 2, 60),
            ("S", 1, 1, 1, 1, 30),
            ("ß", 0, 0, 0, 1, 31),
        ]
        assert mend_counts(connection, "CAR1") == wrong
        assert wrong_counts(connection, "CAR1") == []
        types = [(each.type, each.total, each.bytes)
                 for each in queries.history_summary(connection, "CAR1")]  # fmt: skip
        assert types == [("S", 3, 90), ("ß", 1, 31)]


def test_left_rows(database: Database) -> None:
    """Rows of a vehicle that there is not are found and deleted; those of others stay."""
    with database.writing() as connection:
        connection.execute(
            insert(messages).values(vehicle_id="GONE", code="S", data=b"80", time=1.0)
        )
        rows = [
            {
                "vehicle_id": "GONE",
                "type": "S",
                "number": 0,
                "time": time,
                "expires": 9,
                "data": b"",
            }
            for time in range(CHUNK + 1)
        ]
        connection.execute(insert(history), rows)
        assert left_rows(connection, "CAR1") == {}
        assert left_rows(connection, "CAR2") == {}
        assert left_rows(connection, "GONE") == {"history": CHUNK + 1, "messages": 1}
        assert delete_left(connection, "GONE") == {"history": CHUNK + 1, "messages": 1}
        assert left_rows(connection, "GONE") == {}  # the rest is marked, and counts no more
        assert connection.scalars(history_purges.select()).all() == ["GONE"]
        assert delete_left(connection, "CAR1") == {}
        assert wrong_counts(connection, "CAR1") == []


def test_a_removed_vehicle_leaves_nothing(database: Database) -> None:
    """A tombstone with rows counts as gone."""
    with database.writing() as connection:
        queries.remove_vehicle(connection, "CAR1", 5.0)
        assert left_rows(connection, "CAR1") == {}
        row = {"vehicle_id": "CAR1", "car": True, "apps": 0, "batch": 0}
        connection.execute(insert(presence).values(row))
        assert left_rows(connection, "CAR1") == {"presence": 1}


def test_all_are_found(database: Database) -> None:
    """The next vehicle is one that exists, or one of which there is a row."""
    with database.writing() as connection:
        connection.execute(
            insert(messages).values(vehicle_id="CAR11", code="S", data=b"80", time=1.0)
        )
        found, place = [], ""
        while each := next_vehicle(connection, place):
            found.append(each)
            place = each
    assert found == ["CAR1", "CAR11", "CAR2"]


def test_damaged_secrets(database: Database) -> None:
    """A secret that does not open is told, that of nobody is none."""
    with database.writing() as connection:
        assert not has_damaged_secret(connection, "CAR1")
        assert not has_damaged_secret(connection, "NOSUCH")
        other = encrypt_secret(connection, "CAR2", "secret")
        this = update(vehicles).where(vehicles.c.id == "CAR1")
        connection.execute(this.values(secret=other))
        assert has_damaged_secret(connection, "CAR1")


def test_tables_of_vehicles() -> None:
    """Each table of a vehicle's rows is checked that no foreign key keeps whole."""
    others = {"audit", "history_purges", "moved_months", "provisions"}
    unkept = {
        table.name
        for table in metadata.sorted_tables
        if "vehicle_id" in table.columns
        and not any(key.column.table is vehicles for key in table.c.vehicle_id.foreign_keys)
    }
    assert {table.name for table in OF_VEHICLES} == unkept - others
