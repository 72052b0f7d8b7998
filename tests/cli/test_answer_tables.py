from __future__ import annotations

import pytest

from ovms.cli.answer_tables import named_rows
from ovms.protocol.commands import Answer

TIME = "2025-06-01 18:00:00"
ISO = "2025-06-01T18:00:00Z"


@pytest.mark.parametrize(
    ("number", "texts", "rows"),
    [
        (1, ["0,16,0", "8,16,5", "10,16,3", "11,16,0"],
         [["0", "digital speedo", "0"], ["8", "location stream", "5"], ["10", "", "3"]]),
        (3, ["2,32,K", "8,32,a,b", "20,32,", "24,32,"],
         [["2", "miles / kilometer flag", "K"], ["8", "vehicle ID", "a,b"]]),
        (30, ["1,1,2025-06-01,1,2,3,4"], [["2025-06-01", "1", "2", "3", "4"]]),
        (32, [f"1,1,L,{TIME},0,1,2"], [["L", ISO, "0", "1,2"]]),
        (3, ["no row"], None),
        (20, ["x"], None),
    ],
)  # fmt: skip
def test_answers_that_are_tables(
    number: int, texts: list[str], rows: list[list[str]] | None
) -> None:
    """Features and parameters have names; what has neither name nor value is left out."""
    found = named_rows([Answer(number, 0, text) for text in texts], is_whole=False)
    assert (found and found[1]) == rows


def test_a_pipe_gets_all_rows() -> None:
    """Who counts on a row for each number finds it."""
    found = named_rows([Answer(3, 0, f"{at},32,") for at in range(32)], is_whole=True)
    assert found is not None
    assert [row[0] for row in found[1]] == [*map(str, range(32))]
    assert found[1][31] == ["31", "feature 15", ""]


def test_a_refusal_is_no_table() -> None:
    """A car that lists nothing says why."""
    assert named_rows([Answer(1, 1, "not now")], is_whole=True) is None
