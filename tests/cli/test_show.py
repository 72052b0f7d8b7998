from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ovms.app.snapshot import Snapshot
from ovms.cli.show import view
from ovms.protocol import Message

NOW = 1_795_000_000.0
FULL = (
    Message("Z", b"1"),
    Message("F", b"3.3.005,VIN,20,1,TR,op"),
    Message("S", b"80,M,220,32,charging,range,180,163,70,5,0,57"),
    Message("D", b"133,216,4,33,39,20,40,55716,0,0,11"),
    Message("L", b"22.274165,114.185715,90,12,1,1"),
    Message("W", b"29.8,13,40.3,18,29,15,39.9,17,1"),
    Message("T", b"9"),
)


def shown(*messages: Message) -> str:
    """Draw a vehicle as a terminal shows it."""
    snapshot = Snapshot("CAR1")
    for message in messages:
        snapshot.receive(message, NOW)
    output = io.StringIO()
    Console(file=output, width=100).print(view(snapshot, NOW + 1))
    return output.getvalue()


def test_everything_that_is_known_is_shown() -> None:
    """A full vehicle shows charge, ranges, doors, lock, temperatures, position and tyres."""
    text = shown(*FULL)
    for part in (
        "CAR1  online, heard 10 s ago", "80 %", "163 mi estimated, 180 mi ideal",
        "charging, range, 220 V 32 A, 5.7 kWh", "5571.6 mi, trip 4 mi", "left door, charge port",
        "bonnet, trunk", "locked, valet mode, car on", "outside 11 °C", "22.2741",
        "29 29.8 39.9 40.3 psi", "3.3.005",
    ):  # fmt: skip
        assert part in text


def test_other_records_are_shown_by_their_fields() -> None:
    """A record without a line of its own is shown with its meaning and what is known of it."""
    text = shown(Message("X", b"1,,230,-16"), Message("V", b"C1-7"), Message("?", b"unknown text"))
    assert "power export  " in text
    assert "voltage=230 current=-16" in text
    assert "C1-7" not in text
    assert "unknown text" not in text


def test_nothing_known_is_shown_as_such() -> None:
    """A vehicle of which nothing is known is drawn without failing."""
    text = shown()
    assert "offline" in text
    assert "state of charge unknown" in text
    assert "position" in text


@given(st.lists(st.tuples(st.sampled_from("SDLFWYXVq"), st.binary(max_size=60)), max_size=6))
def test_any_messages_can_be_drawn(messages: list[tuple[str, bytes]]) -> None:
    """Whatever a car sends, the view is drawn and holds no control characters."""
    text = shown(*(Message(code, data) for code, data in messages))
    assert all(char.isprintable() or char == "\n" for char in text)
