from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text, update

from ovms.server.storage.errors import DatabaseError, DatabaseInUse, DatabaseLocked
from ovms.server.storage.postgres import connections
from ovms.server.storage.postgres.connections import (
    BlockingConnection,
    PostgresEngine,
    WriterLink,
    check_unheld,
    connect,
    without_nul,
    write_lock,
)
from ovms.server.storage.schema import vehicles
from tests.server.storage.databases import execute

if TYPE_CHECKING:
    from ovms.server.storage.database import Database
    from ovms.server.storage.postgres.address import PostgresAddress


def test_one_who_writes(
    database: Database, address: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one waits for the first, and gives up with a clear error; who reads never waits."""
    monkeypatch.setattr(connections, "LOCK_TIMEOUT", 0.05)
    with closing(PostgresEngine(address, database.keys)) as engine:
        with engine.writing() as first:
            first.execute(text("UPDATE vehicles SET name = 'new' WHERE id = 'CAR1'"))
            with pytest.raises(DatabaseLocked), engine.writing():
                pass
            with engine.reading() as reader:
                assert reader.scalar(text("SELECT name FROM vehicles WHERE id = 'CAR1'")) == ""
        with engine.writing() as second:
            assert second.scalar(text("SELECT name FROM vehicles WHERE id = 'CAR1'")) == "new"


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_waits_for_the_other(database: Database, address: PostgresAddress, isolation: str) -> None:
    """What was read under the lock is still true when it is written, whatever the default is."""
    execute(database, f"ALTER ROLE CURRENT_USER SET default_transaction_isolation = '{isolation}'")
    began, go_on = Event(), Event()

    def add(engine: PostgresEngine, wait: bool) -> None:
        with engine.writing() as connection:
            found = connection.scalar(select(vehicles.c.created).where(vehicles.c.id == "CAR1"))
            assert found is not None
            if wait:
                began.set()
                assert go_on.wait(60)
            connection.execute(update(vehicles).values(created=found + 1))

    with closing(PostgresEngine(address, database.keys)) as engine, ThreadPoolExecutor(2) as pool:
        first = pool.submit(add, engine, True)
        assert began.wait(60)
        second = pool.submit(add, engine, False)
        go_on.set()
        first.result()
        second.result()
        with engine.reading() as connection:
            assert connection.scalar(text("SELECT created FROM vehicles WHERE id = 'CAR1'")) == 3.0
    execute(database, "ALTER ROLE CURRENT_USER RESET default_transaction_isolation")


def test_one_moment(database: Database, address: PostgresAddress) -> None:
    """A reading sees nothing of what is committed meanwhile, and cannot write."""
    with closing(PostgresEngine(address, database.keys)) as engine:
        with engine.reading() as reader:
            count = text("SELECT count(*) FROM vehicles")
            before = reader.scalar(count)
            with engine.writing() as writer:
                writer.execute(text("DELETE FROM vehicles"))
            assert reader.scalar(count) == before == 2
        with pytest.raises(DatabaseError, match="read-only"), engine.reading() as reader:
            reader.execute(text("DELETE FROM owners"))


@pytest.mark.parametrize(("own", "ours"), [("off", "on"), ("on", "on"), ("local", "local")])
def test_commits_are_on_disk(address: PostgresAddress, own: str, ours: str) -> None:
    """A server that is set to lose commits does not lose ours; a stricter one stays as it is."""
    with closing(BlockingConnection(address)) as connection:
        connection.execute(f"SET synchronous_commit = {own}")
        connection.execute(f"BEGIN; {write_lock(1.0)}")
        ((found,),) = connection.fetch("SHOW synchronous_commit")
        connection.execute("ROLLBACK")
    assert found == ours


def test_values(address: PostgresAddress) -> None:
    """Sums of whole numbers are whole, fractions are floats, and NUL has its sign."""
    with connect(address) as connection:
        row = connection.execute(
            "SELECT sum(x), avg(x), -sum(x), %s::text, %b::text FROM (VALUES (1::bigint), (2)) "
            "AS v(x)", ("a\0b", "c\0d"),
        ).fetchone()  # fmt: skip
    assert row == (3, 1.5, -3, "a\u2400b", "c\u2400d")
    assert [type(each) for each in row[:3]] == [int, float, int]
    assert without_nul("plain") == "plain"


def test_a_server_holds_the_database(address: PostgresAddress) -> None:
    """Another server finds it held, until the first one's connection is closed."""
    check_unheld(address)
    with closing(WriterLink(address)) as first:
        first.is_held = True
        with first.opened():
            pass
        with pytest.raises(DatabaseInUse, match="another ovms server is running"):
            check_unheld(address)
        second = WriterLink(address)
        second.is_held = True
        with pytest.raises(DatabaseInUse), second.opened():
            pass
    check_unheld(address)


def test_opened_again(address: PostgresAddress) -> None:
    """After an error the next use has a new connection, and holds the database again."""
    with closing(WriterLink(address)) as link:
        link.is_held = True
        with pytest.raises(DatabaseError, match="failed"), link.opened() as connection:
            connection.fetch("SELECT 1 FROM nothing")
        with link.opened() as again:
            assert again is not connection
        with pytest.raises(DatabaseInUse):
            check_unheld(address)


def test_connection_that_the_server_ended(database: Database, address: PostgresAddress) -> None:
    """A kept connection that is broken is made anew before it is used."""
    with closing(PostgresEngine(address, database.keys)) as engine:
        with engine.reading() as connection:
            process = connection.scalar(text("SELECT pg_backend_pid()"))
        with connect(address) as other:
            other.execute(f"SELECT pg_terminate_backend({process}, 60000)".encode())
        with engine.reading() as connection:
            assert connection.scalar(text("SELECT pg_backend_pid()")) != process
