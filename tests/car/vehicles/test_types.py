"""Vehicle types by name, those of other people's packages among them."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ovms.base import logs
from ovms.base.plugins import BrokenPlugin
from ovms.car.vehicles import GROUP, find_type, vehicle_types
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.car.vehicles.interface import BusVehicle, CarVehicle, VehicleOptions
from ovms.car.vehicles.sim import SimCar
from ovms.cli.main import cli
from tests.plugin_package import install

CAR = """
from ovms.car.vehicles.interface import CarIdentity, CarState


class Car:
    def __init__(self, options):
        self.state = CarState(vin=options.vin)
        self.identity = CarIdentity("X", frozenset(), write_enabled=False)

    def advance(self, now): ...

    def execute(self, command, now, answer): ...


class NoIdentity(Car):
    def __init__(self, options):
        super().__init__(options)
        self.identity = "X"


class BrokenBus(Car):
    ids = frozenset()
    must_ask = False
    wake = None
    next_sending = None

    @property
    def bitrate(self):
        return 1 / self.zero

    zero = 0

    def receive(self, frame, now): ...

    def sending(self, now): ...

    def sent(self, now, problem=None): ...


def fail(options):
    raise ValueError("give a VIN")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder from which modules are imported; what it brought is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [each for each in sys.modules if each.startswith("ovms_test_")]:
        del sys.modules[name]


def add(folder: Path, number: int, *entries: str, code: str = CAR) -> None:
    """Install a package whose entry points are ``NAME = OBJECT`` of its module."""
    module = f"ovms_test_{number}"
    lines = [entry.replace(" = ", f" = {module}:") for entry in entries]
    install(folder, f"test-{number}", module, code, "\n".join([f"[{GROUP}]", *lines, ""]))


def make(name: str) -> CarVehicle:
    """Make a vehicle of a type."""
    found = find_type(name)
    assert found is not None
    return found.make(VehicleOptions(vin="V1"))


def test_our_own_types() -> None:
    """The simulator and the folders of data are found by name."""
    assert {"sim", "roadster", "obd2"} <= {each.name for each in vehicle_types()}
    assert isinstance(make("sim"), SimCar)
    assert isinstance(make("roadster"), DataVehicle)
    assert isinstance(make("roadster"), BusVehicle)
    assert find_type("tank") is None


def test_a_type_of_another_package(folder: Path) -> None:
    """It is found without being imported, and made with the options."""
    add(folder, 1, "tank = Car")
    (found,) = [each for each in vehicle_types() if each.name == "tank"]
    assert found.package == "test-1 1.2"
    assert "ovms_test_1" not in sys.modules
    made = make("tank")
    assert made.state.vin == "V1"
    assert not isinstance(made, BusVehicle)


MORE = """
str = str

def leave(options):
    raise SystemExit(4)
"""


@pytest.mark.parametrize(
    ("factory", "reason"),
    [
        ("none", "AttributeError: module 'ovms_test_1' has no attribute 'none'"),
        ("fail", "ValueError: give a VIN"),
        ("__doc__", "TypeError: the entry point must name a function of VehicleOptions"),
        ("NoIdentity", "TypeError: state must be a CarState, and identity a CarIdentity"),
        ("BrokenBus", "ZeroDivisionError: division by zero"),
        ("str", "TypeError: str lacks methods of CarVehicle"),
        ("leave", "SystemExit: 4"),
    ],
)
def test_a_broken_type_hurts_no_other(folder: Path, factory: str, reason: str) -> None:
    """It is one line that names the package; others of the same package still work."""
    add(folder, 1, f"tank = {factory}", "truck = Car", code=CAR + MORE)
    with pytest.raises(BrokenPlugin) as caught:
        make("tank")
    assert str(caught.value) == f"tank of package test-1 1.2 is broken: {reason}"
    assert make("truck").state.vin == "V1"


def test_names_are_taken_once(folder: Path) -> None:
    """A package cannot take a name that is taken: the log says so, and the first counts."""
    add(folder, 1, "sim = fail", "tank = Car")
    add(folder, 2, "tank = fail")
    stream = io.StringIO()
    logs.configure("error", "text", stream)
    names = [each.name for each in vehicle_types()]
    assert isinstance(make("sim"), SimCar)
    assert make("tank").state.vin == "V1"
    logs.configure("warning", "text")
    assert (names.count("sim"), names.count("tank")) == (1, 1)
    first, second, *_ = stream.getvalue().splitlines()
    assert "name=sim package='test-1 1.2'" in first
    assert "name=tank package='test-2 1.2'" in second


def test_a_broken_type_ends_the_car_with_one_line(folder: Path) -> None:
    """``ovms car`` names the package; an unknown name is answered with all that are known."""
    add(folder, 1, "tank = fail", "truck = Car")
    options = ["car", "--server", "h", "--vehicle", "V", "--secret", "S", "--type"]
    done = CliRunner().invoke(cli, [*options, "tank"])
    assert done.exit_code == 1
    last = done.stderr.splitlines()[-1]
    expected = "tank of package test-1 1.2 is broken: ValueError: give a VIN"
    assert last == f"ovms: vehicle type {expected}"
    done = CliRunner().invoke(cli, [*options, "bike"])
    assert done.exit_code == 2
    assert "sim, tank (test-1 1.2), truck (test-1 1.2), or" in done.stderr
