from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from ovms.server.storage import queries, schema
from ovms.server.storage.database import (
    connect,
    database_path,
    database_url,
    reader_engine,
    reading,
    revision,
    sync_engine,
    upgrade,
    writing,
)
from ovms.server.storage.errors import (
    DatabaseLocked,
    DatabaseUnwritable,
    NewerSchema,
    NotADatabase,
    UnsupportedDatabase,
    translated,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine import URL


def test_default_url(tmp_path: Path) -> None:
    """Without a URL the database is in the data directory, however that is spelt."""
    odd = tmp_path / "a b?c#d%20"
    assert database_path(database_url(odd)) == odd / "ovms.db"
    assert database_path(database_url(odd, "")) == odd / "ovms.db"


def test_given_url() -> None:
    """A SQLite URL names its file."""
    assert database_path(database_url(Path("d"), "sqlite:////x/y.db")) == Path("/x/y.db")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://host/db", "not supported yet"),
        ("postgresql+asyncpg://host/db", "not supported yet"),
        ("mysql://host/db", "'mysql'"),
        ("sqlite://", "by its file"),
        ("sqlite:///:memory:", "by its file"),
        ("sqlite:///x?mode=ro", "by its file"),
        ("no url", "cannot be read"),
    ],
)
def test_unsupported_url(url: str, reason: str) -> None:
    """Other databases are refused by name, without the URL's password."""
    with pytest.raises(UnsupportedDatabase, match=reason):
        database_url(Path(), url)


def test_migrations_equal_schema(engine: Engine) -> None:
    """The migrated database has exactly the tables that the code describes."""
    with reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        assert revision(connection) == schema.REVISION


def test_revision_is_head() -> None:
    """The constant that spares every start Alembic's import is the newest migration."""
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISION


def test_upgrade_from_first(url: URL) -> None:
    """A database of the first version is upgraded with what it holds."""
    engine = sync_engine(url)
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text("INSERT INTO owners (name, name_key, admin, created, changed) "
                 "VALUES ('bob', 'bob', 0, 1, 1)")
        )  # fmt: skip
        connection.execute(
            text("INSERT INTO vehicles (id, owner_id, secret, type, created, changed) "
                 "VALUES ('CAR1', 1, 'pw', 'car', 1, 1)")
        )  # fmt: skip
        connection.execute(text("INSERT INTO messages VALUES ('CAR1', 'S', x'3830', 2.0, '')"))
    upgrade(engine)
    with reading(engine) as connection:
        assert revision(connection) == schema.REVISION
        loaded = queries.load_vehicle(connection, "CAR1")
        assert loaded is not None
        assert (loaded[0].owner, loaded[0].log_days, loaded[1][0].data) == ("bob", None, b"80")
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_upgrade_from_third(url: URL) -> None:
    """A database without accounts is upgraded with what it holds, and goes on."""
    engine = sync_engine(url)
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for statement in (
            "INSERT INTO owners VALUES (7, 'Bob', 'bob', 'b@x', 'hash', 1, 1, 2)",
            "INSERT INTO vehicles VALUES ('CAR1', 7, 'One', 'pw', 'car', 'et', 1, 2, NULL, 3, 0)",
            "INSERT INTO vehicles VALUES ('GONE', NULL, '', '', 'car', '', 1, 2, 2, NULL, NULL)",
            "INSERT INTO notifications VALUES "
            "('CAR1', 'app', 7, 'gcm', '', 'key', 'car1', 1, 1, NULL, 0)",
            "INSERT INTO outbox VALUES (5, 'CAR1', 'app', 'A', 'text', 1, 1, 0)",
        ):
            connection.execute(text(statement))
    upgrade(engine)
    with writing(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        bob = queries.get_owner(connection, "bob")
        assert (bob.id, bob.password_hash, bob.changed) == (7, "hash", 2.0)
        car = queries.get_vehicle(connection, "CAR1")
        assert (car.server, car.secret, car.paranoid_token, car.log_days) == ("*", "pw", "et", 3)
        assert len(queries.changed_since(connection, 2.0)) == 2
        assert connection.scalar(text("SELECT count(*) FROM outbox")) == 1
        queries.add_token(connection, bob, "a" * 64, 3.0, "", "", "*")
        queries.set_server(connection, "car1", "eu", 3.0)
        queries.remove_owner(connection, "bob", 4.0, with_vehicles=True)
        assert queries.add_owner(connection, "bob", 5.0).id == 8


def test_upgrade_from_fourth(url: URL) -> None:
    """The history of the version before this one stays as it is, its records without a code."""
    engine = sync_engine(url)
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for statement in (
            "INSERT INTO vehicles (id, secret, type, created, changed, owner_id, deleted) "
            "VALUES ('CAR1', 'pw', 'car', 1, 1, NULL, 2)",
            "INSERT INTO history VALUES (7, 'CAR1', 'T', 1, 5000, 90000, x'78')",
            "INSERT INTO history_acks VALUES ('CAR1', 'T', 1, 3, x'00', 5000)",
            "INSERT INTO history_counts VALUES ('CAR1', 'T', 1, 1, 26)",
        ):
            connection.execute(text(statement))
    upgrade(engine)
    with reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        row = connection.execute(text("SELECT * FROM history")).one()
        assert tuple(row) == (7, "CAR1", "T", 1, 5000, 90000, b"x", None)
        assert queries.history_page(connection, "CAR1", "T", None, None, 7, 9)[0].data == b"x"
        assert connection.scalar(text("SELECT count(*) FROM history_acks")) == 1


@pytest.mark.parametrize("direction", ["", "both", None])
def test_peers_have_a_direction(engine: Engine, direction: str | None) -> None:
    """Another server is one that we call or that calls us; it may be both, in two rows."""
    insert = text("INSERT INTO peers (id, direction, connected) VALUES ('P', :direction, 0)")
    with writing(engine) as connection:
        for known in ("calls", "called"):
            connection.execute(insert, {"direction": known})
        with pytest.raises(IntegrityError):
            connection.execute(insert, {"direction": direction})
        row = connection.execute(text("SELECT * FROM peers WHERE direction = 'calls'")).one()
    assert tuple(row) == ("P", "calls", "", 0, None, None, "", "", 0, 0, "")


def test_upgrade_twice(engine: Engine) -> None:
    """A database of this version is left alone."""
    upgrade(engine)


def test_file_is_private(engine: Engine) -> None:
    """Nobody else can read the database or its log."""
    path = Path(engine.url.database or "")
    with reading(engine) as connection:
        connection.execute(text("SELECT * FROM owners"))
        for name in (path, Path(f"{path}-wal")):
            assert stat.S_IMODE(name.stat().st_mode) == 0o600


def test_pragmas(engine: Engine) -> None:
    """Commits are synced, logged ahead, and foreign keys hold."""
    with reading(engine) as connection:
        found = [
            connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert found == ["wal", 2, 1, 10_000]


def test_reader_engine(engine: Engine) -> None:
    """The server's engine reads the same database under the same pragmas, on one connection."""
    reader = reader_engine(engine.url)
    with reading(reader) as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    assert "Connections in pool: 1" in reader.pool.status()
    reader.dispose()


UPGRADE = """
import sys
from pathlib import Path
from ovms.server.storage.database import database_url, sync_engine, upgrade
engine = sync_engine(database_url(Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.read(1)
upgrade(engine)
"""


def test_two_processes_start_together(tmp_path: Path) -> None:
    """Processes that find no database at the same moment make one between them."""
    command = [sys.executable, "-c", UPGRADE, str(tmp_path)]
    pipe = subprocess.PIPE
    with ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
            for _ in range(2)
        ]
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        assert [process.wait(30) for process in processes] == [0, 0]


def test_newer_schema(engine: Engine) -> None:
    """A database of a newer version is refused, not touched."""
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerSchema, match="newer version of ovms"):
        upgrade(engine)


def test_other_program(url: URL) -> None:
    """Tables are not put into another program's database."""
    other = sqlite3.connect(database_path(url))
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(NotADatabase, match="another program"):
        upgrade(sync_engine(url))


def test_not_a_database(url: URL) -> None:
    """A file that is something else is named as such."""
    database_path(url).write_bytes(b"hello, I am a text file\n" * 100)
    with pytest.raises(NotADatabase, match="not a database"):
        upgrade(sync_engine(url))


def test_no_directory(tmp_path: Path) -> None:
    """A directory that is not there is a clear error, and is not made here."""
    with pytest.raises(DatabaseUnwritable, match="No such file"):
        sync_engine(database_url(tmp_path / "none"))


def test_locked(engine: Engine) -> None:
    """A lock that outlasts the time-out is named as such."""
    path = database_path(engine.url)
    with writing(engine):
        other = connect(path, busy_timeout=0.0)
        with pytest.raises(DatabaseLocked), translated(str(path)):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_connect_makes_no_file(tmp_path: Path) -> None:
    """The writer's connection does not make an empty database where one is missing."""
    with pytest.raises(sqlite3.OperationalError):
        connect(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_writing_rolls_back(engine: Engine) -> None:
    """An exception leaves nothing behind."""

    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(text("DELETE FROM vehicles"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM vehicles")) == 2
