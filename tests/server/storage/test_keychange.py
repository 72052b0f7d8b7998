from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, func, insert, select, update

from ovms.protocol.welcome import ProvisionRecord
from ovms.server.storage import queries, schema, subscriptions
from ovms.server.storage.database import Database
from ovms.server.storage.encrypted import EncryptedText, EncryptionKey
from ovms.server.storage.encryption import current_key_id, decrypt, encrypt
from ovms.server.storage.errors import (
    BadKeyFile,
    DamagedSecret,
    DatabaseUnwritable,
    InvalidValue,
    WrongKey,
)
from ovms.server.storage.keychange import change_key, reset_key
from ovms.server.storage.limits import SubscriptionLimits
from ovms.server.storage.moved import load_moved, moved_sources, save_moved
from ovms.server.storage.push_devices import list_devices, put_device
from ovms.server.storage.push_key import find_push_key, take_push_key
from ovms.server.storage.seen_tokens import find_key
from tests.server.storage.databases import execute, reopened, rows

TOKEN = "1234abcd" * 8
RECORD = ProvisionRecord("tttt", "dddd", "rrrr")


def fill(database: Database) -> None:
    """Put one of each secret into the test's database."""
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob")
        car = queries.get_vehicle(connection, "CAR1")
        queries.add_token(connection, bob, TOKEN, 5.0, "app", "", "v2")
        queries.add_provision(connection, "vin1", RECORD, 5.0, bob)
        values = ("mail", "", "bob@example.org", "car1", 5.0, (), SubscriptionLimits())
        subscriptions.put_subscription(connection, car, "app", *values)
        connection.exec_driver_sql("INSERT INTO server (id, started, heartbeat) VALUES (1, 1, 2)")
        find_key(connection, b"token key")
        take_push_key(connection, lambda: "push key")
        put_device(connection, bob.id, '{"endpoint": "https://push"}', "", 5.0)
        totp = encrypt(connection, ("owners", "totp", str(bob.id)), "JBSWY3DP")
        connection.execute(update(schema.owners).values(totp=totp))
        content = encrypt(connection, ("mail_codes", "content", "0102"), '{"email": "b@c.de"}')
        mail = insert(schema.mail_codes).values(
            digest=b"\x01\x02", purpose="mail", content=content, created=5.0, expires=9.0
        )
        connection.execute(mail)
        connection.execute(insert(schema.recovery_codes).values(owner_id=bob.id, digest=b"1"))
        save_moved(connection, "old/ovms", "vehicles", {"CAR1": {"secret": "pw"}})
        connection.execute(insert(schema.secret_uses).values(memory=b"1", plain=5.0))
        queries.add_vehicle(connection, "GONE", bob, "gone", 5.0)
        queries.remove_vehicle(connection, "GONE", 6.0)


def litter(database: Database) -> None:
    """Leave deleted secrets in free pages of the file, as many builds of SQLite do."""
    with database.writing() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete = OFF")
        bob = queries.get_owner(connection, "bob")
        for number in range(100):
            queries.add_vehicle(connection, f"OLD{number}", bob, "old", 5.0)
        connection.exec_driver_sql("DELETE FROM vehicles WHERE id LIKE 'OLD%'")


def known(database: Database) -> list[Any]:
    """Return each of them, as whoever looks for it finds it."""
    with database.reading() as connection:
        return [
            queries.get_vehicle(connection, "CAR1"),
            queries.get_vehicle(connection, "CAR2"),
            queries.find_token(connection, TOKEN),
            queries.find_provision(connection, "VIN1"),
            subscriptions.list_subscriptions(connection),
            queries.changed_since(connection, 0.0),
            connection.scalar(select(schema.server.c.token_key)) and find_key(connection, b""),
            find_push_key(connection),
            list_devices(connection, 1),
            load_moved(connection, "old/ovms", "vehicles"),
            *opened(connection, schema.owners.c.id, schema.owners.c.totp),
            *opened(connection, schema.mail_codes.c.digest, schema.mail_codes.c.content),
        ]


def opened(connection: Connection, name: Column[Any], column: Column[Any]) -> list[str]:
    """Return what stands in an encrypted column, whose rows are named by another one."""
    found = []
    for row, value in connection.execute(select(name, column)):
        word = row.hex() if isinstance(row, bytes) else str(row)
        found.append(decrypt(connection, (column.table.name, column.name, word), value))
    return found


def key_ids(connection: Connection) -> set[str]:
    """Return the ids of the keys under which anything stands."""
    columns = [
        column
        for table in schema.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, EncryptedText)
    ]
    assert len(columns) == 10
    values = [value for column in columns for value in connection.scalars(select(column))]
    return {value.key_id for value in values if value}


@pytest.fixture
def filled(database: Database) -> Database:
    """Return a database with one of each."""
    fill(database)
    return database


@pytest.fixture
def filled_file(file_database: Database) -> Database:
    """Return a SQLite file with one of each."""
    fill(file_database)
    return file_database


def test_change(filled: Database) -> None:
    """All is found as before, under the new key only; the file holds no other one."""
    before = known(filled)
    old, new = change_key(filled)
    assert old.id != new.id
    assert known(filled) == known(reopened(filled)) == before
    assert [key.id for key in filled.keys.file.read()] == [new.id]
    with filled.reading() as connection:
        assert key_ids(connection) == {current_key_id(connection)} == {new.id}


def test_nothing_is_left_under_the_old_key(filled_file: Database) -> None:
    """The files hold nothing of before, not even what was deleted or replaced."""
    litter(filled_file)
    folder = Path(filled_file.name).parent
    key_id = filled_file.keys.file.read()[0].id.encode()
    assert sum(key_id in file.read_bytes() for file in folder.glob("ovms.db*")) > 0
    old, _ = change_key(filled_file)
    for file in folder.iterdir():
        assert old.id.encode() not in file.read_bytes()
        assert old.bytes.hex().encode() not in file.read_bytes()


def test_change_of_nothing(database: Database) -> None:
    """A database without vehicles can have its key changed, too."""
    execute(database, "DELETE FROM vehicles")
    _, new = change_key(database, lambda count: b"7" * count)
    assert new.id == EncryptionKey(b"7" * 32).id
    database.upgrade()


def test_damaged_secret(filled: Database) -> None:
    """A secret that does not open stops the change; the old key holds on."""
    execute(filled, "UPDATE vehicles SET secret = substr(secret, 1, 40) WHERE id = 'CAR1'")
    old = filled.keys.file.read()[0]
    with pytest.raises(DamagedSecret, match="of CAR1"):
        change_key(filled)
    again = reopened(filled)
    again.upgrade()
    assert [key.id for key in again.keys.file.read()] == [old.id]
    with again.reading() as connection:
        assert key_ids(connection) == {old.id}
        assert queries.get_vehicle(connection, "CAR2").secret == "secret"


def test_file_cannot_be_written(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key file that cannot be written is one line, before anything is changed."""
    before = known(filled)

    def refuse(*_arguments: object) -> None:
        raise BadKeyFile("no")

    monkeypatch.setattr(filled.keys.file, "replace", refuse)
    with pytest.raises(BadKeyFile):
        change_key(filled)
    assert known(reopened(filled)) == before


def test_rewriting_fails(filled_file: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room to write the database anew the change is done; the next start tries again."""
    litter(filled_file)

    def refuse() -> None:
        raise DatabaseUnwritable("the disk is full")

    with monkeypatch.context() as full:
        full.setattr(filled_file, "rewrite", refuse)
        old, _ = change_key(filled_file)
        filled_file.upgrade()
    files = [*Path(filled_file.name).parent.iterdir()]
    assert any(old.id.encode() in file.read_bytes() for file in files)
    assert rows(filled_file, "SELECT is_clean FROM encryption") == [(0,)]
    filled_file.upgrade()
    assert rows(filled_file, "SELECT is_clean FROM encryption") == [(1,)]
    assert not any(old.id.encode() in file.read_bytes() for file in files if file.exists())


KILLED = """
import os, signal, shutil, sys
from pathlib import Path
from ovms.server.storage import keychange, keyfile
from ovms.server.storage.database import Database
from ovms.server.storage.opening import open_database
from ovms.server.storage.sqlite import connections
from tests.server.storage.test_keychange import known
import alembic.command

source, work, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
step = 0

def counted(real):
    def call(*arguments, **options):
        count()
        return real(*arguments, **options)
    return call

def count(_sql=None):
    global step
    step += 1
    if step == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

def connect(*arguments, real=connections.connect):
    connection = real(*arguments)
    connection.set_trace_callback(count)
    return connection

def work_on(database):
    database.upgrade()
    if what == "change":
        keychange.change_key(database)

def forked(run):
    child = os.fork()
    if child == 0:
        try:
            run()
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]

def attempt():
    connections.connect = connect
    for name in ("fsync", "link", "unlink", "replace"):
        setattr(os, name, counted(getattr(os, name)))
    work_on(open_database(work))

def check():
    database = open_database(work)
    database.upgrade()
    assert repr(known(database)) == expected, (fatal, known(database))
    assert [each.secret for each in known(database)[:2]] == ["secret", "secret"]
    assert len(database.keys.file.read()) == 1
    plain = [b"1234abcd" * 8, b"bob@example.org", b"tttt", b"rrrr", b"JBSWY3DP", b"b@c.de"]
    for file in work.iterdir():
        data = file.read_bytes()
        assert not any(each in data for each in plain), (fatal, file)

shutil.copytree(source, work)
done = open_database(work)
done.upgrade()
expected = repr(known(done))
fatal = 0
while True:
    fatal += int(sys.argv[4])
    shutil.rmtree(work)
    shutil.copytree(source, work)
    status = forked(attempt)
    assert os.WIFSIGNALED(status) or status == 0, fatal
    assert forked(check) == 0, fatal
    if status == 0:
        break
print(fatal)
"""


def kill_at_each_step(source: Path, work: Path, what: str, stride: int) -> int:
    """Kill a process at each statement and file operation of its work; all must be well after it.

    Returns how many there were. A ``stride`` leaves some out.
    """
    arguments = [str(source), str(work), what, str(stride)]
    command = [sys.executable, "-c", KILLED, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_killed_at_any_moment(filled_file: Database, tmp_path: Path) -> None:
    """A change that is killed at any statement leaves a database that opens with its key file."""
    assert (
        kill_at_each_step(tmp_path, tmp_path.with_name(tmp_path.name + "-work"), "change", 2) > 40
    )


def test_reset(filled: Database) -> None:
    """Without the key vehicles get new secrets, what cannot be read is gone, the rest is there."""
    filled.keys.file.path.unlink()
    lost = reopened(filled)
    lost.upgrade_schema()
    made = iter(("one", "two"))
    with lost.writing() as connection:
        reset_key(connection, 9.0, lambda: next(made))
    lost.upgrade()
    with lost.writing() as connection:
        cars = [queries.get_vehicle(connection, name) for name in ("CAR1", "CAR2")]
        assert [(car.secret, car.changed, car.created) for car in cars] == [
            ("one", 9.0, 1.0), ("two", 9.0, 1.0),
        ]  # fmt: skip
        assert queries.list_tokens(connection) == []
        assert queries.list_provisions(connection) == []
        assert moved_sources(connection) == []
        assert subscriptions.list_subscriptions(connection) == []
        assert opened(connection, schema.owners.c.id, schema.owners.c.totp) == [""]
        for table in (schema.mail_codes, schema.recovery_codes):
            assert connection.execute(select(table)).all() == []
        assert queries.get_owner(connection, "bob").changed == 9.0
        assert connection.scalar(select(func.count()).select_from(schema.secret_uses)) == 0
        assert find_key(connection, b"new") == b"new"
        assert connection.scalar(select(func.count()).select_from(schema.vehicles)) == 3


def test_reset_with_another_key(filled: Database) -> None:
    """A good key that is there is used, and not replaced."""
    other = EncryptionKey(b"1" * 32)
    filled.keys.file.replace([other])
    lost = reopened(filled)
    with lost.writing() as connection:
        reset_key(connection, 9.0, lambda: "pw")
        assert current_key_id(connection) == other.id
        assert queries.get_vehicle(connection, "CAR1").secret == "pw"


@pytest.mark.parametrize("spoil", [lambda path: None, lambda path: path.write_text("spoilt")])
def test_no_reset(filled: Database, spoil: Callable[[Path], object]) -> None:
    """A key that is there, or may be mended, is no reason to void anything."""
    spoil(filled.keys.file.path)
    again = reopened(filled)
    with again.writing() as connection, pytest.raises((InvalidValue, BadKeyFile)) as caught:
        reset_key(connection, 9.0, lambda: "pw")
    assert not isinstance(caught.value, WrongKey)
    assert rows(filled, "SELECT count(*) FROM tokens") == [(1,)]
