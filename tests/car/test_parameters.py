from __future__ import annotations

import pytest

from ovms.car.parameter_types import PARAMETER_COUNT
from ovms.car.parameters import (
    LONGEST_GROUP,
    NAMES,
    Applied,
    BadParameter,
    Parameter,
    apply,
    is_group,
    split,
)
from ovms.car.reports import Units

FULL = split("+4912345 pin K SMSIP example.org:7000 apn user apnpw demo netpw paranoidpw")


def test_a_full_list_sets_everything() -> None:
    """Each number sets what the guide says, and all values are kept in order."""
    values = tuple(FULL)
    assert apply(FULL) == Applied(
        "example.org:7000", "demo", "netpw", Units.KILOMETRES, "paranoidpw", values
    )


@pytest.mark.parametrize("parameters", [[], ["-"], ["-"] * 11, [""] * 40])
def test_what_is_not_told_is_not_set(parameters: list[str]) -> None:
    """A short list, and a word that only holds a place, set nothing."""
    assert apply(parameters) == Applied(None, None, None, None, None, tuple(parameters))


def test_what_the_module_does_not_use_is_kept() -> None:
    """Values behind the last known one stay where they are."""
    parameters = [str(number) for number in range(40)]
    parameters[Parameter.UNITS], parameters[Parameter.SERVER] = "M", "host"
    applied = apply(parameters)
    assert applied.values == tuple(parameters)
    assert (applied.server, applied.units) == ("host", Units.MILES)


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (Parameter.UNITS, "k9"),
        (Parameter.UNITS, "MK"),
        (Parameter.SERVER, "host:0"),
        (Parameter.SERVER, "host:x"),
        (Parameter.SERVER, "::1"),
        (Parameter.VEHICLE_ID, "x" * 65),
        (Parameter.VEHICLE_ID, "d\u2003mo"),
        (Parameter.VEHICLE_ID, "d\udce9mo"),
        (Parameter.VEHICLE_ID, "two words"),
        (Parameter.GROUP_1, "a,b"),
        (Parameter.GROUP_2, "x" * 65),
    ],
)
def test_what_makes_no_sense_is_refused_without_its_value(number: Parameter, value: str) -> None:
    """The error tells number and name; the values are passwords in part."""
    parameters = [*FULL, "-", "-"]
    parameters[number] = value
    with pytest.raises(BadParameter) as refused:
        apply(parameters)
    assert refused.value.number == number
    assert str(refused.value).startswith(f"parameter {int(number)} ({NAMES[number]}) ")
    assert value not in str(refused.value)


def test_the_longest_vehicle_id_fits() -> None:
    """64 characters are an id, of any letters."""
    parameters = [*FULL]
    parameters[Parameter.VEHICLE_ID] = "\u00fc" * 64
    assert apply(parameters).vehicle_id == "\u00fc" * 64


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TRACK", True),
        ("my friends", True),
        ("-", True),
        ("x" * LONGEST_GROUP, True),
        ("x" * (LONGEST_GROUP + 1), False),
        ("é" * (LONGEST_GROUP // 2), True),
        ("é" * (LONGEST_GROUP // 2 + 1), False),
        ("", False),
        ("a,b", False),
        ("a\nb", False),
        ("a\x7fb", False),
        ("\udcff", False),
    ],
)
def test_what_can_be_the_name_of_a_group(name: str, expected: bool) -> None:
    """Printable text without a comma, so many bytes as servers take."""
    assert is_group(name) is expected


def test_no_password_shows() -> None:
    """What is printed of it by mistake holds no password."""
    text = repr(apply(FULL))
    assert not [word for word in ("netpw", "paranoidpw", "apnpw", "pin") if word in text]


def test_names_are_the_guides() -> None:
    """Eleven parameters have the guide's names, two are groups, and eight are features."""
    assert [NAMES[number] for number in (0, 4, 8, 10)] == [
        "registered telephone number", "server IP", "vehicle ID", "paranoid password",
    ]  # fmt: skip
    assert set(NAMES) == {*range(13), *range(24, 32)}
    assert (NAMES[24], NAMES[31]) == ("feature 8", "feature 15")
    assert max(NAMES) == PARAMETER_COUNT - 1


@pytest.mark.parametrize("record", ["a b c", "a  b c ", "\ta b\r\nc"])
def test_a_record_is_words(record: str) -> None:
    """Blanks separate, however many."""
    assert split(record) == ["a", "b", "c"]
