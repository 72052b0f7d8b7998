from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ovms.base.clock import SystemClock
from ovms.cli import owner, token, vehicle
from ovms.server.accounts.login import Accounts
from ovms.server.storage import queries
from ovms.server.storage.opening import open_database
from ovms.server.storage.store import Store
from tests.server.storage.databases import with_schema

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVMS_DATA", str(with_schema(tmp_path)))
    for name in ("OVMS_PASSWORD", "OVMS_SECRET", "OVMS_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("Bob", "alice"):
        assert CliRunner().invoke(owner.app, ["add", name]).exit_code == 0


def _run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(token.app, arguments, input=stdin)


def _good(*arguments: str) -> str:
    result = _run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def _bad(*arguments: str) -> str:
    result = _run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("ovms: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def _add(*arguments: str, owner: str = "bob") -> str:
    made: dict[str, str] = json.loads(_good("add", "--owner", owner, "--json", *arguments))
    return made["token"]


def _listed(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_good("list", "--json", *arguments))
    return found


def test_add(tmp_path: Path) -> None:
    """A token is made at random, printed this once, and never listed whole."""
    told = re.fullmatch(
        r"token of owner Bob added, permit auth\ntoken: ([0-9a-f]{64})\n",
        _good("add", "--owner", "BOB"),
    )
    assert told is not None
    with open_database(tmp_path).reading() as connection:
        found = queries.get_token(connection, told[1])
    assert (found.application, found.purpose, found.permit) == (
        "notspecified", "notspecified", "auth",
    )  # fmt: skip
    assert told[1] not in _good("list") + _good("list", "--json")
    assert _add() != _add()


def test_add_json_and_list() -> None:
    """What was said of a token is told, as JSON and as a table, with when it was used."""
    arguments = ["--permit", "v2, session", "--application", "home", "--purpose", "my door"]
    made = json.loads(_good("add", "--owner", "bob", *arguments, "--json"))
    secret = made.pop("token")
    created = made["created"]
    known = {
        "owner": "Bob", "application": "home", "purpose": "my door", "permit": "v2,session",
        "created": created,
    }  # fmt: skip
    assert made == {"id": 1, **known, "last_used": None, "expires": None}
    assert created.endswith("Z")
    assert _listed() == [{"id": 1, "token": secret[:8], **known, "last_used": None,
                         "expires": None}]  # fmt: skip
    lines = [line.split("\t") for line in _good("list").splitlines()]
    assert lines == [
        [
            "id",
            "token",
            "owner",
            "application",
            "purpose",
            "permit",
            "created",
            "last used",
            "expires",
        ],
        ["1", secret[:8], "Bob", "home", "my door", "v2,session", created, "never", "never"],
    ]


def test_list_of_owner() -> None:
    """One owner's tokens can be asked for; of one who does not exist it is an error."""
    _add()
    _add(owner="alice")
    assert [row["owner"] for row in _listed()] == ["alice", "Bob"]
    assert [row["owner"] for row in _listed("--owner", "BOB")] == ["Bob"]
    assert "no owner eve" in _bad("list", "--owner", "eve")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--owner", "eve"], "no owner eve"),
        (["--owner", "bob", "--permit", "v4"], "no right 'v4': use some of * auth session"),
        (["--owner", "bob", "--permit", ""], "right is empty"),
        (["--owner", "bob", "--permit", "v2;v3"], "no right 'v2;v3'"),
        (["--owner", "bob", "--application", "a\nb"], "cannot be printed"),
        (["--owner", "bob", "--purpose", "x" * 256], "longer than 255"),
    ],
)
def test_add_refused(arguments: list[str], reason: str) -> None:
    """What cannot be added is told in one line, and nothing is made."""
    assert reason in _bad("add", *arguments)
    assert _listed() == []


@pytest.mark.parametrize("arguments", [[], ["add"], ["remove"], ["remove", "a", "b"], ["nonsense"]])
def test_wrong_usage(arguments: list[str]) -> None:
    """Wrong usage is exit code 2."""
    assert _run(*arguments).exit_code == 2


def test_remove() -> None:
    """A token is removed by its digits, or by enough of the first ones."""
    one, two = _add(), _add(owner="alice")
    assert _good("remove", one.upper(), "--yes") == f"token {one[:8]} of owner Bob removed\n"
    assert _good("remove", two[:8], "--yes") == f"token {two[:8]} of owner alice removed\n"
    assert _listed() == []
    assert f"no token {one[:8]}…" in _bad("remove", one)


@pytest.mark.parametrize("prefix", ["", "1234567", "12345678x", "1" * 65])
def test_remove_refused(prefix: str) -> None:
    """Too little, too much or no digits at all name no token."""
    _add()
    assert "a token is named by its 64 hexadecimal digits" in _bad("remove", prefix)
    assert len(_listed()) == 1


def test_remove_ambiguous(tmp_path: Path) -> None:
    """Digits with which more than one begins remove none."""
    with open_database(tmp_path).writing() as connection:
        bob = queries.get_owner(connection, "bob")
        for last in "01":
            queries.add_token(connection, bob, "a" * 63 + last, 1.0, "", "", "*")
    assert "more than one token begins with aaaaaaaa…" in _bad("remove", "a" * 63)
    assert len(_listed()) == 2


def test_remove_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    """A no on a terminal leaves the token, ``--yes`` is not asked."""
    made = _add()
    monkeypatch.setattr("ovms.cli.common.on_terminal", lambda: True)
    assert _run("remove", made, stdin="n\n").exit_code == 1
    assert len(_listed()) == 1
    _good("remove", made, "--yes")


def test_gone_with_its_owner() -> None:
    """Who is removed leaves no token."""
    _add()
    assert CliRunner().invoke(owner.app, ["remove", "bob", "--yes"]).exit_code == 0
    assert _listed() == []


async def test_while_the_server_runs(tmp_path: Path) -> None:
    """A token that is made logs in at once, and one that is removed ends what it was used for."""
    assert CliRunner().invoke(vehicle.app, ["add", "CAR", "--owner", "bob"]).exit_code == 0
    clock = SystemClock()
    store = await Store.open(open_database(tmp_path), clock.time)
    accounts = Accounts(open_database(tmp_path), clock)
    made = _add("--permit", "v2")
    login = await accounts.log_in("bob", made, "v2", "home")
    assert login.vehicles == ("CAR",)
    assert await accounts.changes([login]) == {}
    await accounts.close()
    assert _listed()[0]["last_used"] is not None
    accounts = Accounts(open_database(tmp_path), clock)
    _good("remove", made, "--yes")
    assert await accounts.changes([login]) == {login: None}
    await accounts.close()
    await store.close()


def test_end() -> None:
    """A token has an end by date or by days, which is told and listed."""
    told = _good("add", "--owner", "bob", "--expires", "2199-06-01")
    assert "permit auth, until 2199-06-01T00:00:00Z" in told
    _add("--days", "3")
    first, second = _listed()
    assert first["expires"] == "2199-06-01T00:00:00Z"
    assert second["expires"] > second["created"]
    assert "2199-06-01T00:00:00Z" in _good("list")
    assert "in the future" in _bad("add", "--owner", "bob", "--expires", "2020-01-01")
    for wrong in (["--expires", "soon"], ["--days", "0"], ["--days", "1", "--expires", "today"]):
        assert _run("add", "--owner", "bob", *wrong).exit_code == 2
