from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ovms.base import logs
from ovms.car.fleet.fleet import Fleet
from ovms.cli.car.command import car
from ovms.cli.car.fleet import OTHER_FILES, allow_connections

app = typer.Typer()
app.command()(car)

SERVER = ["--server", "127.0.0.1:1"]


@pytest.fixture
def cars(tmp_path: Path) -> Path:
    """Return a file of two cars."""
    (tmp_path / "cars.csv").write_text("vehicle,secret\nA,s\nB,s\n")
    return tmp_path / "cars.csv"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give --server"),
        ([*SERVER, "--vehicle", "A"], "--vehicle is for one car"),
        ([*SERVER, "--secret", "A"], "--secret is for one car"),
        ([*SERVER, "--secret-file", "A"], "--secret-file is for one car"),
        ([*SERVER, "--vin", "A"], "--vin is for one car"),
        ([*SERVER, "--replay", "A"], "--replay is for one car"),
        ([*SERVER, "--channel", "can0"], "--channel is for one car"),
        ([*SERVER, "--paranoid", "A"], "--paranoid is for one car"),
        ([*SERVER, "--provision", "A"], "--provision is for one car"),
        ([*SERVER, "--json"], "--json is for one car"),
        ([*SERVER, "--loop"], "--loop is for one car"),
        ([*SERVER, "--type", "roadster"], "simulated"),
        ([*SERVER, "--ramp", "-1"], "--ramp"),
        ([*SERVER, "--ramp", "nan"], "--ramp"),
        ([*SERVER, "--speed", "0"], "--speed"),
        ([*SERVER, "--speed", "inf"], "--speed"),
        ([*SERVER, "--pin", "x"], "--pin"),
        ([*SERVER, "--group", "a,b"], "--group"),
        ([*SERVER, "--log-level", "loud"], "log level"),
        ([*SERVER, "--scenario", "flight"], "use one of commute"),
        ([*SERVER, "--insecure"], "--insecure goes with --tls"),
        (["--server", "host:x"], "HOST"),
        ([*SERVER, "--owner", "me"], "--owner goes with --fleet NUMBER"),
        ([*SERVER, "--data", "d"], "--data goes with --fleet NUMBER"),
        ([*SERVER, "--phase", "1"], "--phase"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(cars: Path, options: list[str], message: str) -> None:
    """Options that make no sense with a fleet end at once with one line that names them."""
    result = CliRunner().invoke(app, ["--fleet", str(cars), *options])
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--ramp", "1"], "--ramp goes with --fleet"),
        (["--scenario", "flight"], "use one of commute, road-trip, parked, valet, theft"),
        (["--replay", str(Path(__file__).parents[3] / "src/ovms/car/vehicles/roadster/demo.csv"),
          "--scenario", "theft"], "--scenario goes with a simulated car"),
    ],
)  # fmt: skip
def test_what_goes_with_others_only(options: list[str], message: str) -> None:
    """A ramp needs a fleet, a scenario a simulated car."""
    one = [*SERVER, "--vehicle", "A", "--secret", "s"]
    result = CliRunner().invoke(app, [*one, *options])
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_wrong_file_is_one_line_with_its_number(cars: Path, tmp_path: Path) -> None:
    """What is wrong with the file ends the command with exit 1, before anybody is called."""
    cars.write_text("vehicle,secret\nA,s\nA,s\n")
    for path, message in ((cars, "cars.csv line 3: "), (tmp_path / "no.csv", "cannot be read")):
        result = CliRunner().invoke(app, ["--fleet", str(path), *SERVER])
        assert result.exit_code == 1
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_scenarios_are_listed() -> None:
    """``--scenario list`` tells names and meanings, and needs nothing else."""
    result = CliRunner().invoke(app, ["--scenario", "list"])
    assert result.exit_code == 0
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == [
        "scenario", "commute", "road-trip", "parked", "valet", "theft", "week",
    ]  # fmt: skip
    assert all(len(row) == 2 and row[1] for row in rows)


@pytest.mark.parametrize(("cars", "wanted"), [(10, None), (800, 800 + OTHER_FILES), (801, 0)])
def test_open_files_are_raised_as_far_as_they_may(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cars: int,
    wanted: int | None,
) -> None:  # fmt: skip
    """Enough are left alone, more are taken up to the hard limit; beyond it the command ends."""
    taken: list[int] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: taken.append(limits[0]))
    if wanted == 0:
        with pytest.raises(typer.Exit):
            allow_connections(cars)
        assert "801 cars need 1001 open files, 1000 are allowed" in capsys.readouterr().err
    else:
        allow_connections(cars)
    assert taken == ([wanted] if wanted else [])


def test_a_fleet_logs_in_the_format_that_is_asked_for(
    cars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lines are JSON objects if that is wanted."""

    async def run(fleet: Fleet) -> None:
        logs.get_logger("ovms.car").info("ran", cars=len(fleet.members))

    monkeypatch.setattr(Fleet, "run", run)
    words = ["--fleet", str(cars), *SERVER, "--log-format", "json"]
    result = CliRunner().invoke(app, words)
    logs.configure("info", "text")
    assert result.exit_code == 0, result.stderr
    line = json.loads(result.stderr)
    assert (line["event"], line["cars"]) == ("ran", 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fleet", "3"], "needs --owner"),
        (["--fleet", "0", "--owner", "me"], "a number from 1 to"),
        (["--fleet", "1000000000000", "--owner", "me"], "a number from 1 to"),
    ],
)
def test_a_fleet_by_number_needs_an_owner(options: list[str], message: str) -> None:
    """Without a file somebody must have the vehicles, and not too many of them."""
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
