from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.encrypted import NOTHING, Encrypted, EncryptionKey
from ovms.server.storage.encryption import (
    Keys,
    current_key,
    current_key_id,
    decrypt,
    encrypt,
    lookup,
)
from ovms.server.storage.errors import BadKeyFile, DamagedSecret, NotADatabase, WrongKey
from ovms.server.storage.keychange import change_key
from ovms.server.storage.keyfile import KeyFile
from ovms.server.storage.opening import open_database
from tests.server.storage.databases import execute, reopened, rows

ONE, TWO = EncryptionKey(b"1" * 32), EncryptionKey(b"2" * 32)
PLACE = ("vehicles", "secret", "CAR1")


def test_of_a_database(database: Database) -> None:
    """What is encrypted stands under the key that the database names and the file holds."""
    key = database.keys.file.read()[0]
    with database.writing() as connection:
        value = encrypt(connection, PLACE, "pw")
        assert current_key_id(connection) == value.key_id == key.id
        assert decrypt(connection, PLACE, value) == "pw"
        assert decrypt(connection, PLACE, NOTHING) == ""
        assert lookup(connection, "a", "b") == key.lookup("a", "b")


def test_each_folder_has_its_own(tmp_path: Path, database: Database) -> None:
    """Another database has another key, and its secrets do not open here."""
    other = open_database(tmp_path / "other")
    (tmp_path / "other").mkdir()
    other.upgrade()
    with other.writing() as connection:
        value = encrypt(connection, PLACE, "pw")
    with database.reading() as connection, pytest.raises(WrongKey, match=value.key_id):
        decrypt(connection, PLACE, value)


def test_place_of_the_file(tmp_path: Path) -> None:
    """The key is in the data folder, wherever the database is, or where the settings say."""
    elsewhere = f"sqlite:///{tmp_path}/else/x.db"
    assert open_database(tmp_path).keys.file.path == tmp_path / "secrets.key"
    assert open_database(tmp_path, elsewhere).keys.file.path == tmp_path / "secrets.key"
    assert open_database(tmp_path, None, Path("a.key")).keys.file.path == tmp_path / "a.key"
    assert open_database(tmp_path, None, Path("/b.key")).keys.file.path == Path("/b.key")


def test_no_key(tmp_path: Path, database: Database) -> None:
    """Without its key file a database does not open, and no key is made for it."""
    (tmp_path / "secrets.key").unlink()
    for refused in (reopened(database).upgrade, reopened(database).check):
        with pytest.raises(WrongKey, match=r"there is no .*secrets.key: put back") as caught:
            refused()
        assert "\n" not in str(caught.value)
        assert database.name in str(caught.value)
    assert not (tmp_path / "secrets.key").exists()


def test_other_key(database: Database) -> None:
    """With another key a database does not open; the error names both by their ids."""
    id_ = database.keys.file.read()[0].id
    database.keys.file.replace([ONE])
    for refused in (reopened(database).upgrade, reopened(database).check):
        with pytest.raises(WrongKey, match=f"key {id_}, and .* holds another one, {ONE.id}"):
            refused()


def test_bad_file(tmp_path: Path, database: Database) -> None:
    """A key file that is damaged keeps a server from starting, also on a new database."""
    database.keys.file.path.write_bytes(b"")
    (tmp_path / "new").mkdir()
    for folder in (tmp_path, tmp_path / "new"):
        opened = open_database(folder, None, database.keys.file.path)
        for refused in (opened.upgrade, opened.check):
            with pytest.raises(BadKeyFile, match="is damaged"):
                refused()
    assert rows(open_database(tmp_path / "new"), "SELECT * FROM sqlite_master") == []


def test_key_that_is_there(tmp_path: Path) -> None:
    """A new database takes the key that its folder has already."""
    KeyFile(tmp_path / "secrets.key").replace([ONE])
    database = open_database(tmp_path)
    database.upgrade()
    with database.reading() as connection:
        assert current_key(connection).id == ONE.id


def test_no_name(database: Database) -> None:
    """A database that names no key is one line, not a new key."""
    execute(database, "DELETE FROM encryption")
    with pytest.raises(NotADatabase, match="does not say under which key"):
        database.upgrade()


def test_change_meanwhile(database: Database) -> None:
    """A program that has begun before the key was changed goes on with the new one."""
    with database.reading() as connection:
        assert queries.get_vehicle(connection, "CAR1").secret == "secret"
    _, new = change_key(reopened(database))
    with database.writing() as connection:
        assert queries.get_vehicle(connection, "CAR1").secret == "secret"
        assert encrypt(connection, PLACE, "pw").key_id == new.id


def test_threads(tmp_path: Path) -> None:
    """Threads that need a key at the same moment get the same one."""
    KeyFile(tmp_path / "key").replace([ONE, TWO])
    keys = Keys(KeyFile(tmp_path / "key"), "x.db")
    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(keys.find, [ONE.id, TWO.id] * 50)]
    assert len({id(each) for each in found}) == 2


def test_damaged_row(database: Database) -> None:
    """A secret that is damaged keeps its vehicle out and no other one back, and can be replaced."""
    execute(database, "UPDATE vehicles SET secret = substr(secret, 1, 40) WHERE id = 'CAR1'")
    with database.writing() as connection:
        with pytest.raises(DamagedSecret, match=r"vehicles\.secret of CAR1"):
            queries.load_vehicle(connection, "CAR1")
        loaded = queries.load_vehicles(connection, ["CAR1", "CAR2"])
        assert isinstance(loaded["CAR1"], DamagedSecret)
        assert not isinstance(loaded["CAR2"], Exception)
        listed = queries.list_vehicles(connection, 5.0)
        assert [each.vehicle.secret for each in listed] == ["", "secret"]
        changed = queries.changed_since(connection, 0.0)
        assert [each.secret for each in changed] == ["", "secret"]
        assert queries.set_secret(connection, "car1", "new", 5.0).secret == "new"


def test_a_row_under_another_key(database: Database) -> None:
    """A secret under a key that nobody has keeps its vehicle out and no other one back."""
    other = f"'1:{TWO.id}:' || substr(secret, {len('1::') + len(TWO.id) + 1})"
    execute(database, f"UPDATE vehicles SET secret = {other} WHERE id = 'CAR1'")  # noqa: S608 (ours)
    with database.reading() as connection:
        loaded = queries.load_vehicles(connection, ["CAR1", "CAR2"])
        assert isinstance(loaded["CAR1"], WrongKey)
        assert not isinstance(loaded["CAR2"], Exception)


def test_not_in_the_form(database: Database) -> None:
    """A plain secret that somebody wrote into the file is not taken for one."""
    execute(database, "UPDATE vehicles SET secret = 'mine' WHERE id = 'CAR1'")
    with database.reading() as connection:
        with pytest.raises(DamagedSecret):
            queries.find_vehicle(connection, "CAR1")
        with pytest.raises(DamagedSecret):
            decrypt(connection, PLACE, Encrypted("mine"))
