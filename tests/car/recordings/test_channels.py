"""Which channels of a recording are read, and what is told about others."""

from __future__ import annotations

from pathlib import Path

import pytest

from ovms.car.recordings.channels import ChannelError, find_channel
from ovms.car.recordings.errors import RecordingError
from ovms.car.recordings.recording import LOOKED_AT, Recording

TWO = Path(__file__).parents[2] / "cases" / "logs" / "twobus.log"


def choose(
    path: Path, *given: str, buses: frozenset[str] = frozenset()
) -> tuple[list[tuple[str, int]], list[str]]:
    """Return channel and id of each frame that is read, and what is told."""
    told: list[str] = []
    recording = Recording(path, note=told.append)
    recording.choose(given, buses)
    return [(frame.channel, frame.id) for frame in recording.frames()], told


def test_a_channel_is_chosen() -> None:
    """Only its frames are read, and nothing is told."""
    assert choose(TWO, "can0") == ([("can0", 0x201)], [])
    assert choose(TWO, "CAN1") == ([("can1", 0x201), ("can1", 0x202)], [])
    assert choose(TWO, "1", "0")[1] == []


def test_several_buses_are_told_once() -> None:
    """Without a choice all frames are read, and the warning says which buses there are."""
    frames, told = choose(TWO)
    assert len(frames) == 3
    assert len(told) == 1
    assert "2 buses are in it (can0, can1)" in told[0]
    assert "--channel" in told[0]


def test_a_bus_that_comes_late_is_told(tmp_path: Path) -> None:
    """One that is not among the first frames is told when it comes, and can be chosen."""
    path = tmp_path / "late.log"
    path.write_text("(1.0) can0 100#11\n" * LOOKED_AT + "(1.0) can1 200#22\n" * 2)
    frames, told = choose(path)
    assert len(frames) == LOOKED_AT + 2
    assert len(told) == 1
    assert f"late.log:{LOOKED_AT + 1}: " in told[0]
    assert "can1" in told[0]
    assert choose(path, "can1") == ([("can1", 0x200)] * 2, [])


def test_a_channel_that_is_not_there_is_refused() -> None:
    """The error says which there are."""
    with pytest.raises(RecordingError, match=r"can7 is in it: can0, can1$"):
        choose(TWO, "can7")


@pytest.mark.parametrize(
    ("given", "buses", "expected"),
    [
        ((), {"can0"}, ["can0", "can1", "can1"]),
        ((), {"can1", "can0"}, ["can0", "can1", "can1"]),
        (("can1",), {"body"}, ["body", "body"]),
        (("body=can1",), {"body", "power"}, ["body", "body"]),
        (("body=can1", "power=can0"), {"body", "power"}, ["power", "body", "body"]),
        (("can1",), {"can1", "can2"}, ["can1", "can1"]),
    ],
)
def test_the_buses_of_a_type_are_its_channels(
    given: tuple[str, ...], buses: set[str], expected: list[str]
) -> None:
    """A bus is the channel of its name, or the one that is said to be it."""
    frames, told = choose(TWO, *given, buses=frozenset(buses))
    assert [channel for channel, _ in frames] == expected
    assert told == []


def test_the_only_channel_is_the_only_bus(tmp_path: Path) -> None:
    """With one of each there is nothing to choose."""
    path = tmp_path / "one.log"
    path.write_text("(1.0) can0 100#11\n")
    assert choose(path, buses=frozenset({"body"})) == ([("body", 0x100)], [])


def test_a_channel_is_one_bus() -> None:
    """The same channel cannot be two buses, of which one would read nothing without a word."""
    both = frozenset({"power", "body"})
    with pytest.raises(ChannelError, match="can0 cannot be bus power and bus body"):
        choose(TWO, "power=can0", "body=can0", buses=both)
    assert choose(TWO, "power=can0", "power=0", buses=both) == ([("power", 0x201)], [])


def test_a_channel_that_may_be_the_missing_bus_is_told(tmp_path: Path) -> None:
    """Where only some channels are called as buses are, the others are named in a warning."""
    path = tmp_path / "some.log"
    path.write_text("(1.0) body 100#11\n(1.0) other 200#22\n")
    _, told = choose(path, buses=frozenset({"body", "power"}))
    assert [text.split(": ", 1)[1] for text in told] == [
        "no channel of it is bus power, and other is not read: --channel power=other?"
    ]
    assert choose(path, buses=frozenset({"body"}))[1] == []


def test_buses_that_no_channel_is_are_refused() -> None:
    """The error says how to say which is which."""
    with pytest.raises(
        RecordingError, match=r"reads bus body.* can0, can1: .*--channel body=can0$"
    ):
        choose(TWO, buses=frozenset({"body"}))


@pytest.mark.parametrize(
    ("given", "buses", "reason"),
    [
        ("body=can0", set(), "names no bus body: it names none"),
        ("body=can0", {"power"}, "names no bus body: it names power"),
        ("can0", {"power", "body"}, "BUS=can0, with BUS one of body, power"),
        ("", set(), "is not .BUS=.CHANNEL"),
        ("body=", {"body"}, "is not .BUS=.CHANNEL"),
    ],
)
def test_a_choice_that_does_not_fit_the_type_is_refused(
    given: str, buses: set[str], reason: str
) -> None:
    """A bus must be one that the type names, and must be named if there are several."""
    with pytest.raises(ChannelError, match=reason):
        choose(TWO, given, buses=frozenset(buses))


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("can2", ["2", "CAN2"], "CAN2"),
        ("can2", ["1", "2"], "2"),
        ("2", ["can1", "can2"], "can2"),
        ("2", ["can12", "vcan2"], "vcan2"),
        ("body", ["can0"], None),
        ("3", ["can1"], None),
    ],
)
def test_a_channel_is_found_by_name_or_number(
    name: str, known: list[str], found: str | None
) -> None:
    """Case does not count, and a number is enough."""
    assert find_channel(name, known) == found
