from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ovms import __version__
from ovms.car.frames import Frame
from ovms.car.trust import Trust
from ovms.car.vehicles import RegisteredType, find_type, vehicle_types
from ovms.car.vehicles.data.encodings import ENCODINGS
from ovms.car.vehicles.data.fields import FIELDS
from ovms.car.vehicles.data.folder import read_folder
from ovms.car.vehicles.data.models import (
    AskEntry,
    BusEntry,
    CommandEntry,
    DerivedEntry,
    FrameEntry,
    LinkEntry,
    MappingEntry,
    ParameterEntry,
    SignalEntry,
    SilenceEntry,
    VehicleHeader,
)
from ovms.car.vehicles.data.problems import VehicleTypeError
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.car.vehicles.interface import BusVehicle, VehicleOptions
from ovms.cli.main import cli
from ovms.protocol.commands import Command
from ovms.protocol.records.status import KM_PER_MILE
from tests.car.frames import frames_for

PAGE = Path(__file__).parents[2] / "docs/vehicles.md"


def run(*words: str) -> Result:
    """Run ``ovms vehicle-type``."""
    return CliRunner().invoke(cli, ["vehicle-type", *words])


def example(name: str, folder: Path) -> Path:
    """Make the folder of an example of the page."""
    (folder / name).mkdir()
    for kind, file in (("dbc", f"{name}.dbc"), ("toml", "vehicle.toml")):
        pattern = rf"`{name}/{file}`[^`]*(?:`[^`\n]+`[^`]*)*```{kind}\n(.*?)```"
        (block,) = re.findall(pattern, PAGE.read_text("utf-8"), re.DOTALL)
        (folder / name / file).write_text(block, "utf-8")
    return folder / name


@pytest.fixture
def moped(tmp_path: Path) -> Path:
    """Make the folder of the page's first example."""
    return example("moped", tmp_path)


def test_the_pages_example_works(moped: Path) -> None:
    """What the page says of its example is so."""
    checked = run("check", str(moped))
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout == "moped: Electric moped (MOPED); 9 readings, 1 questions, 2 commands\n"
    page = PAGE.read_text("utf-8")
    car = DataVehicle(read_folder(moped), trust=Trust.ASK)
    (bus_id, data) = re.findall(r"frame `([0-9A-F]+)#([0-9A-F ]+)`", page)[0]
    car.receive(Frame(0, int(bus_id, 16), bytes.fromhex(data)), 0)
    state = car.state
    assert (state.soc, state.charge_state, state.temperature_battery) == (45, "charging", 20)
    assert state.speed == pytest.approx(40 * KM_PER_MILE)
    assert state.charge_limit == 16
    (sent, data) = re.findall(r"sends `([0-9A-F]+)#([0-9A-F ]+)`", page)[0]
    frames = frames_for(car, Command(20, "1234"))
    assert frames == (Frame(0, int(sent, 16), bytes.fromhex(data)),)
    assert [frame.id for frame in car.sending(1)] == [0x600]


def test_the_pages_second_example_works(tmp_path: Path) -> None:
    """A car that is read by requests is asked, let go on and read as the page says."""
    folder = example("van", tmp_path)
    checked = run("check", str(folder))
    assert checked.stdout == "van: Electric van (VAN); 5 readings, 2 questions, 0 commands\n"
    page = PAGE.read_text("utf-8")
    said = re.findall(r"`(7E4|7EC)#([0-9A-F ]+)`", page)
    assert [bus_id for bus_id, _ in said] == ["7E4", "7EC", "7E4", "7EC"]
    car = DataVehicle(read_folder(folder), trust=Trust.ASK)
    for bus_id, text in said:
        frame = Frame(0, int(bus_id, 16), bytes.fromhex(text))
        if bus_id == "7EC":
            car.receive(frame, 0)
        else:
            assert car.sending(0) == [frame]
    state = car.state
    assert (state.soc, state.battery_voltage) == (45, 370)
    assert state.battery_current == pytest.approx(27.2)
    assert (state.temperature_battery, state.is_on) == (20, True)


@pytest.mark.parametrize("name", ["./moped", "moped/", "../{here}/moped"])
def test_a_folder_may_lie_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """As the page names it; a plain word is one of our types."""
    example("moped", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert find_type(name.format(here=tmp_path.name)) is not None
    assert find_type("moped") is None


ENTRIES: list[type[MappingEntry]] = [
    VehicleHeader, LinkEntry, SignalEntry, SilenceEntry, AskEntry, CommandEntry, FrameEntry,
    ParameterEntry, DerivedEntry, BusEntry,
]  # fmt: skip


def test_the_page_names_every_key_and_encoding() -> None:
    """No key of an entry and no encoding is left out."""
    page = PAGE.read_text("utf-8")
    keys = {field.alias or name for entry in ENTRIES for name, field in entry.model_fields.items()}
    assert [key for key in keys if not re.search(rf"`\[*{key}[\]`. ]", page)] == []
    rows = [f"| `{name}` | {each.meaning} |" for name, each in ENCODINGS.items()]
    assert [row for row in rows if row not in page] == []


OWN_FOLDERS = [each for each in vehicle_types() if each.folder]


@pytest.mark.parametrize("known", OWN_FOLDERS, ids=lambda known: known.name)
def test_our_own_types_are_good(known: RegisteredType) -> None:
    """The types that come with ovms have no mistakes."""
    assert run("check", str(known.folder)).exit_code == 0
    made = known.make(VehicleOptions(vin="V1"))
    assert isinstance(made, BusVehicle)
    assert made.state.vin == "V1"


def test_mistakes_have_their_lines(moped: Path) -> None:
    """Every mistake is told with its file and line, at the end how many, with exit code 1."""
    mapping = moped / "vehicle.toml"
    text = mapping.read_text("utf-8").replace('"speed"', '"speedd"').replace("{pin:pin28}", "00")
    mapping.write_text(text, "utf-8")
    lines = text.splitlines()
    at_speed = 1 + next(at for at, line in enumerate(lines) if "speedd" in line)
    at_lock = 1 + lines.index("[commands.lock]")
    checked = run("check", str(moped))
    assert checked.exit_code == 1
    assert checked.stdout.splitlines() == [
        f"{mapping}:{at_speed}: no field 'speedd' (did you mean speed?)",
        f"{mapping}:{at_lock}: no frame carries the parameter pin "
        "(say unused = true if none should)",
    ]
    assert checked.stderr == f"ovms: {moped}: 2 problems\n"
    told = json.loads(run("check", "--json", str(moped)).stdout)
    assert [problem["line"] for problem in told] == [at_speed, at_lock]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Both files are missed."""
    checked = run("check", str(tmp_path / "none"))
    assert checked.exit_code == 1
    assert len(checked.stdout.splitlines()) == 2
    assert "vehicle.toml:1: No such file" in checked.stdout


def test_the_list() -> None:
    """What comes with ovms is listed, with how many commands each has."""
    rows = json.loads(run("list", "--json").stdout)
    assert [(row["name"], row["car_type"]) for row in rows] == [
        ("obd2", "O2"), ("roadster", "TR"), ("sim", "SIM"),
    ]  # fmt: skip
    assert {row["package"] for row in rows} == {f"ovms {__version__}"}
    assert [row["commands"] >= 10 for row in rows] == [False, True, True]
    assert all(row["description"] for row in rows)
    assert run("list").stdout.splitlines()[2].startswith("roadster\tTR\t")


def test_the_fields() -> None:
    """Every field is listed with its unit."""
    rows = json.loads(run("fields", "--json").stdout)
    assert [row["field"] for row in rows] == list(FIELDS)
    assert "soc\ta number\t%" in run("fields").stdout.splitlines()


def test_a_car_of_ones_own(moped: Path) -> None:
    """``ovms car --type`` takes a folder; one with mistakes ends it with one line."""
    found = find_type(str(moped))
    assert found is not None
    assert found.make(VehicleOptions()).identity.car_type == "MOPED"
    assert found.package == ""
    assert find_type("tank") is None
    assert find_type(str(moped.parent)) is None
    (moped / "moped.dbc").unlink()
    with pytest.raises(VehicleTypeError):
        found.make(VehicleOptions())
    options = ["--server", "h", "--vehicle", "V", "--secret", "S", "--replay", "x"]
    done = CliRunner().invoke(cli, ["car", *options, "--type", str(moped)])
    assert done.exit_code == 1
    assert done.stderr == f"ovms: {moped / 'moped.dbc'}:1: No such file or directory\n"


def test_a_new_type_passes_its_check(tmp_path: Path, moped: Path) -> None:
    """It is made once, from a DBC file, and says what to do next."""
    new = tmp_path / "mine"
    done = run("new", str(new), "--dbc", str(moped / "moped.dbc"))
    assert done.exit_code == 0, done.output
    assert f"ovms vehicle-type check {new}" in done.stdout
    assert run("check", str(new)).exit_code == 0
    assert (new / "mine.dbc").read_bytes() == (moped / "moped.dbc").read_bytes()
    again = run("new", str(new), "--dbc", str(moped / "moped.dbc"))
    assert (again.exit_code, again.stderr) == (1, f"ovms: {new} is there already\n")


def test_new_types_that_are_refused(tmp_path: Path) -> None:
    """A name that is none is wrong usage; a file that is none is told in one line."""
    assert run("new", str(tmp_path / "a b"), "--dbc", "x").exit_code == 2
    for file in ("missing.dbc", "."):
        done = run("new", str(tmp_path / "car"), "--dbc", str(tmp_path / file))
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert not (tmp_path / "car").exists()


def test_warnings_are_told(tmp_path: Path) -> None:
    """What keeps nobody from using a folder is printed with its line, and in JSON."""
    unused = Path(__file__).parents[1] / "cases" / "types" / "unused"
    done = run("check", str(unused))
    assert done.exit_code == 0
    assert f"{unused / 'unused.dbc'}:8: warning: the id of Big has more than 11 bits" in done.stdout
    assert done.stdout.rstrip().endswith("1 readings, 0 questions, 0 commands, 3 warnings")
    told = json.loads(run("check", str(unused), "--json").stdout)
    assert [(each["line"], each["severity"]) for each in told] == [
        (6, "warning"), (8, "warning"), (13, "warning"),
    ]  # fmt: skip
