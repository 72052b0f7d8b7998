from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.settings import BadValue, ModuleSettings
from ovms.car.shell import LONGEST_TEXT, TABLE, ShellContext, ShellError, run
from ovms.car.state import CarState, Topic
from ovms.car.usage import DataUse
from ovms.car.vehicles.sim import SimCar
from ovms.protocol.records.environment import Doors1


@pytest.fixture
def scene() -> ShellContext:
    """Return a car that knows a little, and settings."""
    state = CarState(soc=64, latitude=48.5, longitude=11.25, altitude=480, direction=90,
                     gps_lock=True)  # fmt: skip
    state.updated[Topic.POSITION] = 0
    usage = DataUse()
    usage.look(CarState(doors_1=Doors1(0)), 0, 0)
    usage.note_sent(3000)
    usage.note_received(500)
    usage.look(CarState(doors_1=Doors1(0)), 0, 3600)
    return ShellContext(
        state, ModuleSettings({2: "K", 3: "SMS,IP", 9: "secret", 31: "1"}), 10, usage
    )


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("help", "\r".join(command.usage for command in TABLE.values())),
        ("stat", "Charge state unknown\rSOC: 64 %"),
        ("  stat  ", "Charge state unknown\rSOC: 64 %"),
        ("location", "48.500000 11.250000\rAltitude: 480 m\rDirection: 90 degrees"),
        ("data", "parked: 1.0 h; sent 3.0 kB; received 0.5 kB; 3.5 kB an hour"),
        ("metrics list v.b", "v.b.soc: 64 %"),
        ("metrics  list nonsense", "No such metric is known"),
        ("config list", "2 miles / kilometer flag: K\r3 notification method list: SMS;IP\r"
         "9 network password: *"),
        ("config get 9", "9 network password: *"),
        ("config get 13", "13 unnamed: "),
        ("config set 12 my friends", "12 group 2: my friends"),
        ("config get 31", "15 CAN write enabled: 1"),
        ("config set 2 M", "2 miles / kilometer flag: M"),
        ("config set 3 a b  c ", "3 notification method list: a b  c"),
        ("config set 3", "3 notification method list: SMS;IP"),
        ("config set 25 20", "9 minimum SOC: 20"),
        ("feature 9", "9 minimum SOC: 0"),
        ("feature 8 5", "8 location stream: 5"),
        ("feature 1 5", "1: 5"),
    ],
)  # fmt: skip
def test_each_text_command_answers(scene: ShellContext, text: str, answer: str) -> None:
    """In lines that end with CR, without a comma; passwords are not shown."""
    assert run(text, scene) == answer


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rm -rf /", "Unknown command"),
        ("", "Unknown command"),
        ("   ", "Unknown command"),
        ("metrics", "Unknown command"),
        ("Stat", "Unknown command"),
        ("config", "Unknown command"),
        ("config drop", "Unknown command"),
        ("stat now", "Usage: stat"),
        ("data parked", "Usage: data"),
        ("location 1 2 3", "Usage: location"),
        ("config get", r"Usage: config get NUMBER"),
        ("config set", r"Usage: config set NUMBER"),
        ("config get x", "parameter must be a number from 0 to 31"),
        ("config set 32 x", "parameter must be"),
        ("feature 16", "feature must be"),
    ],
)
def test_what_makes_no_sense_is_told(scene: ShellContext, text: str, problem: str) -> None:
    """An unknown command, the wrong number of words, a number that is none."""
    with pytest.raises(ShellError, match=problem):
        run(text, scene)


@pytest.mark.parametrize(
    "text", ["config set 2 X", "feature 9 101", "feature 9 1 2", "config set 9 *"]
)
def test_what_cannot_be_set_is_told(scene: ShellContext, text: str) -> None:
    """As for commands 2 and 4, and nothing changes."""
    with pytest.raises(BadValue):
        run(text, scene)
    assert scene.settings.changed == {}


def test_features_are_listed(scene: ShellContext) -> None:
    """All sixteen, with what they do where they do something."""
    lines = run("feature", scene).split("\r")
    assert len(lines) == 16
    assert lines[15] == "15 CAN write enabled: 1"


def test_a_position_may_be_old_or_missing(scene: ShellContext) -> None:
    """The last known one is called so; without any there is none."""
    old = ShellContext(scene.state, scene.settings, 1e6)
    assert run("location", old).startswith("48.500000 11.250000 (last known)")
    scene.state.latitude = None
    assert run("location", scene) == "No position"
    scene.state.latitude, scene.state.altitude, scene.state.direction = 1.0, None, None
    assert run("location", scene) == "1.000000 11.250000"


def test_a_long_answer_is_cut_at_a_line_and_says_so() -> None:
    """As many whole lines as there is room for, then how many are missing."""
    scene = ShellContext(SimCar(start=0, seed=1).state, ModuleSettings({}), 0)
    lines = run("metrics list", scene).split("\r")
    assert lines[-1].startswith("... ")
    missing = int(lines[-1].split()[1])
    whole = [run(f"metrics list {line.split(':')[0]}", scene) for line in lines[:-1]]
    assert all(line in text for line, text in zip(lines, whole, strict=False))
    assert len(lines) - 1 + missing > 55


@given(st.lists(st.text(max_size=200), max_size=40))
def test_no_answer_is_too_long(values: list[str]) -> None:
    """However long what is set is, in whatever letters."""
    settings = ModuleSettings({})
    for number, value in enumerate(values):
        try:
            settings.set_parameter(number % 32, value)
        except BadValue:
            continue
    scene = ShellContext(CarState(vin="V" * 1000), settings, 0)
    for text in ("config list", "metrics list"):
        answer = run(text, scene)
        assert len(answer.encode()) <= LONGEST_TEXT
        assert not set(answer) & set(",\n")
