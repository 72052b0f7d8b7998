from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ovms.cli.step_progress import StepProgress
from ovms.server.migrate.report import MovedKind
from ovms.server.storage.opening import open_database
from ovms.server.storage.sqlite.holding import HeldFile
from tests.programs.conftest import run_ovms, run_program
from tests.server.migrate.conftest import other
from tests.server.migrate.moves import HASHCAT, TOKEN, car, fill, owner
from tests.server.storage.databases import (
    close,
    give_back,
    leave_empty,
    make_database,
    place,
    rows,
    with_schema,
)

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.server.migrate.mariadb import MariaDb, OtherServer

__all__ = ["other"]


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OVMS_IMPORT_PASSWORD", "OVMS_IMPORT_PASSWORD_FILE", "OVMS_DATABASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with an empty database."""
    return with_schema(tmp_path / "data")


def run(data: Path, *arguments: str, env: dict[str, str] | None = None) -> Any:
    """Run the command on a data folder."""
    return run_ovms("import", *arguments, "--data", str(data), env=env)


def told(done: subprocess.CompletedProcess[str], code: int) -> str:
    """Return the one line that a command ends with."""
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("ovms: ")
    return done.stderr[6:-1]


def test_report(other: OtherServer, data: Path) -> None:
    """What was taken, changed and left is a table, and a line for what somebody has to know."""
    fill(other)
    other.put("owners", owner(3, "John Smith", mail=""), owner(4, "gone", deleted=1))
    other.put("cars", car(9, "LOST", "lost"), car(3, "A B", "secret"))
    done = run(data, other.url)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split("\t")[1:] == ["added", "changed", "removed", "unchanged", "left"]
    assert lines[1] == "owners\t3\t0\t0\t0\t1"
    assert lines[2] == "vehicles\t3\t0\t0\t0\t2"
    assert lines[9:] == [
        "owners: 3 John Smith: taken with a change: is John_Smith here:"
        " the owner name 'John Smith' may not hold ' '",
        "vehicles: A B of owner 3: left: the vehicle id 'A B' may not hold ' '",
        "vehicles: LOST of owner 9: left: its owner 9 is not there:"
        " name one for such vehicles (--owner)",
        "owners: 1 deleted there",
        "not there: ovms_utilisation",
        lines[-1],
    ]
    assert lines[-1].startswith("done (")
    assert all(secret not in done.stdout for secret in (HASHCAT, TOKEN, "bob@example.org"))


def test_json(other: OtherServer, data: Path) -> None:
    """The same as JSON, of a dry run that changes nothing."""
    fill(other)
    other.put("cars", car(9, "LOST", "lost"))
    done = run(data, other.url, "--dry-run", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["dry_run"] is True
    assert found["source"].endswith(f"/{other.name}")
    assert found["kinds"]["vehicles"] == {
        "added": 3, "changed": 0, "removed": 0, "unchanged": 0, "left": 1, "reasons": {}
    }  # fmt: skip
    assert [*found["kinds"]] == ["owners", "vehicles", "messages", "records", "days of traffic",
                                 "subscriptions", "tokens", "provisioning records"]  # fmt: skip
    [note] = found["notes"]
    assert (note["kind"], note["name"], note["outcome"]) == ("vehicles", "LOST of owner 9", "left")
    assert found["absent"] == ["ovms_utilisation"]
    assert found["hints"] == []
    assert rows(open_database(data), "SELECT count(*) FROM owners") == [(0,)]
    assert (
        run(data, other.url, "--dry-run")
        .stdout.splitlines()[-1]
        .startswith("this was a dry run: nothing was changed (")
    )


def test_into_postgresql(other: OtherServer, tmp_path: Path) -> None:
    """Ours may be PostgreSQL; beside a server on it nothing is imported."""
    database = make_database(tmp_path / "data", kind="postgres", fill=leave_empty)
    folder, url = place(database)
    fill(other)
    database.hold()
    arguments = (other.url, "--database", url or "")
    assert "another ovms server is running" in told(run(folder, *arguments), 1)
    close(database)
    done = run(folder, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    again = json.loads(run(folder, *arguments, "--json").stdout)
    assert again["kinds"]["vehicles"]["unchanged"] == 3
    give_back(database)


def test_makes_the_database(other: OtherServer, tmp_path: Path) -> None:
    """A data folder that is not there is made, once the other server has answered."""
    folder = tmp_path / "new"
    told(run(folder, other.url + "&x=1"), 1)
    told(run(folder, "mysql://me@127.0.0.1:1/x"), 1)
    assert not folder.exists()
    fill(other)
    assert run(folder, other.url).returncode == 0
    assert rows(open_database(folder), "SELECT count(*) FROM vehicles") == [(3,)]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "give the URL of its database: mysql://USER@HOST/DATABASE"),
        (["mysql://h/x", "--forget"], "--forget goes without a URL"),
        (["mysql://me:pw@h/x", "--password", "pw"],
         "a password is given in the URL or by an option, not both"),
        (["mysql://me@h/x", "--password", "pw", "--password-file", "f"],
         "a secret is given as an option or in a file, not both"),
    ],
)  # fmt: skip
def test_wrong_usage(data: Path, arguments: list[str], line: str) -> None:
    """Wrong usage is a line and exit code 2."""
    assert told(run(data, *arguments), 2) == line


def test_no_import(mariadb: MariaDb, other: OtherServer, data: Path) -> None:
    """What cannot be read is a line and exit code 1; files have a command of their own."""
    assert "vehicle import" in told(run(data, "vehicles.csv"), 1)
    assert "connect to MySQL server" in told(run(data, "mysql://me:word@127.0.0.1:1/x"), 1)
    assert "Unknown database" in told(run(data, mariadb.url("nothere")), 1)
    other.run("DROP TABLE ovms_cars")
    assert "has no table ovms_cars" in told(run(data, other.url), 1)
    other.run("CREATE USER nobody@localhost")
    try:
        line = told(run(data, mariadb.url(other.name, "nobody")), 1)
    finally:
        other.run("DROP USER nobody@localhost")
    assert "denied" in line
    assert told(run(data, other.url, "--owner", "nobody"), 1)


def test_password(mariadb: MariaDb, other: OtherServer, data: Path, tmp_path: Path) -> None:
    """The password comes by an option, a file or a variable, and is nowhere told."""
    fill(other)
    other.run("CREATE USER reader@localhost IDENTIFIED BY 'p@ss/w:ord'")
    other.run(f"GRANT SELECT ON {other.name}.* TO reader@localhost")
    (tmp_path / "word").write_text("p@ss/w:ord\n")
    url = mariadb.url(other.name, "reader")
    try:
        for arguments, env in (
            (["--password", "p@ss/w:ord"], {}),
            (["--password-file", str(tmp_path / "word")], {}),
            ([], {"OVMS_IMPORT_PASSWORD": "p@ss/w:ord"}),
            ([], {"OVMS_IMPORT_PASSWORD_FILE": str(tmp_path / "word")}),
        ):
            done = run(data, url, "--dry-run", *arguments, env=env)
            assert (done.returncode, done.stderr) == (0, "")
            assert "p@ss" not in done.stdout
        denied = told(run(data, url, "--password", "p@ss/wrong"), 1)
    finally:
        other.run("DROP USER reader@localhost")
    assert "Access denied" in denied
    assert "p@ss" not in denied


def test_beside_a_server(other: OtherServer, data: Path) -> None:
    """While a server runs on the database nothing is imported, not even tried."""
    fill(other)
    held = HeldFile(data / "ovms.db")
    try:
        for more in ([], ["--dry-run"]):
            assert "another ovms server is running" in told(run(data, other.url, *more), 1)
    finally:
        held.close()
    assert run(data, other.url).returncode == 0


def test_options(other: OtherServer, data: Path) -> None:
    """Owners here who are the same, and one for vehicles without, are named by options."""
    assert run_ovms("owner", "add", "bob", "--data", str(data)).returncode == 0
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"), car(9, "CAR9", "nine"))
    done = run(data, other.url, "--same-owners", "--owner", "bob", "--source", "old")
    assert done.stdout.splitlines()[0].split("\t")[0] == "old"
    assert rows(open_database(data), "SELECT id, owner_id FROM vehicles") == [
        ("CAR1", 1), ("CAR9", 1)
    ]  # fmt: skip


def test_forgetting(other: OtherServer, data: Path) -> None:
    """What was taken is forgotten on request; what is here stays."""
    assert run(data, "--forget").stdout == "nothing was taken from another server\n"
    fill(other)
    run(data, other.url, "--source", "old")
    assert run(data, "--forget").stdout == "what was taken from old is forgotten; it stays here\n"
    assert rows(open_database(data), "SELECT count(*) FROM vehicles") == [(3,)]
    assert rows(open_database(data), "SELECT count(*) FROM moved") == [(0,)]


def test_without_the_driver(data: Path, tmp_path: Path) -> None:
    """Without the extra a line says what to install."""
    (tmp_path / "pymysql.py").write_text("raise ModuleNotFoundError(name='pymysql')\n")
    places = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", places)
        done = run_program("import", "mysql://me:pw@localhost/x", "--data", str(data))
    assert "pip install 'ovms[mysql]'" in told(done, 1)


def test_interrupted(other: OtherServer, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C undoes what was done."""

    def interrupt(self: StepProgress, step: MovedKind, done: int, total: int) -> None:
        if step is MovedKind.RECORDS:
            raise KeyboardInterrupt

    fill(other)
    monkeypatch.setattr(StepProgress, "report", interrupt)
    assert told(run(data, other.url), 1) == "interrupted: nothing was changed"
    assert rows(open_database(data), "SELECT count(*) FROM owners") == [(0,)]
