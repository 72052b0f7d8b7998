from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ovms.server.data_folder import data_lock
from ovms.server.storage.sqlite.holding import HeldFile
from tests.programs.conftest import run_ovms
from tests.server.storage.databases import with_schema


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with an owner, a vehicle and settings."""
    folder = with_schema(tmp_path / "data")
    run_ovms("owner", "add", "bob", "--data", str(folder))
    run_ovms("vehicle", "add", "CAR1", "--owner", "bob", "--secret", "one", "--data", str(folder))
    (folder / "ovms.toml").write_text("log_days = 3\ntls = false\n")
    return folder


@pytest.fixture
def file(data: Path, tmp_path: Path) -> str:
    """Return a backup of it."""
    run_ovms("backup", str(tmp_path / "x"), "--data", str(data))
    return str(tmp_path / "x")


def secret(folder: Path, *options: str) -> str:
    """Return the secret of the vehicle."""
    done = run_ovms("vehicle", "secret", "CAR1", "--data", str(folder), *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_restore(file: str, tmp_path: Path) -> None:
    """It says what was restored and where; commands go on there as before."""
    new = tmp_path / "new"
    done = run_ovms("restore", file, "--data", str(new))
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == (
        f"restored into {new}, database {new}/ovms.db:"
        " owners 1, vehicles 1, journeys 0, records 0, files 2"
    )
    assert second.startswith("made 20")
    assert secret(new) == "one"
    assert (new.stat().st_mode & 0o777) == 0o700
    listed = run_ovms("audit", "list", "--data", str(new)).stdout
    assert "backup.restore" in listed


def test_replace(file: str, data: Path) -> None:
    """What is there is refused, and with --replace kept beside; JSON tells all."""
    (data / "ovms.toml").write_text("log_days = 4\n")
    done = run_ovms("restore", file, "--data", str(data))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"(database {data}/ovms.db, ovms.toml): with --replace it is kept" in done.stderr
    told = json.loads(run_ovms("restore", file, "--data", str(data), "--replace", "--json").stdout)
    assert told["database"] == str(data / "ovms.db")
    assert (told["rows"]["vehicles"], told["problems"]) == (1, [])
    database, files = map(Path, told["kept"])
    assert database.name.startswith("ovms.db.replaced-20")
    assert (files / "ovms.toml").read_text() == "log_days = 4\n"
    assert secret(data) == "one"


def test_other_database(file: str, tmp_path: Path) -> None:
    """--database names where it goes; that the server must know that is said."""
    url = f"sqlite:///{tmp_path}/db/cars.db"
    done = run_ovms("restore", file, "--data", str(tmp_path / "new"), "--database", url)
    assert "note: start the server with this --database, or name it in ovms.toml" in done.stdout
    assert secret(tmp_path / "new", "--database", url) == "one"
    assert not (tmp_path / "new/ovms.db").exists()


def test_own_settings_count(data: Path, tmp_path: Path) -> None:
    """Where database and key are is read from the settings in the backup, or those of --config."""
    toml = data / "ovms.toml"
    toml.write_text("tls = false\nkey_file = 'keys/k'\n")
    (data / "keys").mkdir(mode=0o700)
    (data / "secrets.key").rename(data / "keys/k")
    file, new, other = str(tmp_path / "y"), tmp_path / "new", tmp_path / "other"
    assert run_ovms("backup", file, "--data", str(data)).returncode == 0
    assert run_ovms("restore", file, "--data", str(new)).returncode == 0
    assert (new / "keys/k").exists()
    assert secret(new) == "one"
    (tmp_path / "c.toml").write_text("tls = false\n")
    config = ("--config", str(tmp_path / "c.toml"))
    assert run_ovms("restore", file, "--data", str(other), *config).returncode == 0
    assert (other / "secrets.key").exists()
    assert secret(other, *config) == "one"


def test_settings_of_another_version(data: Path, tmp_path: Path) -> None:
    """Settings that this version does not take are named, and other ones can be given."""
    (data / "ovms.toml").write_text("tls = false\n")
    file, new = str(tmp_path / "y"), str(tmp_path / "new")
    config = tmp_path / "c.toml"
    config.write_text("tls = false\n")
    (data / "ovms.toml").write_text("no_such = 1\n")
    options = ("--data", str(data), "--config", str(config))
    run_ovms("backup", file, *options)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "UPDATE ovms_backup_files SET data = ? WHERE name LIKE 'o%'", (b"no_such = 1",)
        )
    done = run_ovms("restore", file, "--data", new)
    assert f"ovms.toml in {file}: unknown key 'no_such'; --config FILE has others" in done.stderr
    assert not Path(new).exists()


def test_what_is_missing_is_told(data: Path, tmp_path: Path) -> None:
    """Files that were not in the backup and are not here are named, and a bad certificate is."""
    (data / "ovms.toml").write_text("tls_cert = '/none/a.pem'\ntls_key = '/none/b.pem'\n")
    run_ovms("backup", str(tmp_path / "y"), "--data", str(data))
    done = run_ovms("restore", str(tmp_path / "y"), "--data", str(tmp_path / "new"))
    assert done.returncode == 0
    notes = [line for line in done.stdout.splitlines() if line.startswith("note: ")]
    assert notes[:2] == [
        f"note: /none/{each}.pem was not in the backup, and is not here" for each in "ab"
    ]
    assert len(notes) == 3


def test_running_server(file: str, tmp_path: Path) -> None:
    """A server that runs on the folder or on the database is left alone."""
    new = tmp_path / "new"
    new.mkdir()
    with data_lock(new):
        done = run_ovms("restore", file, "--data", str(new))
    assert (done.returncode, "another ovms server is running on" in done.stderr) == (1, True)
    held = HeldFile(new / "ovms.db")
    done = run_ovms("restore", file, "--data", str(new))
    held.close()
    assert "another ovms server is running on database" in done.stderr
    assert not (new / "ovms.db").exists()


def test_refused(file: str, data: Path, tmp_path: Path) -> None:
    """What is no backup is one line, and no folder is made for it."""
    new = tmp_path / "new"
    broken = tmp_path / "broken"
    shutil.copy2(file, broken)
    with closing(sqlite3.connect(broken)) as connection, connection:
        connection.execute("UPDATE owners SET name = 'eve'")
    (tmp_path / "empty").touch()
    for name, text in (
        (str(tmp_path / "none"), "cannot be read: No such file"),
        (str(tmp_path / "empty"), "is empty"),
        (str(data / "ovms.db"), "is a database, but no backup of ovms"),
        (str(broken), "is damaged: rows of table owners were altered"),
    ):
        done = run_ovms("restore", name, "--data", str(new))
        assert (done.returncode, done.stdout) == (1, "")
        assert text in done.stderr
        assert not new.exists()
    assert run_ovms("restore").returncode == 2
