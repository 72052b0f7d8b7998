from __future__ import annotations

import json
from pathlib import Path

import pytest

from ovms.server.backup.naming import find_backups
from tests.programs.conftest import run_ovms
from tests.server.storage.databases import with_schema


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with an owner, two vehicles and settings."""
    folder = with_schema(tmp_path / "data")
    run_ovms("owner", "add", "bob", "--data", str(folder))
    for name in ("CAR1", "CAR2"):
        run_ovms("vehicle", "add", name, "--owner", "bob", "--data", str(folder))
    (folder / "ovms.toml").write_text("tls_cert = '/etc/x.pem'\ntls_key = 'tls/x.pem'\n")
    return folder


def test_backup(data: Path, tmp_path: Path) -> None:
    """It says what was written, and --check that it is whole; JSON has all of it."""
    file = tmp_path / "x.backup"
    done = run_ovms("backup", str(file), "--data", str(data))
    assert (done.returncode, done.stderr) == (0, "")
    first, second, third = done.stdout.splitlines()
    assert first == f"backup {file} written: owners 1, vehicles 2, journeys 0, records 0, files 2"
    assert second.startswith("made 20")
    assert " of a sqlite database" in second
    assert third == "not in it, as it is not in the data folder: /etc/x.pem"
    checked = run_ovms("backup", "--check", str(file))
    assert checked.stdout.splitlines()[0] == first.replace("written", "is whole")
    told = json.loads(run_ovms("backup", "--check", "--json", str(file)).stdout)
    assert (told["file"], told["bytes"]) == (str(file), file.stat().st_size)
    assert (told["rows"]["vehicles"], told["rows"]["history"]) == (2, 0)
    assert "sqlite_sequence" not in told["rows"]
    assert told["files"] == ["ovms.toml", "secrets.key"]
    assert (told["has_key"], told["source"]) == (True, "sqlite")
    assert told["key"] in (data / "secrets.key").read_text()


def test_without_key(data: Path, tmp_path: Path) -> None:
    """What is left out is said, with the key that a restore needs."""
    done = run_ovms("backup", str(tmp_path / "x"), "--without-key", "--data", str(data))
    key = (data / "secrets.key").read_text().split()[-2]
    assert f"without secrets: a restore needs key {key}, and ovms.toml and tls/" in done.stdout
    assert "files 0" in done.stdout


def test_into_a_folder(data: Path, tmp_path: Path) -> None:
    """A folder gets a file that is named by the time."""
    done = run_ovms("backup", str(tmp_path), "--data", str(data))
    ((_, found),) = find_backups(tmp_path)
    assert done.stdout.startswith(f"backup {found} written")


def test_settings_elsewhere(data: Path, tmp_path: Path) -> None:
    """The settings that --config names are those that are kept."""
    config = tmp_path / "c.toml"
    config.write_text("log_days = 3\n")
    (data / "ovms.toml").unlink()
    file = str(tmp_path / "x")
    assert run_ovms("backup", file, "--data", str(data), "--config", str(config)).returncode == 0
    told = json.loads(run_ovms("backup", "--check", "--json", file).stdout)
    assert told["files"] == ["ovms.toml", "secrets.key"]


def test_refused(data: Path, tmp_path: Path) -> None:
    """What cannot be done is one line, and the exit code says which kind it is."""
    file = tmp_path / "x"
    file.write_text("mine")
    for arguments, code, text in (
        ([str(file), "--data", str(data)], 1, f"{file} is there already: name another file"),
        ([str(tmp_path / "y"), "--data", str(tmp_path / "none")], 1, "there is no data directory"),
        ([str(tmp_path / "n" / "y"), "--data", str(data)], 1, "cannot be written: No such file"),
        (["--check", str(file)], 1, f"{file} is no backup of ovms"),
        (["--check", str(tmp_path / "y")], 1, "cannot be read: No such file"),
        (["--check", "--without-key", str(file)], 2, "goes without --without-key"),
        ([], 2, "Missing argument 'FILE'"),
    ):
        done = run_ovms("backup", *arguments)
        assert (done.returncode, done.stdout) == (code, ""), arguments
        assert text in done.stderr, arguments
    assert file.read_text() == "mine"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["data", "x"]
