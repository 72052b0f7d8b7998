from __future__ import annotations

import json
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from sqlalchemy import insert, select
from typer.testing import CliRunner

from ovms.cli import owner, vehicle
from ovms.server.accounts.passwords import verify_password
from ovms.server.storage import queries
from ovms.server.storage.journeys import SINCE_EVER, record_journeys
from ovms.server.storage.opening import open_database
from ovms.server.storage.quotas import own_limits
from ovms.server.storage.schema import history_counts, journeys
from ovms.server.storage.totp import (
    count_recovery_codes,
    has_totp,
    put_recovery_codes,
    set_totp,
)
from tests.server.journeys.made import trip

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVMS_DATA", str(tmp_path))
    for name in ("OVMS_PASSWORD", "OVMS_SECRET", "OVMS_DATABASE"):
        monkeypatch.delenv(name, raising=False)


def _run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(owner.app, arguments, input=stdin)


def _good(*arguments: str, stdin: str | None = None) -> str:
    result = _run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def _bad(*arguments: str) -> str:
    result = _run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("ovms: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def _logs_in(tmp_path: Path, name: str, password: str) -> bool:
    with open_database(tmp_path).reading() as connection:
        hashed = queries.get_owner(connection, name).password_hash
    return verify_password(hashed, password).ok


def test_add_and_list(tmp_path: Path) -> None:
    """An owner that was added is listed, without anything of the password."""
    told = _good("add", "Bob", "--password", "pw", "--email", "b@x", "--admin")
    assert told == "owner Bob added\n"
    _good("add", "alice")
    listed = json.loads(_good("list", "--json"))
    assert [row["name"] for row in listed] == ["alice", "Bob"]
    created = listed[1].pop("created")
    assert created.endswith("Z")
    assert listed[1] == {
        "name": "Bob", "email": "b@x", "admin": True, "password": True, "vehicles": 0
    }  # fmt: skip
    assert listed[0]["password"] is False
    assert _logs_in(tmp_path, "bob", "pw")
    assert not _logs_in(tmp_path, "alice", "")


def test_zone_and_currency(tmp_path: Path) -> None:
    """Days of journeys that are there follow at once; default takes the owner's own away."""
    _good("add", "bob")
    with open_database(tmp_path).writing() as connection:
        queries.add_vehicle(connection, "CAR1", queries.get_owner(connection, "bob"), "x", 1.0)
        record_journeys(connection, "CAR1", SINCE_EVER, [trip()])
    _good("set", "bob", "--zone", "Pacific/Auckland", "--currency", "NZD")
    shown = json.loads(_good("show", "bob", "--json"))
    assert (shown["zone"], shown["currency"]) == ("Pacific/Auckland", "NZD")
    with open_database(tmp_path).reading() as connection:
        assert connection.scalar(select(journeys.c.day)) == "2025-06-16"
    _good("set", "bob", "--zone", "default", "--currency", "default")
    shown = json.loads(_good("show", "bob", "--json"))
    assert (shown["zone"], shown["currency"]) == ("UTC", "EUR")
    with open_database(tmp_path).reading() as connection:
        assert connection.scalar(select(journeys.c.day)) == "2025-06-15"
    assert "no time zone" in _bad("set", "bob", "--zone", "Berlin")
    assert "no currency" in _bad("set", "bob", "--currency", "euro")


def test_set() -> None:
    """What is named is changed, the rest stays; nothing named, and no address, are refused."""
    _good("add", "bob", "--password", "pw", "--email", "b@x")
    assert _good("set", "BOB", "--admin") == "owner bob changed\n"
    _good("set", "bob", "--email", "c@x")
    (row,) = json.loads(_good("list", "--json"))
    assert (row["email"], row["admin"], row["password"]) == ("c@x", True, True)
    _good("set", "bob", "--email", "", "--no-admin")
    (row,) = json.loads(_good("list", "--json"))
    assert (row["email"], row["admin"]) == ("", False)
    assert "is none" in _bad("set", "bob", "--email", "bob")
    assert "no owner eve" in _bad("set", "eve", "--admin")
    assert _run("set", "bob").exit_code == 2


@pytest.mark.parametrize(
    ("said", "limits"),
    [(["--vehicle-limit", "3"], (3, None)), (["--byte-limit", "0"], (None, 0)),
     (["--vehicle-limit", "default", "--byte-limit", "7"], (None, 7))],
)  # fmt: skip
def test_limits(tmp_path: Path, said: list[str], limits: tuple[int | None, int | None]) -> None:
    """An owner has limits of their own, or those of the server again."""
    _good("add", "bob", "--password", "pw")
    _good("set", "bob", *said)
    with open_database(tmp_path).reading() as connection:
        assert own_limits(connection, queries.get_owner(connection, "bob").id) == limits
    assert _run("set", "bob", "--byte-limit", "-1").exit_code == 2
    assert _run("set", "bob", "--vehicle-limit", "many").exit_code == 2


def test_spellings(tmp_path: Path) -> None:
    """An owner is found, and logs in, however a keyboard composes an accent."""
    _good("add", "Jo\u0308rg", "--password", "pa\u0308ss")
    assert "exists already" in _bad("add", "j\xf6rg", "--password", "x")
    assert _logs_in(tmp_path, "J\xd6RG", "p\xe4ss")
    assert (
        _good("passwd", "j\xf6rg", "--password", "p\xe4ss") == "password of owner J\xf6rg changed\n"
    )


def test_a_password_that_no_app_can_send() -> None:
    """It is refused at once, and no owner is made."""
    assert "no app can send" in _bad("add", "bob", "--password", "two words")
    assert "longer than 512 bytes" in _bad("add", "bob", "--password", "x" * 513)
    assert json.loads(_good("list", "--json")) == []


def test_list_plain() -> None:
    """A pipe gets a line an owner, tabs between."""
    _good("add", "bob")
    lines = _good("list").splitlines()
    assert lines[0].split("\t")[:5] == ["name", "email", "admin", "password", "vehicles"]
    assert lines[1].split("\t")[:5] == ["bob", "", "no", "no", "0"]


def test_data_option(tmp_path: Path) -> None:
    """``--data`` says where the database is, and wins over the variable."""
    _good("add", "bob", "--data", str(tmp_path / "other"))
    assert json.loads(_good("list", "--json")) == []
    assert len(json.loads(_good("list", "--json", "--data", str(tmp_path / "other")))) == 1


def test_password_from_standard_input(tmp_path: Path) -> None:
    """A password need not stand on the command line."""
    _good("add", "bob", "--password-file", "-", stdin="from-stdin\n")
    assert _logs_in(tmp_path, "bob", "from-stdin")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["BOB"], "owner BOB exists already"),
        (["a b"], "may not hold ' '"),
        (["a,b"], "may not hold ','"),
        ([""], "empty"),
        (["x" * 65], "longer than 64"),
        (["eve", "--email", "nothing"], "is none"),
        (["eve", "--password", ""], "the password is empty"),
        (["eve", "--password-file", "/nonexistent"], "cannot be read"),
        (["eve", "--database", "mysql://x/y"], "are not supported"),
    ],
)
def test_add_refused(arguments: list[str], reason: str) -> None:
    """What cannot be added is told in one line, and nothing is made."""
    _good("add", "bob")
    assert reason in _bad("add", *arguments)
    assert len(json.loads(_good("list", "--json"))) == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["add"], ["nonsense"], ["add", "x", "--password", "a", "--password-file", "b"]],
)
def test_wrong_usage(arguments: list[str]) -> None:
    """Wrong usage is exit code 2."""
    assert _run(*arguments).exit_code == 2


def test_passwd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password is changed, by option or variable."""
    _good("add", "Bob", "--password", "old")
    assert _good("passwd", "bob", "--password", "new") == "password of owner Bob changed\n"
    assert _logs_in(tmp_path, "bob", "new")
    assert not _logs_in(tmp_path, "bob", "old")
    monkeypatch.setenv("OVMS_PASSWORD", "newer")
    _good("passwd", "bob")
    assert _logs_in(tmp_path, "bob", "newer")


def test_passwd_refused() -> None:
    """Without a password, or an owner, nothing is changed."""
    assert "no owner bob" in _bad("passwd", "bob", "--password", "x")
    _good("add", "bob")
    assert "no password given" in _bad("passwd", "bob")


def test_remove() -> None:
    """An owner is removed without asking where there is no terminal."""
    _good("add", "Bob")
    assert _good("remove", "bob", "--yes") == "owner Bob removed\n"
    assert "no owner bob" in _bad("remove", "bob", "--yes")


def test_remove_with_vehicles() -> None:
    """An owner with vehicles goes only when told, then with them."""
    _good("add", "bob")
    assert CliRunner().invoke(vehicle.app, ["add", "CAR", "--owner", "bob"]).exit_code == 0
    assert "still has 1 vehicle" in _bad("remove", "bob", "--yes")
    _good("remove", "bob", "--yes", "--with-vehicles")
    assert json.loads(CliRunner().invoke(vehicle.app, ["list", "--json"]).stdout) == []


def test_remove_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    """A no on a terminal leaves the owner."""
    _good("add", "bob")
    monkeypatch.setattr("ovms.cli.common.on_terminal", lambda: True)
    result = _run("remove", "bob", stdin="n\n")
    assert result.exit_code == 1
    assert "nothing was changed" in result.stderr
    assert len(json.loads(_good("list", "--json"))) == 1


def test_no_totp(tmp_path: Path) -> None:
    """Whoever lost the phone has one-time codes switched off, and the recovery codes go."""
    _good("add", "bob", "--password", "pw")
    database = open_database(tmp_path)
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob").id
        set_totp(connection, bob, "KEY", 1, 5.0)
        put_recovery_codes(connection, bob, [b"1"])
    _good("set", "bob", "--no-totp")
    with database.reading() as connection:
        assert not has_totp(connection, bob)
        assert not count_recovery_codes(connection, bob)
        assert queries.get_owner(connection, "bob").changed > 5.0


def test_export(tmp_path: Path) -> None:
    """An owner's data are written into a new file that nobody else may read."""
    _good("add", "bob")
    file = tmp_path / "bob.zip"
    assert str(file) in _good("export", "BOB", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(ZipFile(file).read("account.json"))["name"] == "bob"
    assert "cannot be written" in _bad("export", "bob", str(file))
    assert "no owner" in _bad("export", "nobody", str(tmp_path / "other.zip"))


def test_show(tmp_path: Path) -> None:
    """An owner is shown with what they have and may have, the server's limits where none is own."""
    _good("add", "bob", "--email", "bob@example.org")
    (tmp_path / "ovms.toml").write_text("bytes_per_owner = 1000\n")
    shown = json.loads(_good("show", "Bob", "--json"))
    del shown["created"]
    assert shown == {
        "name": "bob", "email": "bob@example.org", "email_confirmed": None, "admin": False,
        "password": False, "totp": False, "vehicles": 0, "vehicle_limit": 100, "bytes": 0,
        "byte_limit": 1000, "history": "kept", "zone": "UTC", "currency": "EUR",
    }  # fmt: skip
    assert "history:         kept\n" in _good("show", "bob")
    assert _bad("show", "alice") == "ovms: there is no owner alice\n"


@pytest.mark.parametrize(
    ("size", "limit", "said"),
    [(900, "1000", "nearly full"), (899, "1000", "kept"), (1000, "1000", "full"), (9, "0", "kept")],
)
def test_show_what_is_full(tmp_path: Path, size: int, limit: str, said: str) -> None:
    """Who has nearly or quite as much history as may be is shown so."""
    _good("add", "bob")
    _good("set", "bob", "--byte-limit", limit)
    with open_database(tmp_path).writing() as connection:
        bob = queries.get_owner(connection, "bob")
        queries.add_vehicle(connection, "CAR1", bob, "secret", 1.0)
        row = {"vehicle_id": "CAR1", "type": "D", "number": 0, "records": 1, "bytes": size}
        connection.execute(insert(history_counts).values(row))
    shown = json.loads(_good("show", "bob", "--json"))
    assert (shown["bytes"], shown["history"]) == (size, said)
