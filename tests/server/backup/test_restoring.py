from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from ovms.server.backup.errors import BadBackup, CannotWrite, TargetInUse
from ovms.server.backup.files import FileSources, KeptFile
from ovms.server.backup.format import (
    KEY_NAME,
    Manifest,
    kept_tables,
    take_facts,
    write_files,
    write_manifest,
)
from ovms.server.backup.making import make_backup
from ovms.server.backup.pending import ACTION
from ovms.server.backup.restoring import RestoreResult, RestoreTarget, restore
from ovms.server.backup.steps import Step, no_report
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.errors import StoreError, WrongKey
from ovms.server.storage.keyfile import key_text
from ovms.server.storage.opening import open_database, open_standing
from ovms.server.storage.schema import REVISION
from ovms.server.storage.upgrading import revision
from tests.server.backup.full import FILES, dump
from tests.server.storage.databases import execute, rows, with_schema
from tests.server.storage.test_keychange import known

NOW = 1795834859.5


def target(folder: Path, url: str | None = None, key_file: Path | None = None) -> RestoreTarget:
    """Return a data folder as the place of a restore."""
    folder.mkdir(exist_ok=True, mode=0o700)
    return RestoreTarget(folder, open_database(folder, url, key_file), url)


def put_back(file: Path, folder: Path, *, replace: bool = False) -> RestoreResult:
    """Restore into a data folder."""
    return restore(file, target(folder), NOW, no_report, replace=replace)


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(each.name for each in folder.iterdir())


def same(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows but what a restore adds to the audit trail, which has an id."""
    found = dump(database)
    found["audit"] = [row for row in found["audit"] if ACTION not in row]
    found["ids"] = [each for each in found["ids"] if each[0] != "audit"]
    return found


def test_into_nothing(data: Path, file: Path, tmp_path: Path) -> None:
    """All rows, ids and secrets are there, all files as they were, and nothing else."""
    new = tmp_path / "new"
    result = put_back(file, new)
    assert (result.kept, result.damage) == ([], None)
    database = open_database(new)
    database.upgrade()
    assert same(database) == same(open_database(data))
    assert known(database) == known(open_database(data))
    for name, content in FILES.items():
        assert (new / name).read_text() == content
        assert (new / name).stat().st_mode == (data / name).stat().st_mode
    assert (new / "secrets.key").read_bytes() == (data / "secrets.key").read_bytes()
    assert names(new) == ["alerts", "ovms.db", "ovms.toml", "secrets.key", "tls"]
    assert (new / "ovms.db").stat().st_mode & 0o777 == 0o600
    ((detail,),) = rows(database, "SELECT detail FROM audit WHERE action = 'backup.restore'")
    assert detail.startswith("backup of 1970-01-01T00:00:05Z")


def test_no_id_is_given_again(data: Path, file: Path, tmp_path: Path) -> None:
    """A row that was removed before the backup leaves its id taken."""
    put_back(file, tmp_path / "new")
    database = open_database(tmp_path / "new")
    execute(
        database,
        "INSERT INTO history (vehicle_id, type, number, time, expires, data)"
        " VALUES ('CAR1', 'x', 0, 1, 2, x'')",
    )
    assert rows(database, "SELECT max(id) FROM history") == [(100,)]


def test_no_key_is_left_in_the_database(file: Path, tmp_path: Path) -> None:
    """The key stood in the backup's file, and is nowhere in that of the database."""
    put_back(file, tmp_path / "new")
    digits = (tmp_path / "new/secrets.key").read_text().split()[-1].encode()
    assert digits in file.read_bytes()
    assert digits not in (tmp_path / "new/ovms.db").read_bytes()
    with closing(sqlite3.connect(tmp_path / "new/ovms.db")) as connection:
        found = connection.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'ovms%'")
        assert found.fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_again(file: Path, tmp_path: Path) -> None:
    """What is there already is named, and nothing of it is touched."""
    new = tmp_path / "new"
    put_back(file, new)
    before = {each: each.stat().st_mtime_ns for each in new.rglob("*")}
    with pytest.raises(TargetInUse, match=r"something already \(database .*ovms\.db\): with --rep"):
        put_back(file, new)
    assert {each: each.stat().st_mtime_ns for each in new.rglob("*")} == before


@pytest.mark.parametrize(
    ("name", "content"), [("ovms.toml", "port = 1"), ("tls/key.pem", "mine"), ("secrets.key", "")]
)
def test_one_file_in_the_way(file: Path, tmp_path: Path, name: str, content: str) -> None:
    """A file that would be another one is enough to refuse; one with the same content is not."""
    new, other = tmp_path / "new", tmp_path / "other"
    put_back(file, other)
    (new / name).parent.mkdir(parents=True)
    (new / "map.pmtiles").touch()
    shutil.copy2(other / name, new / name)
    if content or name != "secrets.key":
        (new / name).write_text(content)
    else:
        shutil.copy2(with_schema(tmp_path / "third") / "secrets.key", new / name)
    with pytest.raises(TargetInUse, match=f"already \\([^,]*{name}\\)"):
        put_back(file, new)
    assert not (new / "ovms.db").exists()
    shutil.copy2(other / name, new / name)
    put_back(file, new)
    assert (new / "map.pmtiles").exists()


def test_replace(file: Path, tmp_path: Path) -> None:
    """What was there is kept beside as a whole, and still is a server's data."""
    new, other = with_schema(tmp_path / "new"), tmp_path / "other"
    put_back(file, other)
    old = open_database(new)
    with old.writing() as connection:
        queries.add_vehicle(connection, "OLD", queries.add_owner(connection, "eve", 1.0), "s", 1.0)
    (new / "ovms.toml").write_text("port = 1")
    (new / "alerts").mkdir()
    (new / "alerts/own.toml").write_text("mine")
    result = put_back(file, new, replace=True)
    files, database = (
        new / "replaced-2026-11-28T030059Z",
        new / "ovms.db.replaced-2026-11-28T030059Z",
    )
    assert result.kept == [str(database), str(files)]
    assert same(open_database(new)) == same(open_database(other))
    assert (new / "ovms.toml").read_text() == FILES["ovms.toml"]
    assert names(files) == ["alerts", "ovms.toml", "secrets.key"]
    assert names(files / "alerts") == ["own.toml"]
    assert names(new / "alerts") == ["volt.toml"]
    before = open_database(files, f"sqlite:///{database}")
    with before.reading() as connection:
        assert queries.get_vehicle(connection, "OLD").secret == "s"
    assert names(new) == sorted([*names(other), database.name, files.name])


def test_replace_what_is_damaged(file: Path, tmp_path: Path) -> None:
    """A database and a key that nobody can read are kept as they are."""
    new = tmp_path / "new"
    new.mkdir()
    for name in ("ovms.db", "ovms.db-wal", "secrets.key"):
        (new / name).write_text(f"{name} is broken" * 99)
        (new / name).chmod(0o600)
    with pytest.raises(StoreError, match=r"secrets.key is damaged"):
        put_back(file, new)
    (new / "secrets.key").unlink()
    with pytest.raises(TargetInUse, match=r"something already \(database .*ovms.db\): with"):
        put_back(file, new)
    (new / "secrets.key").write_text("secrets.key is broken")
    result = put_back(file, new, replace=True)
    database, files = map(Path, result.kept)
    assert database.read_text().startswith("ovms.db is broken")
    assert Path(f"{database}-wal").read_text().startswith("ovms.db-wal is broken")
    assert (files / "secrets.key").read_text().startswith("secrets.key is broken")
    open_database(new).upgrade()


def test_elsewhere(file: Path, tmp_path: Path) -> None:
    """Database and key go where the settings have them; a link to the key stays one."""
    new = tmp_path / "new"
    (tmp_path / "keys").mkdir()
    (tmp_path / "db").mkdir()
    link = tmp_path / "keys" / "link"
    link.symlink_to(tmp_path / "keys" / "real")
    place = target(new, f"sqlite:///{tmp_path}/db/cars.db", link)
    restore(file, place, NOW, no_report)
    assert names(new) == ["alerts", "ovms.toml", "tls"]
    assert (names(tmp_path / "db"), names(tmp_path / "keys")) == (["cars.db"], ["link", "real"])
    assert link.is_symlink()
    open_database(new, place.url, link).upgrade()


def test_without_key(data: Path, tmp_path: Path) -> None:
    """Such a backup needs its key there already; files that it lacks are left as they are."""
    file, new = tmp_path / "y.backup", tmp_path / "new"
    make_backup(open_database(data), FileSources(data), file, 5.5, no_report, secrets=False)
    with pytest.raises(WrongKey, match=r"does not hold its key, \w{16}: put it into .*secrets.key"):
        put_back(file, new)
    assert names(new) == []
    shutil.copy2(data / "secrets.key", new)
    (new / "ovms.toml").write_text("mine")
    put_back(file, new)
    assert same(open_database(new)) == same(open_database(data))
    assert (new / "ovms.toml").read_text() == "mine"
    put_back(file, new, replace=True)
    assert (new / "ovms.toml").read_text() == "mine"


def test_bad_backup(file: Path, tmp_path: Path) -> None:
    """A file that is damaged where only a comparison shows it leaves nothing behind."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE vehicles SET name = 'x'")
    with pytest.raises(BadBackup, match=r"x.backup is damaged: rows of table vehicles"):
        put_back(file, tmp_path / "new")
    file.write_bytes(file.read_bytes()[:200_000])
    with pytest.raises(BadBackup, match=r"x.backup is damaged"):
        put_back(file, tmp_path / "new")
    assert names(tmp_path / "new") == []


def test_damaged_secret(data: Path, tmp_path: Path) -> None:
    """A secret that did not open where it comes from is told, and keeps nothing else back."""
    database = open_database(data)
    with database.writing() as connection:
        other = connection.scalar(text("SELECT secret FROM vehicles WHERE id = 'CAR2'"))
        connection.execute(
            text("UPDATE vehicles SET secret = :it WHERE id = 'CAR1'"), {"it": other}
        )
    make_backup(database, FileSources(data), tmp_path / "y", 5.5, no_report)
    result = put_back(tmp_path / "y", tmp_path / "new")
    assert result.damage == "the database is damaged: vehicles.secret of CAR1"
    assert same(open_database(tmp_path / "new")) == same(database)


def test_what_a_killed_one_left(file: Path, tmp_path: Path) -> None:
    """The folder of one that was killed before anything was changed goes."""
    new = tmp_path / "new"
    (new / ".restoring-x").mkdir(parents=True)
    (new / ".restoring-x" / "ovms.db").write_text("x" * 999)
    put_back(file, new)
    assert not any(new.glob(".restoring-*"))


def test_no_room(file: Path, tmp_path: Path) -> None:
    """A folder where nothing can be written is one line."""
    place = target(tmp_path / "new")
    (tmp_path / "new/tls").mkdir()
    (tmp_path / "new/tls/names").touch()
    with pytest.raises(CannotWrite, match=r"names.* cannot be written: Not a directory|exists"):
        restore(file, place, NOW, no_report)


def test_failure_undoes(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails while the database is put in place leaves all as it was."""
    new = with_schema(tmp_path / "new")
    (new / "ovms.toml").write_text("port = 1")
    before = {each: each.read_bytes() for each in new.rglob("*") if each.is_file()}

    def rename(path: Path, to: Path) -> Path:
        if path.parent.name.startswith(".restoring"):
            raise OSError(5, "Input/output error", str(path))
        return path.replace(to)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(CannotWrite, match="Input/output error"):
        put_back(file, new, replace=True)
    after = {each: each.read_bytes() for each in new.rglob("*") if each.is_file()}
    assert {k: v for k, v in after.items() if k.suffix != ".db"} == {
        k: v for k, v in before.items() if k.suffix != ".db"}  # fmt: skip
    assert dump(open_database(new)) == dump(open_database(with_schema(tmp_path / "same")))


def test_older_version(file: Path, tmp_path: Path) -> None:
    """A backup of an older version is brought up to this one, and opens with its key."""
    older, old = open_database(tmp_path / "older"), tmp_path / "old.backup"
    (tmp_path / "older").mkdir()
    (tmp_path / "older/ovms.db").touch()
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    with older.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0011")
        owner = (
            "INSERT INTO owners (id, name, name_key, admin, created, changed) VALUES (8, 'eve', "
        )
        connection.exec_driver_sql(f"{owner}'eve', 0, 1, 1)")
        key = older.keys.file.read()[0]
    older.settle()
    shutil.copy2(older.name, old)
    with open_standing(old).writing() as connection:
        write_files(connection, [KeptFile(KEY_NAME, 0o600, key_text([key]))])
        facts = take_facts(connection, kept_tables(connection), lambda _: None)
        made = Manifest("0.0.9", "0011", 5.0, "sqlite", key.id, True, (), facts)
        write_manifest(connection, made)
    put_back(old, tmp_path / "new")
    database = open_database(tmp_path / "new")
    with database.reading() as connection:
        assert revision(connection, database.name) == REVISION
        assert queries.get_owner(connection, "eve").id == 8
    assert database.keys.file.read()[0].id == key.id


def test_steps(file: Path, tmp_path: Path) -> None:
    """How far it is begins and ends where it should, in order."""
    told: dict[Step, tuple[int, int]] = {}

    def report(step: Step, done: int, total: int) -> None:
        told[step] = (done, total)

    restore(file, target(tmp_path / "new"), NOW, report)
    assert [*told] == [Step.COPY, Step.CHECK, Step.COMPARE, Step.UPGRADE, Step.SWITCH]
    assert all(done == total > 0 for done, total in told.values())
