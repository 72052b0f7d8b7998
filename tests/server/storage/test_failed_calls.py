from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage import queries
from ovms.server.storage.failed_calls import (
    clear_failed_calls,
    find_failed_call,
    put_failed_calls,
    vehicles_that_failed,
)
from ovms.server.values import FailedCall

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def test_failures_add_up(database: Database) -> None:
    """The last failure counts with the first one's time and the number of all."""
    with database.writing() as connection:
        put_failed_calls(connection, [FailedCall("CAR1", 10, "192.0.2.1", "a", 2, 5)])
        put_failed_calls(connection, [FailedCall("CAR1", 20, "192.0.2.2", "b", 3, 15)])
        assert find_failed_call(connection, "CAR1") == FailedCall(
            "CAR1", 20, "192.0.2.2", "b", 5, 5
        )
        assert vehicles_that_failed(connection) == {"CAR1"}


def test_many_at_once(database: Database) -> None:
    """Those of vehicles that have some add up, beside those of vehicles that had none."""
    with database.writing() as connection:
        put_failed_calls(connection, [FailedCall("CAR1", 10, "192.0.2.1", "a", 2, 5)])
        both = [FailedCall(each, 20, "192.0.2.2", "b", 1, 15) for each in ("CAR1", "CAR2")]
        assert put_failed_calls(connection, both) == {"CAR1", "CAR2"}
        assert find_failed_call(connection, "CAR1") == FailedCall(
            "CAR1", 20, "192.0.2.2", "b", 3, 5
        )
        assert find_failed_call(connection, "CAR2") == both[1]
        clear_failed_calls(connection, ["CAR1", "CAR2", "NONE"])
        assert vehicles_that_failed(connection) == set()


def test_whose_failures_are_kept(database: Database) -> None:
    """Nothing is kept of a vehicle that does not exist, or was removed."""
    calls = [FailedCall(each, 10, "192.0.2.1", "a", 1, 10) for each in ("CAR1", "CAR2", "NONE")]
    with database.writing() as connection:
        queries.remove_vehicle(connection, "CAR2", 9)
        assert put_failed_calls(connection, calls) == {"CAR1"}
        queries.remove_vehicle(connection, "CAR1", 11)
        assert vehicles_that_failed(connection) == set()


def test_an_id_with_a_nul(database: Database) -> None:
    """PostgreSQL reads it as another character; the failures of others are kept."""
    calls = [FailedCall(each, 10, "192.0.2.1", "a", 1, 10) for each in ("X\0", "CAR1")]
    with database.writing() as connection:
        alice = queries.add_owner(connection, "alice", 5)
        queries.add_vehicle(connection, "X\N{SYMBOL FOR NULL}", alice, "pw", 6)
        assert put_failed_calls(connection, calls) == {"CAR1"}


def test_they_end(database: Database) -> None:
    """Failures end with the car that comes, and are not told to another owner."""
    calls = [FailedCall(each, 10, "192.0.2.1", "a", 1, 10) for each in ("CAR1", "CAR2")]
    with database.writing() as connection:
        put_failed_calls(connection, calls)
        clear_failed_calls(connection, ["CAR1"])
        assert find_failed_call(connection, "CAR1") is None
        other = queries.add_owner(connection, "other", 11)
        queries.transfer_vehicle(connection, "CAR2", other, 11)
        assert find_failed_call(connection, "CAR2") is None
