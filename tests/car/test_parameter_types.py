from __future__ import annotations

import pytest

from ovms.car.parameter_types import ALL_CURRENTS, problem
from ovms.protocol.commands import LONGEST_VALUE, Command

GOOD = [
    "1", "1,x,y", "2,0,0", "2,15,255", "3", "4,0,", "4,31,any, thing", "5", "6", "7,stat",
    "7,a, b", "10,0", "10,1", "10,3", "10,4", "11", "12,x", "15,1", "15,255", "16,3,32", "17,0,0",
    "17,1,1439", "18", "19", "20,1", "21,12345678", "22,0000", "23,1234", "24,0", "24,2", "25",
    "26,0", "26,1", f"4,9,{'x' * LONGEST_VALUE}",
]  # fmt: skip
BAD = [
    "2", "2,1", "2,16,0", "2,-1,0", "2,0,256", "2,0,1,1", "2,x,1", "4", "4,1", "4,32,x",
    "4,1,a\rb", f"4,9,{'x' * (LONGEST_VALUE + 1)}", "7", "7,a\nb", f"7,{'x' * 701}", "10", "10,2",
    "10,5", "10,", "10,0,0", "10, 0", "15", "15,0", "15,256", "15,1e1", "15,+5", "16,3", "16,3,",
    "16,2,16", "17,1", "17,2,0", "17,1,1440", "17,1,0x3B", "20", "20,", "20,123456789", "20,12a",
    "20,1234,1", "21, 1", "22,١٢٣٤", "23,-1", "24", "24,3", "24,0,0", "26", "26,2", "26,on",
]  # fmt: skip


def command(line: str) -> Command:
    """Read a command."""
    found = Command.parse(line.encode())
    assert found is not None
    return found


@pytest.mark.parametrize("line", GOOD)
def test_what_the_guide_allows_is_taken(line: str) -> None:
    """The right count and range at their bounds; commands without parameters ignore any."""
    assert problem(command(line)) is None


@pytest.mark.parametrize("line", BAD)
def test_wrong_counts_and_values_are_told(line: str) -> None:
    """One too few, too many, too small, too large, no number: a text of one line, no comma."""
    found = problem(command(line))
    assert found
    assert not set(found) & set(",\r\n")


def test_a_car_may_take_less_current() -> None:
    """The bounds of a car's charger count, in 15 and 16; a car that tells none takes any."""
    for line, is_good in (("15,6", True), ("15,5", False), ("16,0,32", True), ("16,0,33", False)):
        assert (problem(command(line), range(6, 33)) is None) is is_good
    assert problem(command("15,300"), range(0)) is not None
    assert problem(command("15,200"), ALL_CURRENTS) is None
