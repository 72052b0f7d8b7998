"""What commands share: options, secrets that need not stand on a command line, ways to answer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Final, NoReturn

import msgspec
import typer

from ovms.base import clock
from ovms.base.logs import print_error

MAX_SECRET_FILE: Final = 4096
"""Bytes of a file that holds one secret; a longer one is some other file."""

ALIGNED_ROWS: Final = 500
"""Rows of a table that are aligned with each other; a listing may have any number."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def fail(message: str) -> NoReturn:
    """End the command with one line on standard error and exit code 1."""
    print_error(f"ovms: {' '.join(message.split())}")
    raise typer.Exit(1)


def refuse(message: str) -> NoReturn:
    """End the command with one line on standard error and exit code 2: wrong usage."""
    print_error(f"ovms: {' '.join(message.split())}")
    raise typer.Exit(2)


def print_json(value: object) -> None:
    """Print a value as JSON, indented, a newline at the end."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def iso_time(time: float | None) -> str | None:
    """Return Unix seconds as ISO 8601 in UTC, to the second; ``None`` for no time."""
    return None if time is None else clock.iso_time(time)


def on_terminal() -> bool:
    """Return whether somebody sits there to be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def resolve_secret(
    value: str | None,
    file: str | None,
    env_var: str,
    prompt: str | None,
    *,
    confirm: bool = False,
    optional: bool = False,
) -> str | None:
    """Find a secret: the option, the file of its twin, the variables, or ask on a terminal.

    ``OVMS_X`` may hold it, or ``OVMS_X_FILE`` name a file that does. A ``file`` of ``-`` is
    standard input; one line end at its end is not part of the secret.
    A terminal is asked with ``prompt``, not at all when that is ``None``; twice when it is a new
    one (``confirm``); ``optional`` lets an empty answer be none. Returns ``None`` when nobody
    tells. Ends the command when a file cannot be read or is empty, and when a secret is not UTF-8.
    """
    found = _find_secret(value, file, env_var, prompt, confirm=confirm, optional=optional)
    if not is_utf8(found):
        refuse(f"a secret must be UTF-8 text: see {env_var} and the option for it")
    return found


def is_utf8(value: object) -> bool:
    """Return whether the texts in an option's value can be written as UTF-8."""
    match value:
        case str():
            return not any("\ud800" <= letter <= "\udfff" for letter in value)
        case list() | tuple():
            return all(map(is_utf8, value))
    return True


def _find_secret(
    value: str | None,
    file: str | None,
    env_var: str,
    prompt: str | None,
    *,
    confirm: bool,
    optional: bool,
) -> str | None:
    if value is not None and file is not None:
        refuse("a secret is given as an option or in a file, not both")
    if value is not None:
        return value
    if file is not None:
        return _read_secret(file)
    if (found := secret_in_variables(env_var)) is not None:
        return found
    if prompt is None or not on_terminal():
        return None
    default = "" if optional else None
    ask: Callable[..., str] = typer.prompt
    answer = ask(
        prompt,
        default=default,
        show_default=False,
        hide_input=True,
        confirmation_prompt=confirm,
        err=True,
    )
    return answer or None


def secret_in_variables(env_var: str) -> str | None:
    """Find a secret that a variable holds, or in the file that its twin ``…_FILE`` names."""
    value, file = os.environ.get(env_var), os.environ.get(f"{env_var}_FILE")
    if value and file:
        refuse(f"a secret is given as {env_var} or {env_var}_FILE, not both")
    return value or (_read_secret(file) if file else None)


def _read_secret(file: str) -> str:
    text = read_small(file, MAX_SECRET_FILE, "a secret")
    text = text.removesuffix("\n").removesuffix("\r")
    if "\n" in text or "\r" in text:
        fail(f"{file} has more than one line: a secret is one")
    return text or fail(f"{file} is empty")


def read_small(file: str, limit: int, what: str) -> str:
    """Read a text file of at most ``limit`` bytes; ``-`` is standard input.

    Ends the command when it cannot be read, or is longer than ``what`` could be.
    """
    try:
        if file == "-" and sys.stdin is None:
            fail("standard input is closed")
        if file == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(file).open("rb") as opened:
                data = opened.read(limit + 1)
        text = data.decode()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        fail(f"{file} is not UTF-8 text")
    if len(data) > limit:
        fail(f"{file} is too long for {what}")
    return text


def confirm_or_leave(question: str, yes: bool) -> None:
    """Ask before something is lost, unless told ``--yes``; without a terminal that must be told."""
    if yes:
        return
    if not on_terminal():
        refuse(f"{question} There is no terminal to ask: say --yes")
    ask_or_leave(question, yes)


def ask_or_leave(question: str, yes: bool) -> None:
    """Ask on a terminal, unless told ``--yes``; go on where nobody can be asked."""
    if yes or not on_terminal():
        return
    if not typer.confirm(question, err=True):
        fail("nothing was changed")


def check_nothing_before(context: typer.Context) -> None:
    """Refuse options between a command and one below it: they would have no effect."""
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if value and source is not None and source.name == "COMMANDLINE":
            path = f"ovms {context.info_name} {context.invoked_subcommand}"
            refuse(f"put the options behind {path}")


def either(argument: str | None, option: str | None, name: str) -> str:
    """Return what was said as an argument or as an option; wrong usage when both or neither."""
    if (argument is None) == (option is None):
        refuse(f"give {name} once, as an argument or as an option")
    return argument if argument is not None else option or ""


def cell(value: object) -> str:
    """Write a value for a table: truth as yes and no, ``None`` as nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


WHOLE_WIDTH: Final = 24
"""Characters of a cell that is never broken, however narrow the terminal is: a row that a terminal
breaks at its edge is easier to read than a time in three pieces."""


class TablePrinter:
    """Prints rows under a header as they come: aligned on a terminal, else with tabs between.

    On a terminal :data:`ALIGNED_ROWS` at a time share their widths. Control characters are escaped,
    so that a cell is a cell, and a terminal is safe from what others wrote.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._rows: list[list[str]] = []
        self._is_aligned = sys.stdout.isatty()
        self._has_header = False

    def print(self, row: Sequence[str]) -> None:
        """Print a row, or keep it until there are enough to align."""
        self._rows.append([printable(text) for text in row])
        if not self._is_aligned or len(self._rows) >= ALIGNED_ROWS:
            self._flush()

    def end(self) -> None:
        """Print what is left, and the header if there were no rows."""
        if self._rows or not self._has_header:
            self._flush()

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        if self._is_aligned:
            _print_aligned(self._columns, rows)
        else:
            for row in rows if self._has_header else [self._columns, *rows]:
                print("\t".join(row))
        self._has_header = True


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: aligned on a terminal, else a line a row with tabs between, header first."""
    printer = TablePrinter(columns)
    for row in rows:
        printer.print(row)
    printer.end()


def _print_aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD  # only here: a pipe starts faster without
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    if sum(max(map(len, texts)) + 2 for texts in zip(columns, *rows, strict=True)) > console.width:
        columns = [column.replace(" ", "\n") for column in columns]
    needed = 0
    for column, *cells in zip(columns, *rows, strict=True):
        texts = [*column.split("\n"), *cells]
        word = max(len(word) for text in texts for word in ["", *text.split()])
        longest = max(map(len, texts))
        is_whole = longest <= WHOLE_WIDTH
        needed += (longest if is_whole else min(word, WHOLE_WIDTH)) + len("  ")
        table.add_column(Text(column), overflow="fold", no_wrap=is_whole)
    for row in rows:
        table.add_row(*map(Text, row))
    console.width = max(console.width, needed)
    console.print(table)


def printable(text: str) -> str:
    """Return the text with its control characters escaped, so that it cannot steer the terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
