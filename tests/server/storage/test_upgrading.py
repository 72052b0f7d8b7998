from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Connection, Engine, Integer, event, inspect, text
from sqlalchemy.exc import IntegrityError

from ovms.protocol.welcome import ProvisionRecord
from ovms.server.storage import queries, schema, subscriptions
from ovms.server.storage.database import Database
from ovms.server.storage.encryption import current_key
from ovms.server.storage.errors import (
    AlreadyExists,
    BadKeyFile,
    DatabaseInUse,
    DatabaseUnwritable,
    NewerSchema,
    NotADatabase,
)
from ovms.server.storage.opening import open_database
from ovms.server.storage.seen_tokens import find_key
from ovms.server.storage.upgrading import revision
from tests.server.storage.databases import close, empty_database, execute, rows, worded
from tests.server.storage.test_keychange import kill_at_each_step


@pytest.fixture(params=["sqlite", "postgres"])
def empty(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Make a database without a table; its key is in ``tmp_path``."""
    with empty_database(tmp_path, request.param) as database:
        yield database


def _empty(folder: Path) -> Database:
    """Return a SQLite file without a table."""
    (folder / "ovms.db").touch()
    return open_database(folder)


def _insert(connection: Connection, *statements: str) -> None:
    """Insert rows of an older version; ids that they give were given by the database."""
    for statement in statements:
        connection.exec_driver_sql(worded(connection, statement))
    if connection.dialect.name == "postgresql":
        for table in ("owners", "history", "outbox", "tokens"):
            if inspect(connection).has_table(table):
                connection.execute(text(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "  # noqa: S608 (ours)
                    f"(SELECT greatest(1, max(id)) FROM {table}))"
                ))  # fmt: skip


def test_migrations_equal_schema(database: Database) -> None:
    """The migrated database has exactly the tables that the code describes."""
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        assert revision(connection, database.name) == schema.REVISION


def test_revision_is_head() -> None:
    """The constant that spares every start Alembic's import is the newest migration."""
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISION


def test_upgrade_from_first(empty: Database) -> None:
    """A database of the first version is upgraded with what it holds."""
    database = empty
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        _insert(
            connection,
            "INSERT INTO owners (name, name_key, admin, created, changed) "
            "VALUES ('bob', 'bob', FALSE, 1, 1)",
            "INSERT INTO vehicles (id, owner_id, secret, type, created, changed) "
            "VALUES ('CAR1', 1, 'pw', 'car', 1, 1)",
            "INSERT INTO messages VALUES ('CAR1', 'S', x'3830', 2.0, '')",
        )
    database.upgrade()
    with database.reading() as connection:
        assert revision(connection, database.name) == schema.REVISION
        loaded = queries.load_vehicle(connection, "CAR1")
        assert loaded is not None
        assert (loaded[0].owner, loaded[0].log_days, loaded[1][0].data) == ("bob", None, b"80")
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_upgrade_from_third(empty: Database) -> None:
    """A database without accounts is upgraded with what it holds, and goes on."""
    database = empty
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        _insert(
            connection,
            "INSERT INTO owners VALUES (7, 'Bob', 'bob', 'b@x', 'hash', TRUE, 1, 2)",
            "INSERT INTO vehicles VALUES ('CAR1', 7, 'One', 'pw', 'car', 'et', 1, 2, NULL, 3, 0)",
            "INSERT INTO vehicles VALUES ('GONE', NULL, '', '', 'car', '', 1, 2, 2, NULL, NULL)",
            "INSERT INTO notifications VALUES "
            "('CAR1', 'app', 7, 'gcm', '', 'key', 'car1', 1, 1, NULL, 0)",
            "INSERT INTO outbox VALUES (5, 'CAR1', 'app', 'A', 'text', 1, 1, 0)",
        )
    database.upgrade()
    with database.writing() as connection:
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


def test_upgrade_from_fourth(empty: Database) -> None:
    """The history of the version before this one stays as it is, its records without a code."""
    database = empty
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        _insert(
            connection,
            "INSERT INTO vehicles (id, secret, type, created, changed, owner_id, deleted) "
            "VALUES ('CAR1', 'pw', 'car', 1, 1, NULL, 2)",
            "INSERT INTO history VALUES (7, 'CAR1', 'T', 1, 5000, 90000, x'78')",
            "INSERT INTO history_acks VALUES ('CAR1', 'T', 1, 3, x'00', 5000)",
            "INSERT INTO history_counts VALUES ('CAR1', 'T', 1, 1, 26)",
        )
    database.upgrade()
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        row = connection.execute(text("SELECT * FROM history")).one()
        assert tuple(row) == (7, "CAR1", "T", 1, 5000, 90000, b"x", None)
        assert queries.history_page(connection, "CAR1", "T", None, None, 7, 9)[0].data == b"x"
        assert connection.scalar(text("SELECT count(*) FROM history_acks")) == 1


def test_upgrade_from_fifth(empty: Database) -> None:
    """Vehicles of the version before this one may be called plain; nothing is known of secrets."""
    database = empty
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        _insert(
            connection,
            "INSERT INTO owners VALUES (7, 'Bob', 'bob', 'b@x', 'hash', TRUE, 1, 2)",
            "INSERT INTO vehicles (id, owner_id, secret, type, created, changed) "
            "VALUES ('CAR1', 7, 'pw', 'car', 1, 1)",
            "INSERT INTO server VALUES (1, 1, 2)",
        )
    database.upgrade()
    with database.writing() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        query = text("SELECT id, started, heartbeat, token_key FROM server")
        assert tuple(connection.execute(query).one()) == (1, 1, 2, None)
        assert not connection.scalar(text("SELECT tls_only FROM vehicles"))
        assert queries.get_vehicle(connection, "CAR1").secret == "pw"


TOKEN = "1234abcd" * 8


def _plain(database: Database) -> Database:
    """Fill a database of the version before encryption: one of each secret, some deleted."""
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    with database.writing() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = OFF")
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        vehicle = ("INSERT INTO vehicles (id, owner_id, secret, type, created, changed, deleted)"
                   " VALUES ('{}', {}, '{}', 'car', 1, 1, {})")  # fmt: skip
        old = [vehicle.format(f"OLD{number}", 1, "plain secret", "NULL") for number in range(200)]
        _insert(
            connection,
            "INSERT INTO owners VALUES (1, 'bob', 'bob', '', NULL, FALSE, 1, 1)",
            vehicle.format("CAR1", 1, "secret", "NULL"),
            vehicle.format("CAR2", 1, "secret", "NULL"),
            vehicle.format("GONE", "NULL", "", 2),
            "INSERT INTO notifications VALUES"
            " ('CAR1', 'app', 1, 'mail', '', 'bob@example.org', 'car1', 1, 1, NULL, 0)",
            "INSERT INTO outbox VALUES (5, 'CAR1', 'app', 'A', 'text', 1, 1, 0)",
            "INSERT INTO tokens VALUES (7, 1, 'TOKEN', 'app', 'phone', 'v2', 1, 1, NULL)".replace(
                "TOKEN", TOKEN
            ),
            "INSERT INTO tokens VALUES (9, 1, 'removed', '', '', '*', 1, 1, NULL)",
            "DELETE FROM tokens WHERE id = 9",
            "INSERT INTO provisions VALUES ('VIN1', 'tttt', 'dddd', 'rrrr', 1, 1, 1, 5)",
            "INSERT INTO server VALUES (1, 1, 2, x'746f6b656e206b6579')",
            "INSERT INTO seen_tokens VALUES (x'01', 0, 0, x'02')",
            *old,
            "DELETE FROM vehicles WHERE id LIKE 'OLD%'",
        )
    return database


def test_upgrade_from_sixth(tmp_path: Path) -> None:
    """What was plain is encrypted, is found as before, and is not left in any file."""
    database = _plain(_empty(tmp_path))
    content = (tmp_path / "ovms.db").read_bytes()
    assert all(plain in content for plain in (b"plain secret", TOKEN.encode(), b"token key"))
    database.upgrade()
    with database.writing() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        bob = queries.get_owner(connection, "bob")
        assert queries.get_vehicle(connection, "CAR1").secret == "secret"
        token = queries.find_token(connection, TOKEN)
        assert token is not None
        assert (token.id, token.token, token.purpose) == (7, TOKEN, "phone")
        assert queries.add_token(connection, bob, "f" * 64, 3.0, "", "", "*").id == 10
        provision = queries.get_provision(connection, "vin1")
        assert (provision.key, provision.owner, provision.last_used) == ("VIN1", "bob", 5.0)
        assert provision.record == ProvisionRecord("tttt", "dddd", "rrrr")
        (subscribed,) = subscriptions.list_subscriptions(connection)
        assert (subscribed.key, subscribed.vehicle_name) == ("bob@example.org", "car1")
        assert connection.scalar(text("SELECT count(*) FROM outbox")) == 1
        assert connection.scalar(text("SELECT count(*) FROM seen_tokens")) == 1
        assert find_key(connection, b"") == b"token key"
        with pytest.raises(AlreadyExists):
            queries.add_token(connection, bob, TOKEN, 3.0, "", "", "*")
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        for plain in (
            "plain secret",
            "token key",
            TOKEN,
            "VIN1",
            "tttt",
            "rrrr",
            "bob@example.org",
        ):
            assert plain.encode() not in content


NFC, NFD = "J\xd6RG", "JO\u0308RG"


def test_upgrade_from_seventh(empty: Database) -> None:
    """Names and ids are composed, with all that belongs to them; two that become one stay."""
    database = empty
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        owner = "INSERT INTO owners VALUES ({}, '{}', '{}', '', NULL, FALSE, 1, 1)"
        vehicle = ("INSERT INTO vehicles (id, owner_id, secret, type, created, changed)"
                   " VALUES ('{}', 1, '{}', 'car', 1, 1)")  # fmt: skip
        notified = ("INSERT INTO notifications VALUES ('{}', 'app', 1, 'mail', '', '{}', 'x', 1, 1,"
                    " NULL, 0)")  # fmt: skip
        key = current_key(connection)
        _insert(
            connection,
            owner.format(1, NFD, NFD.casefold()),
            owner.format(2, "e\u0301", "e\u0301"),
            owner.format(3, "\xe9", "\xe9"),
            vehicle.format(NFD, key.encrypt(("vehicles", "secret", NFD), "pw")),
            vehicle.format("CAR1", key.encrypt(("vehicles", "secret", "CAR1"), "pw1")),
            notified.format(NFD, key.encrypt(("notifications", "key", NFD, "app"), "b@x")),
            "INSERT INTO outbox VALUES (5, '{}', 'app', 'A', 'text', 1, 1, 0)".replace("{}", NFD),
            "INSERT INTO messages VALUES ('{}', 'S', x'3830', 2.0, '')".replace("{}", NFD),
        )
    database.upgrade()
    with database.writing() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        assert [each.name for each, _ in queries.list_owners(connection)][1:] == [NFC, "\xe9"]
        loaded = queries.load_vehicle(connection, NFD.lower())
        assert loaded is not None
        assert (loaded[0].id, loaded[0].secret, loaded[1][0].data) == (NFC, "pw", b"80")
        assert queries.get_vehicle(connection, "CAR1").secret == "pw1"
        (subscribed,) = subscriptions.list_subscriptions(connection)
        assert (subscribed.vehicle_id, subscribed.key) == (NFC, "b@x")
        assert connection.scalar(text("SELECT vehicle_id FROM outbox")) == NFC


def test_upgrade_killed_at_any_moment(tmp_path: Path) -> None:
    """An upgrade that is killed at any statement is finished by the next, and leaves nothing."""
    _plain(_empty(tmp_path))
    assert (
        kill_at_each_step(tmp_path, tmp_path.with_name(tmp_path.name + "-work"), "upgrade", 3) > 40
    )


class CrashError(Exception):
    """Comes at a statement."""


def test_a_crash_at_any_statement(empty: Database) -> None:
    """An upgrade that fails, wherever it does, leaves all as it was; the next one does it all."""
    database = _plain(empty)
    secrets = "SELECT id, secret FROM vehicles ORDER BY id"
    before = rows(database, secrets)
    left = 0

    def crash(*_arguments: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise CrashError

    fatal = 1
    event.listen(Engine, "before_cursor_execute", crash)
    try:
        while True:
            left = fatal
            try:
                database.upgrade()
                break
            except CrashError:
                left = 0
                with database.reading() as connection:
                    found = revision(connection, database.name)
                if found == "0006":
                    assert rows(database, secrets) == before
                    fatal += 13
                else:  # only what is clean in the files is still to be told
                    assert found == schema.REVISION
                    fatal += 1
    finally:
        event.remove(Engine, "before_cursor_execute", crash)
    assert fatal > 100
    with database.reading() as connection:
        assert queries.get_vehicle(connection, "CAR1").secret == "secret"
        assert find_key(connection, b"") == b"token key"


def test_upgrade_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without room for the key file leaves the database as it was; later it is upgraded."""
    database = _plain(_empty(tmp_path))

    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        with pytest.raises(BadKeyFile, match="No space left"):
            database.upgrade()
    assert not (tmp_path / "secrets.key").exists()
    assert rows(database, "SELECT secret FROM vehicles WHERE id = 'CAR1'") == [("secret",)]
    database.upgrade()


@pytest.mark.parametrize("direction", ["", "both", None])
def test_peers_have_a_direction(database: Database, direction: str | None) -> None:
    """Another server is one that we call or that calls us; it may be both, in two rows."""
    insert = text("INSERT INTO peers (id, direction, connected) VALUES ('P', :direction, FALSE)")
    with database.writing() as connection:
        for known in ("calls", "called"):
            connection.execute(insert, {"direction": known})
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(insert, {"direction": direction})
        row = connection.execute(text("SELECT * FROM peers WHERE direction = 'calls'")).one()
    assert tuple(row) == ("P", "calls", "", False, None, None, "", "", 0, 0, "")


def test_upgrade_twice(database: Database) -> None:
    """A database of this version is left alone."""
    database.upgrade()


UPGRADE = """
import sys
from pathlib import Path
from ovms.server.storage.opening import open_database
database = open_database(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read(1)
database.upgrade()
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


def test_not_beneath_a_server(tmp_path: Path) -> None:
    """A command changes no older schema while a server runs on it; that server itself may."""
    database, server = _empty(tmp_path), open_database(tmp_path)
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
    server.hold()
    try:
        with pytest.raises(DatabaseInUse, match="of an older version: restart the server first"):
            database.upgrade()
        assert not (tmp_path / "secrets.key").exists()
        with database.reading() as connection:
            assert revision(connection, database.name) == "0005"
        server.upgrade()
        database.upgrade()
    finally:
        close(server)


def test_newer_schema(database: Database) -> None:
    """A database of a newer version is refused, not touched."""
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerSchema, match="newer version of ovms"):
        database.upgrade()


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM alembic_version", "UPDATE alembic_version SET version_num = '0000'",
     "UPDATE alembic_version SET version_num = ''"],
)  # fmt: skip
def test_no_version_that_there_was(database: Database, change: str) -> None:
    """Tables without a version, or with one that never was, are refused in one line."""
    execute(database, change)
    for refused in (database.upgrade, database.check):
        with pytest.raises(NotADatabase, match="no version that ovms knows") as caught:
            refused()
        assert "\n" not in str(caught.value)


def test_nothing_but_an_empty_version(empty: Database) -> None:
    """A file with the table of versions alone is as good as an empty one."""
    database = empty
    execute(database, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    database.upgrade()
    with database.reading() as connection:
        assert revision(connection, database.name) == schema.REVISION


def test_other_program(empty: Database) -> None:
    """Tables are not put into another program's database."""
    database = empty
    execute(database, "CREATE TABLE theirs (x INTEGER)")
    with pytest.raises(NotADatabase, match="another program"):
        database.upgrade()


def test_not_a_database(tmp_path: Path) -> None:
    """A file that is something else is named as such."""
    (tmp_path / "ovms.db").write_bytes(b"hello, I am a text file\n" * 100)
    with pytest.raises(NotADatabase, match="not a database"):
        open_database(tmp_path).upgrade()


def test_no_directory(tmp_path: Path) -> None:
    """A directory that is not there is a clear error, and is not made here."""
    with pytest.raises(DatabaseUnwritable, match="No such file"):
        open_database(tmp_path / "none").upgrade()


def test_wide_columns() -> None:
    """Whatever counts, grows or comes from outside has 64 bits; the rest is known to be small."""
    narrow = {
        f"{table}.{column.name}"
        for table in schema.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Integer) and not isinstance(column.type, BigInteger)
    }
    assert narrow == {"server.id", "vehicles.log_days", "vehicles.log_position_days"}


def test_migrations_make_wide_columns() -> None:
    """The steps make the same columns wide, on a database that has two widths."""
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    sql = StringIO()
    options = {"as_sql": True, "output_buffer": sql}
    with Operations.context(MigrationContext.configure(dialect_name="postgresql", opts=options)):
        for step in reversed([*ScriptDirectory.from_config(config).walk_revisions()]):
            step.module.upgrade()
    narrow = re.findall(r"(\w+) (?:INTEGER|SERIAL)\b", sql.getvalue())
    assert narrow == ["id", "log_days", "log_position_days"]
    columns = (column for table in schema.metadata.sorted_tables for column in table.columns)
    wide = sum(isinstance(column.type, BigInteger) for column in columns)
    assert len(re.findall(r"\w\"? (?:BIGINT|BIGSERIAL)\b", sql.getvalue())) == wide
