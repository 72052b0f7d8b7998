from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ovms.cli import audit, key, notify, owner, provision, share, token, vehicle
from tests.server.storage.databases import with_schema

if TYPE_CHECKING:
    from pathlib import Path

    import typer

SECRET = "a secret of some length"


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVMS_DATA", str(with_schema(tmp_path)))
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


APPS = {
    "owner": owner.app,
    "vehicle": vehicle.app,
    "share": share.app,
    "token": token.app,
    "notify": notify.app,
    "provision": provision.app,
    "key": key.app,
}

CHANGES: list[tuple[str, list[str]]] = [
    ("owner add Eve", ["owner.add"]),
    ("owner set eve --email eve@example.org", ["owner.change"]),
    ("owner passwd eve --password password-of-eve", ["password.change"]),
    ("vehicle add CAR1 --owner bob", ["vehicle.add"]),
    ("vehicle rename CAR1 Kitt", ["vehicle.change"]),
    ("vehicle set CAR1 --no-tls-only", ["vehicle.change"]),
    ("vehicle server CAR1 other", ["vehicle.change"]),
    ("vehicle secret CAR1 --new --yes", ["vehicle.secret"]),
    ("vehicle log CAR1 --days 3", ["vehicle.change"]),
    ("vehicle import FILE", ["owner.add", "vehicle.import", "vehicle.import"]),
    ("share add CAR1 alice", ["share.put"]),
    ("share remove CAR1 alice --yes", ["share.remove"]),
    ("token add --owner bob --json", ["token.add"]),
    ("token remove TOKEN --yes", ["token.remove"]),
    ("notify add CAR1 --type expo --key ExponentPushToken[abc] --app a", ["channel.put"]),
    ("notify remove CAR1 a --yes", ["channel.remove"]),
    ("provision add --vin VIN1 --iccid 8944000000000000000 --owner bob x", ["provision.put"]),
    ("provision remove --vin VIN1 --yes", ["provision.remove"]),
    ("vehicle transfer CAR1 alice", ["vehicle.transfer", "vehicle.transfer"]),
    ("vehicle export-data CAR1 FILE.zip", ["vehicle.export"]),
    ("owner export alice FILE.owner", ["account.export"]),
    ("vehicle erase CAR1 --yes", ["vehicle.erase"]),
    ("vehicle remove CAR1 --yes", ["vehicle.remove"]),
    ("owner remove eve --yes", ["owner.remove"]),
    ("key change", ["key.change"]),
    ("key reset --yes", ["key.reset"]),
]
"""Every command that changes something, and what the trail then has."""

LOOKS = {"list", "show", "export", "channels", "test"}
"""Commands that change nothing."""


def test_every_change(tmp_path: Path) -> None:
    """Each command that changes something is in the trail, done by the operator; no secret is."""
    file = tmp_path / "vehicles.csv"
    file.write_text("owner,id,secret\nnew,NEW1,\nnew,NEW2,\nbob,NEW3,\n")
    seen, made = len(listed()), ""
    for words, actions in CHANGES:
        app, *arguments = words.replace("FILE", str(file)).replace("TOKEN", made).split()
        if words.startswith("key reset"):
            (tmp_path / "secrets.key").unlink()  # only a lost one is begun anew
        told = run(APPS[app], *arguments)
        made = json.loads(told)["token"] if words.startswith("token add") else ""
        found = listed()[seen:]
        assert [each["action"] for each in found] == actions, words
        assert {each["actor"] for each in found} == {"operator"}
        seen += len(found)
    secrets = ("VIN1", "8944000000000000000", "ExponentPushToken", "password-of-eve")
    assert not [each for each in secrets if each in json.dumps(listed())]
    imported = listed("--action", "vehicle.import")
    assert [(each["owner"], each["detail"]) for each in imported] == [
        ("new", "vehicles: 2"), ("Bob", "vehicles: 1"),
    ]  # fmt: skip


def test_every_command_is_known() -> None:
    """A new command is among those that look, or among those that leave an entry."""
    noted = {tuple(words.split()[:2]) for words, _ in CHANGES}
    for name, app in APPS.items():
        for command in app.registered_commands:
            called = command.name or getattr(command.callback, "__name__", "")
            assert called in LOOKS or (name, called) in noted, (name, called)
