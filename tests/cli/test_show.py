from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from ovms.app.alerts import TimedAlert
from ovms.app.snapshot import Snapshot
from ovms.cli.measures import AS_CAR, ShownUnits, find_units
from ovms.cli.show import ServerLoss, group_view, view
from ovms.protocol import Message
from ovms.protocol.records import Alert

NOW = 1_795_000_000.0
FULL = (
    Message("Z", b"1"),
    Message("F", b"3.3.005,VIN,20,1,TR,op"),
    Message("S", b"80,M,220,32,charging,range,180,163,70,300,0,57"),
    Message("D", b"133,216,4,33,39,20,40,55716,0,0,11,1,1,1"),
    Message("L", b"22.274165,114.185715,90,12,1,1"),
    Message("W", b"29.8,13,40.3,18,29,15,39.9,17,1"),
    Message("T", b"9"),
)


def known(*messages: Message) -> Snapshot:
    """Return what is known after messages that came now."""
    snapshot = Snapshot("CAR1")
    for message in messages:
        snapshot.receive(message, NOW)
    return snapshot


def written(drawing: RenderableType, width: int = 100) -> str:
    """Return what a terminal of such a width shows."""
    output = io.StringIO()
    Console(file=output, width=width).print(drawing)
    return output.getvalue()


def shown(*messages: Message, units: ShownUnits = AS_CAR, loss: ServerLoss | None = None) -> str:
    """Draw a vehicle as a terminal shows it a second later."""
    return written(view(known(*messages), NOW + 1, units, loss))


def test_everything_that_is_known_is_shown() -> None:
    """A full vehicle shows charge, ranges, doors, lock, temperatures, position and tyres."""
    text = shown(*FULL)
    for part in (
        "CAR1  online, heard 10 s ago", "80 %", "163 mi estimated, 180 mi ideal",
        "charging, range, 7 kW (220 V 32 A), 5.7 kWh, for 5 min", "5,571.6 mi, trip 4 mi",
        "left door, charge port", "bonnet, trunk", "locked, valet mode", "on, 0 mph",
        "outside 11 °C", "22.2741", "fl 29.0, fr 29.8, rl 39.9, rr 40.3 psi", "3.3.005",
        "osm.org/?mlat=22.27416&mlon=114.18572", "20 of 31 (-73 dBm), op",
    ):  # fmt: skip
        assert part in text


def test_units_of_choice() -> None:
    """The view is in the units that somebody wants."""
    text = shown(*FULL, units=find_units("metric,kpa,f"))
    for part in ("262.3 km estimated", "fl 200, fr 205", "kPa", "52 °F", "8,966.6 km"):
        assert part in text


@pytest.mark.parametrize(
    ("messages", "part"),
    [
        ((), "waiting for the server"),
        ((Message("Z", b"0"),), "CAR1  offline"),
        ((Message("Z", b"0"), Message("S", b"80")), "CAR1  offline, heard 1 s ago"),
        ((Message("Z", b"1"), Message("S", b"80")), "CAR1  online, heard 1 s ago"),
    ],
)
def test_whether_the_car_is_there(messages: tuple[Message, ...], part: str) -> None:
    """Online, offline, and not known yet are three things."""
    assert part in shown(*messages)


@pytest.mark.parametrize(
    ("after", "title", "next_try"),
    [
        (3, "CAR1  server lost 3 s ago, car heard 12 s ago", "refused; trying again in 5 s"),
        (9, "CAR1  server lost 9 s ago, car heard 18 s ago", "refused; trying again "),
        (7200, "CAR1  server lost 2 h ago, car heard 2 h ago", "refused; trying again "),
    ],
)
def test_a_lost_server_is_a_third_state(after: float, title: str, next_try: str) -> None:
    """Without the server nothing is online: how old all is counts up, and what is done is told."""
    text = written(view(known(*FULL), NOW + after, loss=ServerLoss(NOW, "refused", NOW + 8)))
    assert title in text
    assert next_try in text
    assert "online" not in text
    assert "80 %" in text


def test_a_server_that_was_never_there() -> None:
    """Who has not reached the server yet has not lost it; the whole reason is there."""
    reason = "no connection to a.long.name.example.org:6867: Connection refused"
    text = written(view(Snapshot("CAR1"), NOW + 9, loss=ServerLoss(NOW, reason, NOW + 30)), 80)
    assert "CAR1  no server for 9 s" in text
    assert f"{reason}; trying again in" in " ".join(text.replace("│", "").split())


def test_the_last_alerts_are_shown() -> None:
    """The newest stand first, each with its time, a line each."""
    snapshot = known(Message("Z", b"1"))
    assert "alerts       –" in written(view(snapshot, NOW))
    snapshot.alert_log.is_loaded = True
    assert "none in 30 days" in written(view(snapshot, NOW))
    texts = ("oldest", "older", "newer\rtwo lines", "newest \x1b[2J")
    snapshot.alert_log.merge(
        TimedAlert(NOW - 40 * 86400 + at, Alert("AIEA"[at], text)) for at, text in enumerate(texts)
    )
    text = written(view(snapshot, NOW))
    assert "oldest" not in text
    assert text.index("newest") < text.index("newer / two lines") < text.index("older")
    assert "2026-10-09" in text
    assert "\x1b" not in text


def test_other_records_are_shown_by_their_fields() -> None:
    """A record without a line of its own is shown with its meaning and what is known of it."""
    text = shown(Message("X", b"1,,230,-16"), Message("V", b"C1-7"), Message("?", b"unknown text"))
    assert "power export  " in text
    assert "voltage=230 current=-16" in text
    assert "C1-7" not in text
    assert "unknown text" not in text


def test_nothing_known_is_shown_as_such() -> None:
    """A vehicle of which nothing is known is drawn without failing, and without any number."""
    text = shown()
    assert "state of charge unknown" in text
    assert "position     –" in text
    assert not any(digit in text.replace("CAR1", "").replace("12 V", "") for digit in "0123456789")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_width_is_enough(width: int) -> None:
    """On 80 columns the whole view has no more lines than a terminal."""
    lines = written(view(known(*FULL), NOW), width).splitlines()
    assert max(map(len, lines)) <= width
    assert width < 80 or len(lines) <= 23


@given(st.lists(st.tuples(st.sampled_from("SDLFWYXVPq"), st.binary(max_size=60)), max_size=6))
def test_any_messages_can_be_drawn(messages: list[tuple[str, bytes]]) -> None:
    """Whatever a car sends, the view is drawn and holds no control characters."""
    text = shown(*(Message(code, data) for code, data in messages))
    assert all(char.isprintable() or char == "\n" for char in text)


def test_a_group_without_its_server() -> None:
    """The table of a group says, too, that the server is gone."""
    snapshot = known(Message("g", b"CAR1,RALLY,80,54,0,0,0,-1,0,0"))
    text = written(group_view(snapshot, "rally", NOW + 5, ServerLoss(NOW, "refused", NOW)))
    assert "rally  server lost 5 s ago" in text
    assert "80 %" in text
    assert "–" in text
