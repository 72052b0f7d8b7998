from __future__ import annotations

import io
import json
import sys

import pytest
import typer

from ovms.cli.listing import Format, choose_format, make_listing

COLUMNS = ("a", "b")
ROWS: list[dict[str, object]] = [
    {"a": 1, "b": None},
    {"a": 2.5, "b": True},
    {"a": "x,\x1b", "b": False},
]


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ("table", "a\tb\n1\t\n2.5\ttrue\nx,\\x1b\tfalse\n"),
        ("csv", 'a,b\n1,\n2.5,true\n"x,\x1b",false\n'),
    ],
)
def test_text(capsys: pytest.CaptureFixture[str], chosen: Format, shown: str) -> None:
    """A table has a line a row with tabs, CSV commas; what is unknown is empty."""
    listing = make_listing(chosen, COLUMNS)
    for row in ROWS:
        listing.print(row)
    listing.end()
    assert capsys.readouterr().out == shown


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON is one array with a row a line."""
    listing = make_listing("json", COLUMNS)
    for row in ROWS:
        listing.print(row)
    listing.end()
    text = capsys.readouterr().out
    assert json.loads(text) == ROWS
    assert len(text.splitlines()) == len(ROWS) + 2


@pytest.mark.parametrize(
    ("chosen", "shown"), [("table", "nothing\n"), ("csv", "a,b\n"), ("json", "[]\n")]
)
def test_nothing(capsys: pytest.CaptureFixture[str], chosen: Format, shown: str) -> None:
    """Without rows there is a line, a header or an empty array."""
    make_listing(chosen, COLUMNS).end()
    assert capsys.readouterr().out == shown


def test_a_terminal_gets_no_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    """CSV is data in a pipe and text on a terminal."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    make_listing("csv", ["a"]).print({"a": "\x1b[2J"})
    assert "\x1b" not in shown.getvalue()


def test_formats() -> None:
    """The short options mean their formats, and one format is named."""
    assert choose_format(None, False, False) == "table"
    assert choose_format("gpx", False, False) == "gpx"
    assert choose_format(None, True, False) == choose_format("csv", True, False) == "csv"
    assert choose_format(None, False, True) == "json"
    for chosen, as_csv in ((None, True), ("table", False)):
        with pytest.raises(typer.Exit):
            choose_format(chosen, as_csv, True)  # type: ignore[arg-type]
