from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from ovms.protocol.framing import LineReader
from ovms.protocol.welcome import ProvisionRecord
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.errors import AlreadyExists, InvalidValue, NotFound
from ovms.server.storage.provisions import provision_lookup
from ovms.server.storage.schema import provisions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

ICCID = "8985200011112222333"
TOKEN = "abcdefghijklmnopqrstuv"
RECORD = ProvisionRecord.seal(ICCID, TOKEN, "5551234 pass")
LONGEST = 726  # bytes of parameters; base64 makes 968 of them, and 53 stand around


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Open a transaction on the database of the test's database."""
    with database.writing() as connection:
        yield connection


def test_record(connection: Connection) -> None:
    """A record is found by its key in any case, opens with the ICCID, and does not show itself."""
    bob = queries.get_owner(connection, "BOB")
    made = queries.add_provision(connection, "5yjab", RECORD, 5.0, bob)
    assert queries.find_provision(connection, "5YjAb") == made
    assert (made.key, made.owner, made.created, made.changed) == ("5YJAB", "bob", 5.0, 5.0)
    assert made.last_used is None
    assert made.record.open(ICCID) == "5551234 pass"
    assert TOKEN not in repr(made)
    assert queries.find_provision(connection, "OTHER") is None


def test_nothing_in_clear(connection: Connection) -> None:
    """Neither the parameters nor the ICCID are in the database."""
    queries.add_provision(connection, "VIN1", RECORD, 5.0)
    row = connection.exec_driver_sql("SELECT * FROM provisions").one()
    assert not [value for value in row if ICCID in str(value) or "pass" in str(value)]


def test_replace(connection: Connection) -> None:
    """A record is replaced only when that is said; it keeps the time it was made."""
    queries.add_provision(connection, "VIN1", RECORD, 5.0)
    _used(connection, "VIN1", 6.0)
    other = ProvisionRecord.seal(ICCID, TOKEN, "new")
    with pytest.raises(AlreadyExists, match="VIN1 exists already"):
        queries.add_provision(connection, "vin1", other, 7.0)
    made = queries.add_provision(connection, "vin1", other, 7.0, replace=True)
    assert (made.created, made.changed, made.last_used) == (5.0, 7.0, None)
    assert made.record == other


def test_list_and_remove(connection: Connection) -> None:
    """Records come by key; a removed one is gone, and cannot be removed again."""
    for key in ("B", "A"):
        queries.add_provision(connection, key, RECORD, 5.0)
    _used(connection, "A", 6.0)
    found = [(each.key, each.last_used) for each in queries.list_provisions(connection)]
    assert found == [("A", 6.0), ("B", None)]
    assert queries.remove_provision(connection, "a").key == "A"
    with pytest.raises(NotFound, match="no provisioning record for A"):
        queries.remove_provision(connection, "A")


def test_owner_removed(connection: Connection) -> None:
    """A record outlives whom it was for, as the car may still ask; but not with all that is theirs.

    It tells a VIN.
    """
    bob = queries.get_owner(connection, "bob")
    eve = queries.add_owner(connection, "eve", 1.0)
    for key, owner in (("A", bob), ("B", eve)):
        queries.add_provision(connection, key, RECORD, 5.0, owner)
    queries.remove_owner(connection, "eve", 6.0)
    queries.remove_owner(connection, "bob", 6.0, with_vehicles=True)
    assert queries.find_provision(connection, "A") is None
    assert queries.get_provision(connection, "B").owner is None


def test_of_a_vehicle(connection: Connection) -> None:
    """A vehicle has one record, which goes when what is in it counts no more."""
    alice = queries.add_owner(connection, "alice", 1.0)
    forgetting: tuple[Callable[[], object], ...] = (
        lambda: queries.set_secret(connection, "car1", "other", 7.0),
        lambda: queries.set_tls_only(connection, "car1", True, 7.0, "another"),
        lambda: queries.transfer_vehicle(connection, "car1", alice, 7.0),
        lambda: queries.remove_vehicle(connection, "car1", 8.0),
    )
    for forget in forgetting:
        queries.add_provision(connection, "A", RECORD, 5.0, vehicle_id="CAR1")
        made = queries.add_provision(connection, "B", RECORD, 6.0, vehicle_id="CAR1")
        assert (made.vehicle_id, made.key) == ("CAR1", "B")
        assert queries.find_vehicle_provision(connection, "CAR1") == made
        queries.rename_vehicle(connection, "CAR1", "Red", 6.0)
        assert queries.list_provisions(connection) == [made]
        forget()
        assert queries.find_vehicle_provision(connection, "CAR1") is None
        assert queries.find_provision(connection, "B") is None


def test_longest(connection: Connection) -> None:
    """A record whose line just fits a reader's buffer is kept; one byte more is refused."""
    longest = ProvisionRecord.seal(ICCID, TOKEN, "x" * LONGEST)
    reader = LineReader(1024)
    reader.feed(longest.encode() + b"\r\n")
    assert reader.next_line() == longest.encode()
    queries.add_provision(connection, "A", longest, 5.0)
    with pytest.raises(InvalidValue, match="too long: their line has 1027 bytes"):
        queries.add_provision(
            connection, "B", ProvisionRecord.seal(ICCID, TOKEN, "x" * (LONGEST + 1)), 5.0
        )


@pytest.mark.parametrize("key", ["", "A B", "A\n", "x" * 65])
def test_invalid_key(connection: Connection, key: str) -> None:
    """A key that no line can carry is refused."""
    with pytest.raises(InvalidValue):
        queries.add_provision(connection, key, RECORD, 5.0)


@pytest.mark.parametrize("word", ["", "a b", "a\r\n", "ä"])
def test_damaged(connection: Connection, word: str) -> None:
    """A record that would break its line is refused."""
    for record in (
        ProvisionRecord(word, "d", "r"), ProvisionRecord("t", word, "r"),
        ProvisionRecord("t", "d", word),
    ):  # fmt: skip
        with pytest.raises(InvalidValue, match="damaged"):
            queries.add_provision(connection, "A", record, 5.0)


def _used(connection: Connection, key: str, time: float) -> None:
    """Have a record asked for: the writer keeps that, see test_batch."""
    row = update(provisions).where(provisions.c.lookup == provision_lookup(connection, key))
    connection.execute(row.values(last_used=time))
