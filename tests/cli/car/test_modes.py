"""What options ask for: one object a mode, which holds what that mode needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from structlog.testing import capture_logs

from ovms.car.parameters import split
from ovms.car.reports import Units
from ovms.car.trust import Trust
from ovms.cli.car.fleet import A_SECOND, FleetMode
from ovms.cli.car.identity import ModuleIdentity
from ovms.cli.car.modes import BusMode, ProvisionMode, ReplayMode, SimulationMode
from ovms.cli.car.options import CarOptions
from ovms.cli.car.parse import parse

DEMO = Path(__file__).parents[3] / "src/ovms/car/vehicles/roadster/demo.csv"
CASES = Path(__file__).parents[2] / "cases"
WHO = ModuleIdentity("host", "CAR", "s", Units.KILOMETRES, None)
RECORD = split("- - M - example.org - - - OTHER netpw")


@pytest.fixture(autouse=True)
def _no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OVMS_SECRET", "OVMS_PARANOID"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def options(**given: Any) -> CarOptions:
    """Return the options of a car that knows who it is, and others."""
    return CarOptions(**{"server": "host", "vehicle": "CAR", "secret": "s", "units": "K", **given})


def test_a_simulation() -> None:
    """Without more it is a simulated car, with an identity and a pace."""
    mode = parse(options(speed=60.0, group="TRACK", websocket=True))
    assert isinstance(mode, SimulationMode)
    assert (mode.identity, mode.speed) == (WHO, 60.0)
    assert (mode.setup.kind, mode.setup.group, mode.setup.websocket) == ("sim", "TRACK", True)
    assert (mode.setup.tls, mode.setup.state, mode.setup.modem) == (None, None, None)
    assert mode.setup.can_restart


def test_a_replay() -> None:
    """A recording is a Roadster's unless told."""
    mode = parse(options(replay=DEMO, speed=0.0, loop=True))
    assert isinstance(mode, ReplayMode)
    assert (mode.recording.path, mode.speed, mode.loop) == (DEMO, 0.0, True)
    assert (mode.identity, mode.setup.kind) == (WHO, "roadster")


def test_a_bus() -> None:
    """A bus has the bitrate of the vehicle type unless told, and trust as far as told."""
    mode = parse(options(can=["virtual:x"], kind="roadster", can_option=["a=1"]))
    assert isinstance(mode, BusMode)
    (place,) = mode.places
    assert (str(place), place.options, mode.trust) == (
        "virtual:x", {"a": 1}, Trust.LISTEN,
    )  # fmt: skip
    assert place.bitrate == mode.vehicle.bitrate is not None
    mode = parse(
        options(can=["virtual:x"], kind="roadster", can_bitrate=125_000, can_trust="write")
    )
    assert isinstance(mode, BusMode)
    assert (mode.places[0].bitrate, mode.trust) == (125_000, Trust.WRITE)


TWO_BUSES = """\
car_type = "TWO"
description = "A car with two buses"
bus = "power"
bitrate = 500_000
[buses.body]
messages = ["Locks"]
bitrate = 125_000
[signals]
Soc = { field = "soc" }
IsLocked = { field = "doors_2.locked" }
"""


@pytest.fixture
def two_buses(tmp_path: Path) -> str:
    """Return the folder of a type with two buses."""
    folder = tmp_path / "two"
    folder.mkdir()
    (folder / "two.dbc").write_bytes((CASES / "types/moped/moped.dbc").read_bytes())
    (folder / "vehicle.toml").write_text(TWO_BUSES)
    return str(folder)


def test_two_buses(two_buses: str) -> None:
    """Each has the name and the bitrate that the vehicle type has for it."""
    mode = parse(options(can=["body=virtual:x=y", "power=virtual:z"], kind=two_buses))
    assert isinstance(mode, BusMode)
    assert [(place.bus, str(place), place.bitrate) for place in mode.places] == [
        ("body", "virtual:x=y", 125_000), ("power", "virtual:z", 500_000),
    ]  # fmt: skip
    assert mode._make_bus().name == "body=virtual:x=y power=virtual:z"


@pytest.mark.parametrize(
    ("can", "reason"),
    [
        (["virtual:x"], "which bus is virtual:x? --can BUS=virtual:x: the vehicle type names body"),
        (["body=virtual:x", "virtual:y"], "which bus is virtual:y?"),
        (["body=virtual:x", "other=virtual:y"], "names no bus other: it names body, power"),
        (["body=virtual:x", "body=virtual:y"], "each bus needs a name of its own"),
        (["body=virtual"], "'virtual' is not INTERFACE:CHANNEL"),
    ],
)
def test_buses_without_their_names_are_refused(
    two_buses: str, can: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says which names there are."""
    with pytest.raises(typer.Exit) as caught:
        parse(options(can=can, kind=two_buses))
    assert caught.value.exit_code == 2
    assert reason in capsys.readouterr().err


def test_two_buses_of_a_type_that_names_none(capsys: pytest.CaptureFixture[str]) -> None:
    """They need names, and frames of both count; that is told."""
    with pytest.raises(typer.Exit):
        parse(options(can=["virtual:x", "virtual:y"], kind="roadster"))
    assert "each needs a name of its own" in capsys.readouterr().err
    with capture_logs() as logs:
        mode = parse(options(can=["a=virtual:x", "b=virtual:y"], kind="roadster"))
    assert isinstance(mode, BusMode)
    assert [place.bus for place in mode.places] == ["a", "b"]
    assert [entry["buses"] for entry in logs] == ["a, b"]


def test_a_folder_without_a_slash_is_told_with_one(
    two_buses: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plain word is the name of a type, and the line says how to name the folder."""
    monkeypatch.chdir(Path(two_buses).parent)
    with pytest.raises(typer.Exit):
        parse(options(replay=DEMO, kind="two"))
    assert "no vehicle type 'two': write ./two for the folder" in capsys.readouterr().err


def test_a_channel_goes_with_a_recording(capsys: pytest.CaptureFixture[str]) -> None:
    """Without one it is wrong usage, as is a bus that the vehicle type does not name."""
    wrong: list[dict[str, Any]] = [{}, {"replay": DEMO, "channel": ["body=can0"]}]
    for given in wrong:
        with pytest.raises(typer.Exit) as caught:
            parse(options(**{"channel": ["can0"], **given}))
        assert caught.value.exit_code == 2
        assert "--channel" in capsys.readouterr().err


def test_a_fleet(tmp_path: Path) -> None:
    """Its cars are read, and their pace follows from their number unless told."""
    file = tmp_path / "cars.csv"
    file.write_text("vehicle,secret\nA,s\nB,s\n")
    mode = parse(CarOptions(server="host:7000", fleet=file, units="K", scenario="valet"))
    assert isinstance(mode, FleetMode)
    assert [(car.vehicle, car.scenario, car.units) for car in mode.entries] == [
        ("A", "valet", Units.KILOMETRES), ("B", "valet", Units.KILOMETRES),
    ]  # fmt: skip
    assert (mode.place, mode.ramp, mode.speed) == (("host", 7000), 2 / A_SECOND, 1.0)
    again = parse(CarOptions(server="host:7000", fleet=file, ramp=9.0, speed=10.0))
    assert isinstance(again, FleetMode)
    assert (again.ramp, again.speed) == (9.0, 10.0)


def test_provisioning() -> None:
    """It asks at its own place, and the car that follows is the one that the answer tells."""
    asked = CarOptions(provision="where:1", vin="VIN", iccid="89", json=True)
    mode = parse(asked)
    assert isinstance(mode, ProvisionMode)
    assert (mode.question.place, mode.question.vin, mode.question.iccid) == (
        ("where", 1), "VIN", "89",
    )  # fmt: skip
    assert mode.json
    assert "89" not in repr(mode)
    assert mode.go_on is None
    mode = parse(CarOptions(provision="where", vin="VIN", iccid="89", run=True, replay=DEMO))
    assert isinstance(mode, ProvisionMode)
    assert mode.go_on is not None
    car = mode.go_on(RECORD)
    assert isinstance(car, ReplayMode)
    assert (car.identity.server, car.identity.vehicle) == ("example.org", "OTHER")
    assert not car.setup.can_restart


def test_what_is_kept_is_part_of_it(tmp_path: Path) -> None:
    """Parameters that were set by command fill what no option tells."""
    (tmp_path / "parameters.json").write_text('{"4": "kept.example", "8": "KEPT", "9": "hidden"}')
    mode = parse(CarOptions(state=tmp_path))
    assert isinstance(mode, SimulationMode)
    assert (mode.identity.server, mode.identity.secret) == ("kept.example", "hidden")
    assert mode.setup.parameter_file is not None
    assert mode.setup.can_restart
    assert "hidden" not in repr(mode.identity)


def test_a_modem() -> None:
    """A modem is made when there is a port for it."""
    mode = parse(options(modem="/dev/ttyUSB2", modem_baud=9600))
    assert isinstance(mode, SimulationMode)
    assert mode.setup.modem is not None
