from __future__ import annotations

import pytest

from ovms.cli.journeys.charts import bar, can_draw, print_bars, thinned


@pytest.mark.parametrize(
    ("share", "width", "text"),
    [
        (1.0, 4, "████"), (0.5, 4, "██"), (0.0, 4, ""), (1 / 32, 4, "▏"), (7 / 32, 4, "▉"),
        (9 / 32, 4, "█▏"), (2.0, 3, "███"),
    ],
)  # fmt: skip
def test_bar(share: float, width: int, text: str) -> None:
    """A bar is as long as its share, to an eighth of a character."""
    assert bar(share, width) == text


def test_bars(capsys: pytest.CaptureFixture[str]) -> None:
    """The longest bar takes the room that names and numbers leave; no line is longer."""
    print_bars("kW", [("10:00", 4.0, "4.0"), ("9:00", 1.0, "1.0"), ("8:00", None, "")], width=40)
    assert capsys.readouterr().out == (
        "\nkW\n10:00 █████████████████████████████ 4.0\n9:00  ███████▎ 1.0\n8:00\n"
    )


@pytest.mark.parametrize(("values", "width"), [([], 80), ([None, 0.0, -3.0], 80), ([1.0], 20)])
def test_no_bars(
    values: list[float | None], width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without anything to draw, and without room, there is no chart."""
    print_bars("kW", [("12345678", value, "1") for value in values], width)
    assert capsys.readouterr().out == ""


def test_a_pipe_has_no_chart() -> None:
    """Only a terminal gets a chart."""
    assert not can_draw()


def test_thinned() -> None:
    """Of many rows the first and the last stay, and some between, evenly."""
    assert thinned([1, 2, 3], 3) == [1, 2, 3]
    assert thinned([*range(101)], 5) == [0, 25, 50, 75, 100]
