from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest

from ovms.server.storage import queries
from ovms.server.storage.opening import open_database
from ovms.server.storage.sqlite.holding import HeldFile
from tests.programs.conftest import run_ovms
from tests.server.storage.databases import with_schema


@pytest.fixture
def data(tmp_path: Path) -> str:
    """Return a data folder with an owner, two vehicles and a token."""
    folder = str(with_schema(tmp_path / "data"))
    for arguments in (
        ["owner", "add", "bob"], ["vehicle", "add", "CAR1", "--owner", "bob", "--secret", "one"],
        ["vehicle", "add", "CAR2", "--owner", "bob", "--name", "Two, red", "--secret", "two"],
        ["token", "add", "--owner", "bob"],
    ):  # fmt: skip
        assert run_ovms(*arguments, "--data", folder).returncode == 0
    return folder


def _secret(data: str, vehicle: str) -> str:
    with open_database(Path(data)).reading() as connection:
        return queries.get_vehicle(connection, vehicle).secret


def test_show(data: str) -> None:
    """The id of the key and its file are shown, and never the key."""
    file = Path(data) / "secrets.key"
    key_id, digits = file.read_text().split()[-2:]
    shown = run_ovms("key", "show", "--data", data)
    assert shown.stdout == f"key {key_id} in {file}, for database {data}/ovms.db\n"
    told = json.loads(run_ovms("key", "show", "--json", "--data", data).stdout)
    assert told == {"id": key_id, "file": str(file), "database": f"{data}/ovms.db"}
    assert digits not in shown.stdout


def test_file_elsewhere(tmp_path: Path) -> None:
    """A setting names another place for the key: by a variable, or relative to the folder."""
    folder, file = tmp_path / "data", tmp_path / "keys" / "ovms"
    env = {"OVMS_KEY_FILE": str(file)}
    assert run_ovms("owner", "add", "bob", "--data", str(folder), env=env).returncode == 0
    assert file.exists()
    assert not (folder / "secrets.key").exists()
    missing = run_ovms("vehicle", "list", "--data", str(folder))
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "there is no" in missing.stderr
    (folder / "ovms.toml").write_text('key_file = "../keys/ovms"\n')
    assert run_ovms("vehicle", "list", "--data", str(folder)).returncode == 0


def test_change(data: str) -> None:
    """A change leaves all as it was, under a key with another id."""
    old = (Path(data) / "secrets.key").read_text().split()[-2]
    changed = run_ovms("key", "change", "--data", data)
    new = (Path(data) / "secrets.key").read_text().split()[-2]
    assert changed.returncode == 0
    assert new != old
    assert new in changed.stdout
    assert f"backups of before need key {old}" in changed.stderr
    assert [_secret(data, vehicle) for vehicle in ("CAR1", "CAR2")] == ["one", "two"]
    assert len(run_ovms("token", "list", "--data", data).stdout.splitlines()) == 2


def test_lost(data: str) -> None:
    """Without the key each command is one line; after a reset the printed secrets hold."""
    (Path(data) / "secrets.key").unlink()
    for command in (["vehicle", "list"], ["key", "show"], ["key", "change"], ["serve", "--check"]):
        refused = run_ovms(*command, "--data", data)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "ovms key reset" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    reset = run_ovms("key", "reset", "--yes", "--data", data)
    assert reset.returncode == 0
    one, two = csv.DictReader(io.StringIO(reset.stdout))
    assert (one["owner"], one["id"], one["name"]) == ("bob", "CAR1", "")
    assert (two["owner"], two["id"], two["name"]) == ("bob", "CAR2", "Two, red")
    assert one["secret"] == _secret(data, "CAR1") not in ("one", two["secret"])
    assert two["secret"] == _secret(data, "CAR2")
    assert len(run_ovms("token", "list", "--data", data).stdout.splitlines()) == 1
    again = run_ovms("key", "reset", "--yes", "--data", data)
    assert (again.returncode, again.stdout) == (1, "")
    assert "is not lost" in again.stderr


def test_reset_is_not_by_chance(data: str) -> None:
    """Where nobody can be asked, a reset needs --yes."""
    (Path(data) / "secrets.key").unlink()
    refused = run_ovms("key", "reset", "--data", data)
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert not (Path(data) / "secrets.key").exists()


@pytest.mark.parametrize("command", [["change"], ["reset", "--yes"]])
def test_server_runs(data: str, command: list[str]) -> None:
    """While a server has the database, its key stays."""
    before = (Path(data) / "secrets.key").read_text()
    held = HeldFile(Path(data) / "ovms.db")
    refused = run_ovms("key", *command, "--data", data)
    held.close()
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "another ovms server is running" in refused.stderr
    assert (Path(data) / "secrets.key").read_text() == before


def test_nothing_there(tmp_path: Path) -> None:
    """A folder that is not there is not made."""
    for command in (["show"], ["change"], ["reset", "--yes"]):
        refused = run_ovms("key", *command, "--data", str(tmp_path / "typo"))
        assert refused.returncode == 1
        assert "there is no data directory" in refused.stderr
    assert not (tmp_path / "typo").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_leaves_the_files_to_the_server(tmp_path: Path) -> None:
    """What root's commands make in the folder of a server's user may be opened by that user."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, 1234, 5678)
    for arguments in (
        ["owner", "add", "me", "--password", "x"], ["vehicle", "add", "CAR1", "--owner", "me"],
        ["key", "change"],
    ):  # fmt: skip
        assert run_ovms(*arguments, "--data", str(folder)).returncode == 0
    made = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in folder.iterdir()}
    names = ("ovms.db", "ovms.db.lock", "secrets.key")
    assert made == dict.fromkeys(names, (1234, 5678))


def test_no_change_for_the_wrong_database(data: str, tmp_path: Path) -> None:
    """Who forgets to name a database elsewhere does not lose its key by changing a new one."""
    elsewhere, file = tmp_path / "elsewhere.db", Path(data) / "secrets.key"
    (Path(data) / "ovms.db").rename(elsewhere)
    before = file.read_bytes()
    done = run_ovms("key", "change", "--data", data)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no secrets in database" in done.stderr
    assert file.read_bytes() == before
    named = ("--data", data, "--database", f"sqlite:///{elsewhere}")
    assert run_ovms("key", "change", *named).returncode == 0
    assert "CAR1" in run_ovms("vehicle", "list", *named).stdout
