from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol.records.environment import Doors3, Doors4
from ovms.protocol.records.kinds import Bits, Flag, Hex, Kind, Number, Text

READ: list[tuple[Kind, str, Any]] = [
    (Number(), "80", 80),
    (Number(), "-1", -1),
    (Number(), "+1", 1),
    (Number(), "007", 7),
    (Number(), "1.", 1.0),
    (Number(), ".5", 0.5),
    (Number(), "1.5e3", 1500.0),
    (Number(), "999999999999999", 999999999999999),
    (Number(), "9999999999999999", 1e16),
    (Number(), "9" * 308, float("9" * 308)),
    (Number(), "9" * 309, None),
    (Number(scale=10), "1234", 123.4),
    (Number(scale=10), "12.5", 1.25),
    *(
        (Number(), text, None)
        for text in (
            *("", ".", "-", "--1", "e5", "1e", "1e1000", "9" * 400, "nan", "inf", "Infinity"),
            *("1,5", "1_0", "0x10", " 1", "1 ", "1\n", "٣", "½"),
        )
    ),
    (Hex(), "1a", 26),
    (Hex(), "F" * 15, 16**15 - 1),
    *((Hex(), text, None) for text in ["", "F" * 16, "0x1", "-1", "g", " 1", "1_0"]),
    (Flag(), "1", True),
    (Flag(), "0", False),
    (Flag(), "-1", False),
    (Flag(), "5", True),
    *((Flag(), text, None) for text in ["", "yes", "1.0", "1" * 16]),
    (Bits(Doors3), "0", Doors3(0)),
    (Bits(Doors3), "255", Doors3(255)),
    *((Bits(Doors3), text, None) for text in ["", "256", "-1", "0x1", "1.0", "9" * 5000]),
    (Text(), "", None),
    (Text(), " ", " "),
    (Text(("a",)), "b", "b"),
]

WRITTEN: list[tuple[Kind, Any, str]] = [
    (Number(), 80, "80"),
    (Number(), 79.6, "80"),
    (Number(), -0.4, "0"),
    (Number(), -0.6, "-1"),
    (Number(places=2), -0.004, "0.00"),
    (Number(places=2), -0.04, "-0.04"),
    (Number(places=6), 22.274165, "22.274165"),
    (Number(places=1), 100, "100.0"),
    (Number(), 999999999999999, "999999999999999"),
    (Number(scale=10), 123.4, "1234"),
    (Number(scale=10), 0.05, "0"),
    (Hex(), 26, "1A"),
    (Hex(), 0, "0"),
    (Flag(), True, "1"),
    (Flag(), False, "0"),
    (Bits(Doors4), Doors4.ALARM_SENT, "2"),
    (Bits(Doors4), Doors4(0xFF), "255"),
    (Text(), "a,b\r\nc\nd\re", "a;b\rc\rd\re"),
]


@pytest.mark.parametrize(("kind", "text", "value"), READ)
def test_parse(kind: Kind, text: str, value: object) -> None:
    """Text of its kind is read, any other is ``None``."""
    read = kind.parse(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(("kind", "value", "text"), WRITTEN)
def test_encode(kind: Kind, value: object, text: str) -> None:
    """A value is written in one way, whole and without harm to the record."""
    assert kind.encode(value) == text


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_whole_numbers(value: int) -> None:
    """Whole numbers up to 15 digits are exact."""
    assert Number().parse(Number().encode(value)) == value
    assert isinstance(Number().parse(Number().encode(value)), int)


@given(st.text() | st.from_regex(r"\A[+-]?[0-9]*\.?[0-9]*([eE][+-]?[0-9]*)?\Z"))
def test_numbers_are_finite(text: str) -> None:
    """Whatever is read as a number is finite, and Python reads it the same."""
    value = Number().parse(text)
    if value is not None:
        assert math.isfinite(value)
        assert value == float(text)


def test_bits_without_names() -> None:
    """Bits that have no name are kept."""
    assert Bits(Doors3).encode(Doors3(0x3C)) == "60"


def test_bits_of_several() -> None:
    """A member of several bits is set when any of them is."""
    assert [bool(Doors4(value) & Doors4.ALARM) for value in (0, 1, 2, 4, 6, 8)] == [
        False, False, True, True, True, False,
    ]  # fmt: skip


def test_descriptions() -> None:
    """Every kind says in a few words what it is."""
    kinds: list[Kind] = [
        Number(),
        Number(10),
        Hex(),
        Flag(),
        Bits(Doors3),
        Text(),
        Text(("M", "K")),
    ]
    assert [kind.describe() for kind in kinds] == [
        "number", "number in 1/10", "hexadecimal number", "0 or 1", "byte of bits", "text",
        "text: M K",
    ]  # fmt: skip
