"""The mistakes in a vehicle's folder, line by line, and the lines of a TOML file's entries."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
"""A place in a document: keys of tables, indices of arrays."""

_ERROR_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_TABLE = re.compile(r"\s*\[")


class Problem(NamedTuple):
    """One mistake: the file, the line counted from 1, and what is wrong."""

    file: str
    line: int
    message: str
    severity: str = "error"
    """``error``, or ``warning`` for what does not keep the folder from being used."""

    def __str__(self) -> str:
        """Return the mistake as compilers print it: ``FILE:LINE: message``."""
        kind = "" if self.is_error else f"{self.severity}: "
        return f"{self.file}:{self.line}: {kind}{self.message}"

    @property
    def is_error(self) -> bool:
        """Whether the folder cannot be used."""
        return self.severity == "error"


class VehicleTypeError(Exception):
    """A vehicle's folder cannot be used; ``problems`` says why, in the order of the files.

    ``warnings`` are further things that were found.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = [each for each in problems if each.is_error]
        self.warnings = [each for each in problems if not each.is_error]
        super().__init__("\n".join(map(str, self.problems)))


class Document:
    """A TOML file: its values, the line of each key and array element, and the mistakes.

    ``tomllib`` reports no lines. So the file is cut into statements, each the fewest lines that
    ``tomllib`` reads as TOML. What is in a statement has its line; the elements of an array over
    several lines have the lines where they end.
    """

    def __init__(self, file: str, text: str) -> None:
        """Parse ``text``. Raise :class:`VehicleTypeError` if it is not TOML."""
        self.file = file
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        try:
            self.values: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise VehicleTypeError([_broken(file, text, str(error))]) from None
        self._lines = _find_lines(text)

    def line(self, path: Path) -> int:
        """Return the line of ``path``, or of the nearest known place around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1

    def report(self, path: Path, message: str) -> None:
        """Note a problem at ``path``."""
        self.problems.append(Problem(self.file, self.line(path), message))

    def warn(self, path: Path, message: str) -> None:
        """Note at ``path`` what may be meant."""
        self.warnings.append(Problem(self.file, self.line(path), message, "warning"))


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
    """Note the line of a path, and of unknown ones around it (``a`` of ``[a.b]``)."""
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], number)


def _statements(rows: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the statements of a valid document: the number of the first line, and the lines."""
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
    """Return the path of a table's heading. In an array of tables it is the next element."""
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
    """Yield the index and the line of each element, if a statement is an array.

    The first lines of an array and a closing bracket make an array of the elements that end there.
    """
    seen = 0
    for offset, _ in enumerate(rows):
        text = "\n".join(rows[: offset + 1])
        ended = _count(text + "\n]") if offset < len(rows) - 1 else len(value)
        for at in range(seen, min(ended, len(value))):
            yield at, number + offset
        seen = max(seen, ended)


def _count(text: str) -> int:
    """Return the number of elements in a document's only array; 0 if it is none."""
    try:
        value: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return 0
    while isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    return len(value) if isinstance(value, list) else 0
