from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import queries
from ovms.server.storage.audit import (
    DETAIL_LENGTH,
    AuditFilter,
    add_audit,
    forget_actor,
    forget_audit,
    list_audit,
    note_operator,
)
from ovms.server.values import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from ovms.server.storage.database import Database


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Open a transaction."""
    with database.writing() as opened:
        yield opened


@pytest.fixture
def filled(connection: Connection) -> Connection:
    """Fill the audit trail: Bob is owner 1 and has CAR1."""
    bob = queries.get_owner(connection, "Bob")
    entries = [
        AuditEntry(10, "login.password", "Bob", bob.id),
        AuditEntry(20, "login.failed", "", bob.id),
        AuditEntry(30, "command", "Alice", None, "CAR1"),
        AuditEntry(40, "logins", "Alice", 99),
    ]
    add_audit(connection, entries)
    return connection


@pytest.mark.parametrize(
    ("wanted", "times"),
    [(AuditFilter(), [40, 30, 20, 10]), (AuditFilter(owner_id=1), [30, 20, 10]),
     (AuditFilter(vehicle_id="CAR1"), [30]), (AuditFilter(actor="Alice"), [40, 30]),
     (AuditFilter(action="login"), [20, 10]), (AuditFilter(action="login.failed"), [20]),
     (AuditFilter(action="login_failed"), []), (AuditFilter(since=20, until=40), [30, 20])],
)  # fmt: skip
def test_filters(filled: Connection, wanted: AuditFilter, times: list[float]) -> None:
    """Entries are found by account, vehicle, actor, action and time, the newest first."""
    assert [each.time for each, _ in list_audit(filled, wanted, 10)] == times


def test_whose(filled: Connection) -> None:
    """An entry about a vehicle is about its owner's account, by name as long as that is there."""
    assert [name for _, name in list_audit(filled, AuditFilter(), 10)] == [None, *["bob"] * 3]


def test_pages(filled: Connection) -> None:
    """A page goes on behind the last entry of the one before."""
    first = list_audit(filled, AuditFilter(), 3)
    second = list_audit(filled, AuditFilter(), 3, before=first[-1][0].id)
    assert [each.time for each, _ in first + second] == [40, 30, 20, 10]


def test_forgetting(filled: Connection) -> None:
    """What is older goes, the oldest first, so many rows at once."""
    assert forget_audit(filled, 40, 2) == 2
    assert [each.time for each, _ in list_audit(filled, AuditFilter(), 10)] == [40, 30]
    assert (forget_audit(filled, 40, 2), forget_audit(filled, 40, 2)) == (1, 0)


def test_what_is_no_text(connection: Connection) -> None:
    """It is replaced, and what is too long is cut: no entry keeps the others out."""
    add_audit(connection, [AuditEntry(1, "x", detail="\ud800" + "y" * 2 * DETAIL_LENGTH)])
    ((entry, _),) = list_audit(connection, AuditFilter(), 1)
    assert entry.detail == "?" + "y" * (DETAIL_LENGTH - 1)


def test_the_operator(connection: Connection) -> None:
    """What the command line does has its actor."""
    note_operator(connection, 5.0, "owner.add", owner_id=3, detail="Bob")
    ((entry, _),) = list_audit(connection, AuditFilter(), 1)
    assert (entry.time, entry.actor, entry.owner_id) == (5.0, "operator", 3)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("from Al. to bob", "from somebody to bob"),
        ("Al.: view, Al.", "somebody: view, somebody"),
        ("fromAl. Al.x Al%", "fromAl. Al.x Al%"),
        ("", ""),
    ],
)
def test_a_name_that_goes(connection: Connection, said: str, told: str) -> None:
    """It stands in no entry of others any more, what only begins like it stays."""
    note_operator(connection, 1.0, "x", owner_id=1, detail=said)
    forget_actor(connection, 99, "Al.")
    ((entry, _),) = list_audit(connection, AuditFilter(), 9)
    assert entry.detail == told


def test_what_comes_late(connection: Connection) -> None:
    """Entries that waited while their owner was removed name nobody; of others they stay whole.

    Neither does one about a later owner of the same name lose anything.
    """
    eve = queries.add_owner(connection, "eve", 1.0)
    al = queries.add_owner(connection, "al", 1.0)
    for name in ("eve", "al"):
        queries.remove_owner(connection, name, 5.0)
    again = queries.add_owner(connection, "al", 6.0)
    entries = [
        AuditEntry(4, "login.failed", "", eve.id, None, "eve?", "192.0.2.1"),
        AuditEntry(4, "command", "eve", 1, "CAR1", "lock", "192.0.2.1"),
        AuditEntry(4, "command", "al", al.id, "CAR1", "lock", "192.0.2.1"),
        AuditEntry(7, "command", "al", again.id, "CAR1", "lock", "192.0.2.1"),
        AuditEntry(7, "owner.remove", "operator", eve.id, None, "account 2"),
    ]
    add_audit(connection, entries)
    found = [(each.actor, each.detail, each.address)
             for each, _ in list_audit(connection, AuditFilter(), 9)]  # fmt: skip
    assert found[::-1] == [
        ("", "", ""),
        ("", "", ""),
        ("", "", ""),
        ("al", "lock", "192.0.2.1"),
        ("operator", "account 2", ""),
    ]
