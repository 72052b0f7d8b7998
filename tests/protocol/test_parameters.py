from __future__ import annotations

from collections.abc import Callable

import pytest

from ovms.protocol.parameters import (
    ChoiceParameter,
    NumberParameter,
    ParameterType,
    PinParameter,
    TextParameter,
    find_problem,
)

AMPS = NumberParameter("amps", 6, 32, "current")
CLIMATE = ChoiceParameter("climate", {0: "off", 1: "on"})
TEXT = TextParameter("text", 4)


@pytest.mark.parametrize(
    ("kind", "good", "bad", "told"),
    [
        (AMPS, ["6", "32", "00032"], ["5", "33", "", "x", "-6", "+6", "6.0", "٦", "000006"],
         "current must be a number from 6 to 32"),
        (CLIMATE, ["0", "1"], ["2", "", "on", "01"], "climate must be 0 off or 1 on"),
        (ChoiceParameter("mode", {0: "a", 1: "b", 2: "c"}), ["2"], ["3"],
         "mode must be 0 a; 1 b or 2 c"),
        (PinParameter(), ["1", "12345678"], ["", "123456789", "12a"], "PIN must be 1 to 8 digits"),
        (TEXT, ["", "abcd", "éé"], ["abcde", "ééé", "a\rb"],
         "text must be printable text of at most 4 bytes"),
    ],
    ids=lambda each: type(each).__name__,
)  # fmt: skip
def test_what_a_parameter_may_be(
    kind: ParameterType, good: list[str], bad: list[str], told: str
) -> None:
    """Values at the bounds are taken; one past them is told in a line without a comma."""
    assert [kind.problem(text) for text in good] == [None] * len(good)
    assert {kind.problem(text) for text in bad} == {told}


@pytest.mark.parametrize(
    "make",
    [
        lambda: NumberParameter("n", 2, 1),
        lambda: NumberParameter("n", -1, 1),
        lambda: NumberParameter("n", 0, 100000),
        lambda: ChoiceParameter("n", {0: "only"}),
        lambda: ChoiceParameter("n", {0: "same", 1: "same"}),
        lambda: TextParameter("n", 0),
    ],
)
def test_a_type_that_nothing_fits(make: Callable[[], object]) -> None:
    """Bounds the wrong way round, nothing to choose, text without a byte: an error at once."""
    with pytest.raises(ValueError, match="n is"):
        make()


def test_a_choice_by_its_word() -> None:
    """A word stands for its number; anything else stays."""
    assert [CLIMATE.number_of(text) for text in ("off", "on", "1", "x")] == ["0", "1", "1", "x"]


@pytest.mark.parametrize(
    ("given", "optional", "told"),
    [
        (("6", "1"), 0, None),
        (("6",), 0, "expected current and climate"),
        (("6",), 1, None),
        ((), 1, "expected current and climate"),
        (("6", "1", "x"), 1, "expected current and climate"),
        (("6", "x"), 0, "climate must be 0 off or 1 on"),
        (("x", "x"), 0, "current must be a number from 6 to 32"),
    ],
)
def test_the_parameters_of_a_command(
    given: tuple[str, ...], optional: int, told: str | None
) -> None:
    """The count must be right, but for optional ones; the first wrong one is told."""
    assert find_problem((AMPS, CLIMATE), given, optional) == told


def test_a_command_that_takes_nothing() -> None:
    """What it is given is ignored."""
    assert find_problem((), ("x", "y")) is None
