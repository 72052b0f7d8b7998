"""A vehicle type of another package, by the program."""

from __future__ import annotations

from pathlib import Path

from tests.car.vehicles.test_types import CAR
from tests.plugin_package import install
from tests.programs.conftest import Start


def test_a_car_of_another_package(start: Start, tmp_path: Path) -> None:
    """The program finds the type by the package's metadata, runs it and names the package."""
    entries = "[ovms.vehicle_types]\ntank = ovms_test_tank:Car\n"
    install(tmp_path, "ovms-tank", "ovms_test_tank", CAR, entries)
    options = ["--server", "127.0.0.1:1", "--vehicle", "V", "--secret", "S", "--type", "tank"]
    program = start("car", *options, env={"PYTHONPATH": str(tmp_path)}, executed=True)
    assert "name=tank package='ovms-tank 1.2'" in program.wait_for("vehicle type")
    program.wait_for("no connection")
    assert program.stop() == 0
