from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol.records.environment import Doors3, Doors4
from ovms.protocol.records.field_types import (
    BitField,
    FieldType,
    FlagField,
    HexField,
    NumberField,
    TextField,
)

READ: list[tuple[FieldType, str, Any]] = [
    (NumberField(), "80", 80),
    (NumberField(), "-1", -1),
    (NumberField(), "+1", 1),
    (NumberField(), "007", 7),
    (NumberField(), "1.", 1.0),
    (NumberField(), ".5", 0.5),
    (NumberField(), "1.5e3", 1500.0),
    (NumberField(), "999999999999999", 999999999999999),
    (NumberField(), "9999999999999999", 1e16),
    (NumberField(), "9" * 308, float("9" * 308)),
    (NumberField(), "9" * 309, None),
    (NumberField(scale=10), "1234", 123.4),
    (NumberField(scale=10), "12.5", 1.25),
    *(
        (NumberField(), text, None)
        for text in (
            *("", ".", "-", "--1", "e5", "1e", "1e1000", "9" * 400, "nan", "inf", "Infinity"),
            *("1,5", "1_0", "0x10", " 1", "1 ", "1\n", "٣", "½"),
        )
    ),
    (HexField(), "1a", 26),
    (HexField(), "F" * 15, 16**15 - 1),
    *((HexField(), text, None) for text in ["", "F" * 16, "0x1", "-1", "g", " 1", "1_0"]),
    (FlagField(), "1", True),
    (FlagField(), "0", False),
    (FlagField(), "-1", False),
    (FlagField(), "5", True),
    *((FlagField(), text, None) for text in ["", "yes", "1.0", "1" * 16]),
    (BitField(Doors3), "0", Doors3(0)),
    (BitField(Doors3), "255", Doors3(255)),
    *((BitField(Doors3), text, None) for text in ["", "256", "-1", "0x1", "1.0", "9" * 5000]),
    (TextField(), "", None),
    (TextField(), " ", " "),
    (TextField(("a",)), "b", "b"),
]

WRITTEN: list[tuple[FieldType, Any, str]] = [
    (NumberField(), 80, "80"),
    (NumberField(), 79.6, "80"),
    (NumberField(), -0.4, "0"),
    (NumberField(), -0.6, "-1"),
    (NumberField(places=2), -0.004, "0.00"),
    (NumberField(places=2), -0.04, "-0.04"),
    (NumberField(places=6), 22.274165, "22.274165"),
    (NumberField(places=1), 100, "100.0"),
    (NumberField(), 999999999999999, "999999999999999"),
    (NumberField(scale=10), 123.4, "1234"),
    (NumberField(scale=10), 0.05, "0"),
    (HexField(), 26, "1A"),
    (HexField(), 0, "0"),
    (FlagField(), True, "1"),
    (FlagField(), False, "0"),
    (BitField(Doors4), Doors4.ALARM_SENT, "2"),
    (BitField(Doors4), Doors4(0xFF), "255"),
    (TextField(), "a,b\r\nc\nd\re", "a;b\rc\rd\re"),
]


@pytest.mark.parametrize(("kind", "text", "value"), READ)
def test_parse(kind: FieldType, text: str, value: object) -> None:
    """Text of its kind is read, any other is ``None``."""
    read = kind.parse(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(("kind", "value", "text"), WRITTEN)
def test_encode(kind: FieldType, value: object, text: str) -> None:
    """A value is written in one way, whole and without harm to the record."""
    assert kind.encode(value) == text


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_whole_numbers(value: int) -> None:
    """Whole numbers up to 15 digits are exact."""
    assert NumberField().parse(NumberField().encode(value)) == value
    assert isinstance(NumberField().parse(NumberField().encode(value)), int)


@given(st.text() | st.from_regex(r"\A[+-]?[0-9]*\.?[0-9]*([eE][+-]?[0-9]*)?\Z"))
def test_numbers_are_finite(text: str) -> None:
    """Whatever is read as a number is finite, and Python reads it the same."""
    value = NumberField().parse(text)
    if value is not None:
        assert math.isfinite(value)
        assert value == float(text)


def test_bits_without_names() -> None:
    """Bits that have no name are kept."""
    assert BitField(Doors3).encode(Doors3(0x3C)) == "60"


def test_bits_of_several() -> None:
    """A member of several bits is set when any of them is."""
    assert [bool(Doors4(value) & Doors4.ALARM) for value in (0, 1, 2, 4, 6, 8)] == [
        False, False, True, True, True, False,
    ]  # fmt: skip


def test_descriptions() -> None:
    """Every kind says in a few words what it is."""
    kinds: list[FieldType] = [
        NumberField(),
        NumberField(10),
        HexField(),
        FlagField(),
        BitField(Doors3),
        TextField(),
        TextField(("M", "K")),
    ]
    assert [kind.describe() for kind in kinds] == [
        "number", "number in 1/10", "hexadecimal number", "0 or 1", "byte of bits", "text",
        "text: M K",
    ]  # fmt: skip
