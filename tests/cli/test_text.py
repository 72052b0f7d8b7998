from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.app.snapshot import Seen
from ovms.cli.text import duration, message_line
from ovms.protocol import Message
from ovms.protocol.codes import parse_content

NOW = 1_795_000_000.0


def line(message: Message) -> str:
    """Return a message as the log shows it."""
    return message_line(Seen(message, NOW, parse_content(message)))


@given(st.characters(max_codepoint=255), st.binary(max_size=60))
def test_a_line_is_a_line(code: str, data: bytes) -> None:
    """No message brings control characters or a second line to the terminal."""
    assert line(Message(code, data)).isprintable()


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (Message("Z", b"1"), "Z count=1"),
        (Message("S", b"80,K"), "S soc=80 units=K"),
        (Message("D", b"1"), "D doors_1=1 left_door=yes"),
        (Message("q", b"\xffx\x1b[31m"), "q ÿx\\x1b[31m"),
        (Message("T", b"0,a,b"), "T age=0 extra=a,b"),
    ],
)
def test_lines_name_what_is_known(message: Message, text: str) -> None:
    """A message is its time, its code, and its fields by name."""
    assert line(message).startswith(f"2026-11-18T11:06:40Z {text}")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"),
     (172800, "2 d")],
)  # fmt: skip
def test_durations_are_in_the_largest_fitting_unit(seconds: float, text: str) -> None:
    """People read minutes, hours and days."""
    assert duration(seconds) == text
