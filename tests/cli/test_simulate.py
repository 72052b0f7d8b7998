from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ovms.base.clock import SystemClock
from ovms.car.frames import Frame
from ovms.cli import simulate
from ovms.cli.main import cli
from ovms.cli.simulate import SIMULATIONS, Wanted


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["carriage"], "no simulation 'carriage': use one of"),
        (["./nowhere"], "or the folder of a vehicle type"),
        (["roadster", "--can", "can0"], "--can: 'can0' is not INTERFACE:CHANNEL"),
        (["roadster", "--can", "virtual:x", "--link", "x"], "--link is for the pseudo-terminal"),
        (["roadster", "--pin", "12345678901"], "--pin must be 1 to 8 digits"),
        (["roadster", "--pin", "x"], "--pin must be 1 to 8 digits"),
        (["roadster", "--vin", "SHORT"], "--vin must be 17 letters and digits"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(options: list[str], message: str) -> None:
    """What cannot be meant is refused before anything starts."""
    result = CliRunner().invoke(cli, ["vehicle-type", "simulate", *options])
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_name_that_is_taken_is_one_line_and_exit_1(tmp_path: Path) -> None:
    """A file is never replaced by the pseudo-terminal's link."""
    taken = tmp_path / "taken"
    taken.touch()
    result = CliRunner().invoke(cli, ["vehicle-type", "simulate", "roadster", "--link", str(taken)])
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert taken.is_file()


@pytest.mark.parametrize("name", SIMULATIONS)
def test_each_simulation_talks_by_itself(name: str) -> None:
    """It has something to say within some seconds, or waits to be asked, and takes a VIN."""
    car = SIMULATIONS[name](Wanted(vin="0VMSDEMR0ADSTER01", say=str))
    assert all(1 <= len(frame.data) <= 8 for now in range(60) for frame in car.poll(now))


class Looker:
    """A car that keeps at what times it was looked at, and ends the program then."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def poll(self, now: float) -> list[Frame]:
        """Be looked at."""
        self.times.append(now)
        if len(self.times) == 3:
            raise KeyboardInterrupt
        return []

    def receive(self, frame: Frame, now: float) -> list[Frame]:
        """Hear nothing."""
        return []


@pytest.mark.parametrize("where", [["--link", "{}"], ["--can", "virtual:clock"]])
def test_a_clock_that_is_set_back_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: list[str]
) -> None:
    """A machine without a clock of its own gets the time later; the car's time never goes back."""
    car, times = Looker(), iter([2e9, 1e9, 0.0, 0.0, 0.0])
    monkeypatch.setitem(simulate.SIMULATIONS, "roadster", lambda wanted: car)
    monkeypatch.setattr(SystemClock, "time", lambda self: next(times))
    options = [each.format(tmp_path / "link") for each in where]
    CliRunner().invoke(cli, ["vehicle-type", "simulate", "roadster", *options])
    assert len(car.times) == 3
    assert sorted(car.times) == car.times
    assert car.times[0] >= 2e9


def test_a_folder_with_a_mistake_is_one_line_and_exit_1(tmp_path: Path) -> None:
    """What the check would say first is told, and where to see the rest."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "vehicle.toml").write_text("car_type = 1\n")
    result = CliRunner().invoke(cli, ["vehicle-type", "simulate", str(folder)])
    assert result.exit_code == 1
    assert "vehicle.toml:1: car_type" in result.stderr or "mine.dbc" in result.stderr
    assert len(result.stderr.splitlines()) == 1
