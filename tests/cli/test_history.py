from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from ovms.cli import history, vehicle
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.opening import open_database
from ovms.server.values import KeptRecord, LatestMessage
from tests.server.storage.databases import apply, close, with_schema

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

NOON = 1_750_000_000  # 2025-06-15 15:06:40 UTC


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a database with the vehicle ``CAR1``."""
    monkeypatch.setenv("OVMS_DATA", str(tmp_path))
    monkeypatch.delenv("OVMS_DATABASE", raising=False)
    database = open_database(with_schema(tmp_path))
    with database.writing() as connection:
        bob = queries.add_owner(connection, "bob", 1.0)
        queries.add_vehicle(connection, "CAR1", bob, "secret", 1.0)
    return tmp_path


def _keep(folder: Path, *records: tuple[str, int, int, bytes]) -> None:
    batch, database = Batch(), open_database(folder)
    for kind, number, time, data in records:
        batch.history.put("CAR1", KeptRecord(kind, number, time, 2**40, data, None, 1.0), None)
    apply(database, batch)
    close(database)


def _run(app: typer.Typer, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def _history(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(history.history)
    result = _run(app, *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def _json(*arguments: str) -> Any:
    return json.loads(_history(*arguments, "--json"))


def test_summary(folder: Path) -> None:
    """Without a type there is a line a type, as a table, JSON or CSV."""
    _keep(folder, ("S", 0, NOON, b"80"), ("S", 1, NOON + 9, b"8"), ("D", 0, NOON, b""))
    assert _json("car1")[1] == {
        "type": "S",
        "distinct": 2,
        "total": 2,
        "size": 2 + 2 * (1 + 4 + 20) + 1,
        "oldest": "2025-06-15T15:06:40Z",
        "newest": "2025-06-15T15:06:49Z",
    }
    table = "\t".join(history.SUMMARY) + "\nD\t1\t1\t25\t"
    assert _history("car1").startswith(table)
    assert _history("car1", "--csv").startswith(table.replace("\t", ","))


def test_records(folder: Path) -> None:
    """The records of a type come oldest first, whatever their bytes are."""
    rows = [("Q", 0, NOON + 1, b"\xe9,\x1b"), ("Q", 0, NOON, b'1,"2"'), ("D", 0, NOON, b"x")]
    _keep(folder, *rows)
    one = {"type": "Q", "time": "2025-06-15T15:06:40Z", "number": 0, "value": '1,"2"'}
    two = {"type": "Q", "time": "2025-06-15T15:06:41Z", "number": 0, "value": "é,\x1b"}
    assert _json("car1", "--type", "Q") == [one, two]
    found = list(csv.DictReader(io.StringIO(_history("car1", "--type", "Q", "--csv"))))
    assert [row["value"] for row in found] == ['1,"2"', "é,\x1b"]
    assert _history("car1", "--type", "Q").splitlines() == [
        "type\ttime\tnumber\tvalue",
        'Q\t2025-06-15T15:06:40Z\t0\t1,"2"',
        "Q\t2025-06-15T15:06:41Z\t0\té,\\x1b",
    ]


@pytest.mark.parametrize(
    ("since", "numbers"),
    [("2025-06-15", [0, 1, 2]), ("2025-06-15 15:06:40", [1, 2]), ("2025-06-16", [])],
)
def test_since(folder: Path, since: str, numbers: list[int]) -> None:
    """A time leaves out what was made until then, in UTC."""
    _keep(folder, *(("S", number, NOON + number, b"") for number in range(3)))
    found = _json("car1", "--type", "S", "--since", since)
    assert [row["number"] for row in found] == numbers
    totals = [row["total"] for row in _json("car1", "--since", since)]
    assert totals == ([len(numbers)] if numbers else [])


def test_until(folder: Path) -> None:
    """A span ends with its last second, so the next one begins behind it."""
    _keep(folder, *(("S", number, NOON + number, b"") for number in range(4)))
    at = "2025-06-15T15:06:4{}Z"
    first = _json("car1", "--type", "S", "--until", at.format(1))
    second = _json("car1", "--type", "S", "--since", at.format(1), "--until", at.format(2))
    assert [[row["number"] for row in found] for found in (first, second)] == [[0, 1], [2]]
    assert [row["total"] for row in _json("car1", "--until", at.format(2))] == [3]
    assert _json("car1", "--until", "2025-06-15") == []


def test_columns(folder: Path) -> None:
    """CSV has a column a field, with its unit; what is unknown is empty."""
    _keep(folder, ("S", 0, NOON, b"80,K,0,,charging,standard,300"))
    (row,) = csv.DictReader(io.StringIO(_history("car1", "--type", "S", "--format", "csv")))
    assert row["time"] == "2025-06-15T15:06:40Z"
    assert (row["soc [%]"], row["charge_state"], row["ideal_range [km]"]) == (
        "80",
        "charging",
        "300",
    )
    assert (row["charge_current [A]"], row["soh [%]"]) == ("", "")


def test_an_owner_who_changes_units(folder: Path) -> None:
    """Distances are in one unit, whichever the car reported in at the time."""
    _keep(
        folder,
        ("D", 0, NOON - 5, b"0,0,0,0,0,0,0,1000"),
        ("S", 0, NOON, b"80,M"),
        ("D", 0, NOON, b"0,0,0,0,0,0,0,1000"),
        ("S", 0, NOON + 60, b"80,K"),
        ("D", 0, NOON + 70, b"0,0,0,0,0,0,0,1610"),
    )
    options = ("car1", "--type", "D", "--fields", "odometer", "--json")
    found = [row["fields"]["odometer"] for row in _json(*options, "--units", "km")]
    assert found == [160.934, 160.934, 161.0]
    assert _json(*options, "--units", "M")[1]["fields"] == {"odometer": 100.0}
    assert _json(*options, "--since", "2025-06-15 15:07")[0]["fields"] == {"odometer": 161.0}


def test_units_that_nobody_knows(folder: Path) -> None:
    """A distance of a car that never told its unit is unknown."""
    _keep(folder, ("D", 0, NOON, b"0,0,0,0,0,0,0,1000,50"))
    (row,) = _json("car1", "--type", "D")
    assert (row["fields"]["odometer"], row["value"]) == (None, "0,0,0,0,0,0,0,1000,50")


def test_a_unit_that_there_is_not(folder: Path) -> None:
    """A car whose status names another unit than M and K has told none; nothing is lost by it."""
    batch, database = Batch(), open_database(folder)
    batch.messages["CAR1"] = {"S": LatestMessage("S", b"80,X", NOON)}
    apply(database, batch)
    close(database)
    _keep(folder, ("S", 0, NOON, b"80,X,0,,,,100"), ("D", 0, NOON, b"0,0,0,0,0,0,0,1000"))
    (status,), (doors,) = _json("car1", "--type", "S"), _json("car1", "--type", "D")
    assert (status["fields"]["soc"], status["fields"]["ideal_range"]) == (80, None)
    assert doors["fields"]["odometer"] is None


def test_the_unit_and_the_module_of_now(folder: Path) -> None:
    """Where no status is kept the latest one names the unit; the latest F tells a PIC."""
    batch, database = Batch(), open_database(folder)
    latest = {"S": b"80,M", "F": b"3.1.4/TR2.0/V2/,VIN"}
    batch.messages["CAR1"] = {
        code: LatestMessage(code, data, NOON) for code, data in latest.items()
    }
    apply(database, batch)
    close(database)
    _keep(folder, ("L", 0, NOON, b"50,8,0,0,1,1,36,0,0,0,1500"))
    (row,) = _json("car1", "--type", "positions")
    assert (row["fields"]["speed"], row["units"]["speed"]) == (36, "mph")
    assert row["fields"]["energy_used"] == 1.5


def test_a_track(folder: Path) -> None:
    """Positions are a GPX track, without a type, too."""
    _keep(folder, ("L", 0, NOON, b"50.5,8.25,0,0,1,1"), ("L", 0, NOON + 60, b"0,0,0,0,0,-1"))
    assert _history("car1", "--format", "gpx").count("<trkpt") == 1


@pytest.mark.parametrize("pages", [0, 1, 2.5])
def test_pages(folder: Path, monkeypatch: pytest.MonkeyPatch, pages: float) -> None:
    """However many records there are, each is shown once."""
    monkeypatch.setattr(history, "PAGE", 10)
    count = int(pages * 10)
    _keep(folder, *(("S", number, NOON, b"") for number in range(count)))
    assert [row["number"] for row in _json("car1", "--type", "S")] == list(range(count))


def test_nothing() -> None:
    """A vehicle without history is no error."""
    assert _history("car1") == _history("car1", "--type", "S") == "nothing\n"
    assert _json("car1") == _json("car1", "--type", "S") == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["none"], 1), (["car1", "--since", "soon"], 2), (["car1", "--csv", "--json"], 2)],
)
def test_refused(arguments: list[str], code: int) -> None:
    """An unknown vehicle fails; a time that is none, or two formats, are wrong usage."""
    app = typer.Typer()
    app.command()(history.history)
    result = _run(app, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")


def test_vehicle_log() -> None:
    """How long telemetry is kept is shown, changed one by one, and given back to the settings."""

    def told(*options: str) -> str:
        return _run(vehicle.app, "log", "car1", *options).stdout

    default = "as the server's settings say"
    assert told() == f"vehicle CAR1: telemetry {default}, positions {default}\n"
    assert told("--days", "90").endswith(f"telemetry 90 days, positions {default}\n")
    assert told("--positions", "off").endswith("telemetry 90 days, positions off\n")
    shown = {"id": "CAR1", "days": 90, "positions": 0, "journeys": True}
    assert json.loads(told("--json")) == shown
    assert told("--no-journeys").endswith("positions off, no journeys\n")
    assert told("--journeys").endswith("positions off\n")
    assert told("--days", "default", "--positions", "1").endswith(
        f"telemetry {default}, positions 1 day\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["car1", "--days", "-1"], 2),
        (["car1", "--positions", "x"], 2),
        (["car1", "--days", "36501"], 1),
        (["none"], 1),
    ],
)
def test_vehicle_log_refused(arguments: list[str], code: int) -> None:
    """What is no number of days, too many, or an unknown vehicle is refused."""
    assert _run(vehicle.app, "log", *arguments).exit_code == code
