from __future__ import annotations

import io
import os
import re
import sys
from typing import TYPE_CHECKING

import pytest
import typer

from ovms.cli import common

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    for name in [name for name in os.environ if name.startswith("OVMS_")]:
        monkeypatch.delenv(name)


def test_fail(capsys: pytest.CaptureFixture[str]) -> None:
    """A failure is one line on standard error and exit code 1."""
    with pytest.raises(typer.Exit) as caught:
        common.fail("it\ndid not\twork")
    assert caught.value.exit_code == 1
    assert capsys.readouterr().err == "ovms: it did not work\n"


def test_print_json(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON is indented and keeps letters as they are."""
    common.print_json({"a": ["ö", None, True]})
    assert capsys.readouterr().out == '{\n  "a": [\n    "ö",\n    null,\n    true\n  ]\n}\n'


def test_iso_time() -> None:
    """Times are told in UTC, to the second; no time stays none."""
    assert common.iso_time(1_700_000_000.9) == "2023-11-14T22:13:20Z"
    assert common.iso_time(None) is None


def test_secret_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option comes first, then the file, then the variable, then nothing."""
    file = tmp_path / "secret"
    file.write_text("from file\r\n")
    assert common.resolve_secret(None, None, "OVMS_X", "X") is None
    monkeypatch.setenv("OVMS_X", "from variable")
    assert common.resolve_secret(None, None, "OVMS_X", "X") == "from variable"
    assert common.resolve_secret(None, str(file), "OVMS_X", "X") == "from file"
    assert common.resolve_secret("from option", None, "OVMS_X", "X") == "from option"


def test_secret_in_a_file_that_a_variable_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is read like an option's, counts less than options, and not beside the secret itself."""
    file = tmp_path / "secret"
    file.write_text("from file\n")
    monkeypatch.setenv("OVMS_X_FILE", str(file))
    assert common.resolve_secret(None, None, "OVMS_X", "X") == "from file"
    assert common.resolve_secret("from option", None, "OVMS_X", "X") == "from option"
    monkeypatch.setenv("OVMS_X", "from variable")
    with pytest.raises(typer.Exit) as twice:
        common.resolve_secret(None, None, "OVMS_X", "X")
    assert twice.value.exit_code == 2
    assert capsys.readouterr().err == "ovms: a secret is given as OVMS_X or OVMS_X_FILE, not both\n"
    monkeypatch.setenv("OVMS_X", "")
    monkeypatch.setenv("OVMS_X_FILE", str(tmp_path / "missing"))
    with pytest.raises(typer.Exit) as missing:
        common.resolve_secret(None, None, "OVMS_X", "X")
    assert missing.value.exit_code == 1
    assert "missing cannot be read" in capsys.readouterr().err


def test_empty_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable is not set."""
    monkeypatch.setenv("OVMS_X", "")
    assert common.resolve_secret(None, None, "OVMS_X", "X") is None


def test_secret_twice() -> None:
    """A secret given both ways is wrong usage."""
    with pytest.raises(typer.Exit):
        common.resolve_secret("a", "b", "OVMS_X", "X")


def test_secret_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` reads standard input, and takes one line end off, no blanks."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b" a b \n")))
    assert common.resolve_secret(None, "-", "OVMS_X", "X") == " a b "


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff", "is not UTF-8"),
        (b"x" * (common.MAX_SECRET_FILE + 1), "too long"),
    ],
)
def test_bad_secret_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, reason: str
) -> None:
    """A file that cannot hold a secret ends the command and says why."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(typer.Exit):
        common.resolve_secret(None, str(file), "OVMS_X", "X")
    assert reason in capsys.readouterr().err


def test_longest_secret_file(tmp_path: Path) -> None:
    """A file at the bound is read."""
    file = tmp_path / "secret"
    file.write_bytes(b"x" * common.MAX_SECRET_FILE)
    assert common.resolve_secret(None, str(file), "OVMS_X", "X") == "x" * common.MAX_SECRET_FILE


def test_secret_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal is asked, hidden; an empty answer is none; without a prompt nobody is asked."""
    asked: list[dict[str, object]] = []
    answers = ["typed", ""]

    def prompt(_: str, **options: object) -> str:
        asked.append(options)
        return answers.pop(0)

    monkeypatch.setattr(common, "on_terminal", lambda: True)
    monkeypatch.setattr(typer, "prompt", prompt)
    assert common.resolve_secret(None, None, "OVMS_X", "X", confirm=True) == "typed"
    assert common.resolve_secret(None, None, "OVMS_X", "X", optional=True) is None
    assert common.resolve_secret(None, None, "OVMS_X", None) is None
    assert [options["hide_input"] for options in asked] == [True, True]
    assert [options["confirmation_prompt"] for options in asked] == [True, False]


def test_confirm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal is asked, unless told ``--yes``; a no is exit code 1, no terminal wrong usage."""
    common.ask_or_leave("Sure?", yes=False)
    with pytest.raises(typer.Exit) as refused:
        common.confirm_or_leave("Sure?", yes=False)
    assert refused.value.exit_code == 2
    common.confirm_or_leave("Sure?", yes=True)
    monkeypatch.setattr(common, "on_terminal", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: False)
    common.confirm_or_leave("Sure?", yes=True)
    with pytest.raises(typer.Exit):
        common.confirm_or_leave("Sure?", yes=False)


@pytest.mark.parametrize(("argument", "option"), [(None, None), ("a", "b")])
def test_either(argument: str | None, option: str | None) -> None:
    """A value is said once."""
    assert common.either("a", None, "x") == common.either(None, "a", "x") == "a"
    with pytest.raises(typer.Exit):
        common.either(argument, option, "x")


def test_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe gets tabs, a terminal a drawing, both the text as it is."""
    common.print_table(["a", "b"], [["1", "[red]"]])
    assert capsys.readouterr().out == "a\tb\n1\t[red]\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    common.print_table(["a", "b"], [["1", "[red]"], ["longer", ""]])
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "a       b", "─────────────", "1       [red]", "longer",
    ]  # fmt: skip


def test_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is short stays in one piece, a heading is no markup, and long texts are folded."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    time = "2026-11-26T20:25:13Z"
    common.print_table(["time", "trip [km]", "text"], [[time, "13.6", "word " * 9 + "x" * 50]])
    drawn = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    lines = [line.rstrip() for line in drawn.splitlines()]
    assert [line.split() for line in lines[:2]] == [["trip"], ["time", "[km]", "text"]]
    assert lines[3].startswith(f"{time}  13.6  word word")
    assert len(lines) > 4
    assert max(map(len, lines)) <= len(time) + len("  13.6  ") + common.WHOLE_WIDTH + 2


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_table_is_printed_as_it_comes(
    is_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe gets each row at once, a terminal as many as are aligned; there is one header line."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal, raising=False)
    monkeypatch.setattr(common, "ALIGNED_ROWS", 3)
    table = common.TablePrinter(["a", "b"])
    counts = []
    for at in range(3):
        table.print([str(at), "x\ty\x1b[2J"])
        counts.append(capsys.readouterr().out.count("\n"))
    table.end()
    assert counts == ([0, 0, 5] if is_terminal else [2, 1, 1])
    assert capsys.readouterr().out == ""


def test_cells_are_cells(capsys: pytest.CaptureFixture[str]) -> None:
    """Tabs, lines and control characters in a cell are escaped."""
    common.print_table(["a", "b"], [["x\ty", "z\n\x1b[2J"]])
    assert capsys.readouterr().out == "a\tb\nx\\x09y\tz\\x0a\\x1b[2J\n"


def test_an_empty_table_has_a_header(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads a pipe finds the columns also where there are no rows."""
    common.print_table(["a", "b"], [])
    assert capsys.readouterr().out == "a\tb\n"


def test_cell() -> None:
    """Truth is told in words, and what is not there in none."""
    assert [*map(common.cell, (True, False, None, 0, "x"))] == ["yes", "no", "", "0", "x"]
