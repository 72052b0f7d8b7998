"""What is wrong with a vehicle's folder, line by line, and where in a TOML file things are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
"""Where something is in a document: keys of tables, indices of arrays."""

_ERROR_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_TABLE = re.compile(r"\s*\[")


class Problem(NamedTuple):
    """One thing that is wrong: the file, the line counted from 1, and what it is."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """Return it as compilers do: ``FILE:LINE: message``."""
        return f"{self.file}:{self.line}: {self.message}"


class VehicleTypeError(Exception):
    """A vehicle's folder that cannot be used; ``problems`` says why, in the files' order."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Document:
    """A TOML file: its values, the line of each key and array element, and what is wrong there.

    ``tomllib`` tells no lines. So the file is cut into its statements, each the fewest lines that
    ``tomllib`` reads as TOML, and what is found in a statement is at its line; the elements of an
    array that runs over several lines at the line where each ends.
    """

    def __init__(self, file: str, text: str) -> None:
        """Read ``text``. Raises :class:`VehicleTypeError` if it is no TOML."""
        self.file = file
        self.problems: list[Problem] = []
        try:
            self.values: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise VehicleTypeError([_broken(file, text, str(error))]) from None
        self._lines = _find_lines(text)

    def line(self, path: Path) -> int:
        """Return the line of what is at ``path``, or of the nearest that is around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1

    def report(self, path: Path, message: str) -> None:
        """Note a problem at ``path``."""
        self.problems.append(Problem(self.file, self.line(path), message))


def _broken(file: str, text: str, message: str) -> Problem:
    found = _ERROR_LINE.search(message)
    line = int(found[1]) if found else max(1, len(text.splitlines()))
    return Problem(file, line, f"no TOML: {_ERROR_LINE.sub('', message).strip()}")


def _find_lines(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, rows in _statements(text.replace("\r\n", "\n").split("\n")):
        values = tomllib.loads("\n".join(rows))
        if _TABLE.match(rows[0]):
            table = _enter(values, counts)
            _note(lines, table, number)
        else:
            for inner, line in _inside(values, number, rows):
                _note(lines, table + inner, line)
    return lines


def _note(lines: dict[Path, int], path: Path, number: int) -> None:
    """Note a path, and those around it that are not known yet (``a`` of ``[a.b]``)."""
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], number)


def _statements(rows: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Cut a valid document into statements: the first line's number, and the lines."""
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and not _is_toml("\n".join(rows[start:end])):
            end += 1
        yield start + 1, rows[start:end]
        start = end


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _enter(values: dict[str, Any], counts: dict[Path, int]) -> Path:
    """Return the path of a table's heading.

    In an array of tables it is the next of its elements.
    """
    path: Path = ()
    while values:
        ((key, inner),) = values.items()
        path += (key,)
        if isinstance(inner, list):
            counts[path] = counts.get(path, -1) + 1
            return (*path, counts[path])
        if path in counts:  # a table of the last element of an array
            path += (counts[path],)
        values = inner
    return path


def _inside(
    values: dict[str, Any], number: int, rows: list[str], above: Path = ()
) -> Iterator[tuple[Path, int]]:
    for key, value in values.items():
        path = (*above, key)
        yield path, number
        if isinstance(value, dict):
            yield from _inside(value, number, rows, path)
        elif isinstance(value, list):
            yield from (((*path, at), line) for at, line in _elements(value, number, rows))


def _elements(value: list[Any], number: int, rows: list[str]) -> Iterator[tuple[int, int]]:
    """Yield each element's index and line. Only an array that is a whole statement is looked into.

    An array's first lines, with a bracket behind them, are an array of what ended there.
    """
    seen = 0
    for offset, _ in enumerate(rows):
        text = "\n".join(rows[: offset + 1])
        ended = _count(text + "\n]") if offset < len(rows) - 1 else len(value)
        for at in range(seen, min(ended, len(value))):
            yield at, number + offset
        seen = max(seen, ended)


def _count(text: str) -> int:
    """Count the elements of an array that is a document's only statement; 0 if it is none."""
    try:
        value: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return 0
    while isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    return len(value) if isinstance(value, list) else 0
