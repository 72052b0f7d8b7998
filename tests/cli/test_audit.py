from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ovms.cli import audit, owner, share, token, vehicle

if TYPE_CHECKING:
    from pathlib import Path

    import typer

SECRET = "a secret of some length"


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVMS_DATA", str(tmp_path))
    for name in ("OVMS_PASSWORD", "OVMS_SECRET", "OVMS_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("Bob", "Alice"):
        run(owner.app, "add", name)


def run(app: typer.Typer, *arguments: str) -> str:
    """Run a command that succeeds; return what it prints."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def listed(*arguments: str) -> list[dict[str, Any]]:
    """Return what the audit trail has, the oldest first."""
    found: list[dict[str, Any]] = json.loads(run(audit.app, "list", "--json", *arguments))
    return found[::-1]


def test_what_the_operator_does() -> None:
    """What the command line changes is in the trail, without secrets."""
    run(vehicle.app, "add", "CAR1", "--owner", "bob", "--secret", SECRET)
    run(vehicle.app, "rename", "CAR1", "Kitt")
    run(vehicle.app, "set", "CAR1", "--tls-only", "--secret", SECRET[::-1])
    run(vehicle.app, "server", "CAR1", "other")
    run(vehicle.app, "secret", "CAR1", "--new", "--yes", "--secret", SECRET)
    run(vehicle.app, "log", "CAR1", "--days", "3")
    run(share.app, "add", "CAR1", "alice")
    run(share.app, "remove", "CAR1", "alice", "--yes")
    run(vehicle.app, "transfer", "CAR1", "alice")
    run(vehicle.app, "remove", "CAR1", "--yes")
    found = listed("--vehicle", "car1")
    assert [each["action"] for each in found] == [
        "vehicle.add", "vehicle.change", "vehicle.change", "vehicle.change", "vehicle.secret",
        "vehicle.change", "share.put", "share.remove", "vehicle.transfer", "vehicle.transfer",
        "vehicle.remove",
    ]  # fmt: skip
    assert {each["actor"] for each in found} == {"operator"}
    assert [each["owner"] for each in found] == ["Bob"] * 9 + ["Alice"] * 2
    assert found[2]["detail"] == "tls_only yes, a new secret"
    assert SECRET not in str(found)
    assert SECRET[::-1] not in str(found)


def test_owners_and_tokens() -> None:
    """So are changes of owners and their tokens; a token is named by its number."""
    run(owner.app, "set", "bob", "--email", "bob@example.org")
    run(owner.app, "passwd", "bob", "--password", "password-of-bob")
    made = json.loads(run(token.app, "add", "--owner", "bob", "--json"))
    run(token.app, "remove", made["token"], "--yes")
    found = listed("--owner", "bob")
    number = f"token {made['id']}"
    assert [(each["action"], each["detail"]) for each in found] == [
        ("owner.add", ""), ("owner.change", ""), ("password.change", ""),
        ("token.add", number), ("token.remove", number),
    ]  # fmt: skip
    assert "password-of-bob" not in str(found)
    run(owner.app, "remove", "bob", "--yes")
    assert [each["action"] for each in listed("--action", "owner.remove")] == ["owner.remove"]


def test_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are shown of one owner, of a time, as a table or CSV, whatever the page."""
    monkeypatch.setattr(audit, "PAGE", 1)
    assert [each["owner"] for each in listed()] == ["Bob", "Alice"]
    assert [each["owner"] for each in listed("--owner", "ALICE")] == ["Alice"]
    assert listed("--until", "2000-01-01") == []
    assert len(listed("--since", "2000-01-01")) == 2
    assert run(audit.app, "list").splitlines()[0].split()[:3] == ["time", "action", "actor"]
    assert run(audit.app, "list", "--csv").splitlines()[0] == ",".join(audit.COLUMNS)
    assert run(audit.app, "list", "--action", "nothing") == "nothing\n"


@pytest.mark.parametrize(
    "arguments", [("--owner", "nobody"), ("--since", "never"), ("--csv", "--json")]
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    """An owner who is not there, what is no time, and two formats, are said."""
    assert CliRunner().invoke(audit.app, ["list", *arguments]).exit_code != 0
