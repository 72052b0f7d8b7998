from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ovms.cli import owner, share, vehicle
from tests.server.storage.databases import with_schema

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVMS_DATA", str(with_schema(tmp_path)))
    for name in ("OVMS_PASSWORD", "OVMS_SECRET", "OVMS_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("Bob", "Alice"):
        assert CliRunner().invoke(owner.app, ["add", name]).exit_code == 0
    for name in ("CAR1", "CAR2"):
        assert CliRunner().invoke(vehicle.app, ["add", name, "--owner", "bob"]).exit_code == 0


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(share.app, arguments)


def _good(*arguments: str) -> str:
    result = _run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def _listed(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_good("list", "--json", *arguments))
    return found


def test_add() -> None:
    """A vehicle is shared with the rights that are named, and those that they include."""
    assert _good("add", "car1", "alice") == "vehicle CAR1 shared with Alice: view\n"
    said = _good("add", "car1", "alice", "--rights", "pin, location", "--until", "2100-01-31")
    assert said == (
        "vehicle CAR1 shared with Alice until 2100-01-31T00:00:00Z: view,location,command,pin\n"
    )
    (listed,) = _listed()
    assert listed.pop("created").endswith("Z")
    assert listed == {
        "vehicle": "CAR1",
        "owner": "Alice",
        "rights": ["view", "location", "command", "pin"],
        "until": "2100-01-31T00:00:00Z",
    }


def test_list() -> None:
    """All shares, or those of a vehicle or with an owner, as a table too."""
    _good("add", "CAR1", "alice", "--until", "3d")
    made = json.loads(_good("add", "CAR2", "alice", "--json"))
    assert [each["vehicle"] for each in _listed("--owner", "alice")] == ["CAR1", "CAR2"]
    assert _listed("--owner", "bob") == []
    assert _listed("--vehicle", "car2") == [made]
    rows = [line.split("\t") for line in _good("list").splitlines()]
    assert rows[0] == ["vehicle", "owner", "rights", "until", "created"]
    assert [row[:3] for row in rows[1:]] == [["CAR1", "Alice", "view"], ["CAR2", "Alice", "view"]]
    assert rows[2][3] == "never"


def test_remove() -> None:
    """A share ends, once, and only when that is meant."""
    _good("add", "CAR1", "alice")
    assert _run("remove", "CAR1", "alice").exit_code != 0
    assert len(_listed()) == 1
    assert _good("remove", "car1", "alice", "--yes") == "vehicle CAR1 no longer shared with Alice\n"
    assert _listed() == []
    again = _run("remove", "CAR1", "alice", "--yes")
    assert (again.exit_code, again.stderr) == (1, "ovms: vehicle CAR1 is not shared with Alice\n")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("CAR1", "alice", "--rights", "view,drive"), 2, "there is no right 'drive'"),
        (("CAR1", "alice", "--until", "soon"), 2, "'soon' is no time"),
        (("CAR1", "alice", "--until", "2020-01-01"), 2, "2020-01-01 is over"),
        (("CAR1", "alice", "--until", "now"), 2, "now is over"),
        (("CAR1", "alice", "--until", "9999-01-01"), 1, "within a hundred years"),
        (("CAR1", "bob"), 1, "is Bob's own"),
        (("CAR1", "eve"), 1, "there is no owner eve"),
        (("CAR9", "alice"), 1, "CAR9"),
    ],
)
def test_nonsense(arguments: tuple[str, ...], code: int, says: str) -> None:
    """What cannot be shared so is one line that says why."""
    result = _run("add", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert _listed() == []
