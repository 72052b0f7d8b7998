"""Vehicle errors as sentences, from tables a vehicle type.

A table is TOML: ``[TR]`` for the type, then a line for each code, ``25 = "… {data} % done."``, and
``default`` for all other codes. The longest prefix of a vehicle's type that has the code wins, then
the longest that has a default. ``{code}``, ``{data}`` and ``{type}`` in a sentence are replaced.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Final

from ovms.protocol.records.alert import Alert, AlertKind, VehicleError

DEFAULT: Final = "default"
"""The key of the sentence for codes that have none."""

SENTENCE_LIMIT: Final = 500
"""Characters of a sentence: it has to fit a phone's screen."""

LAST_RESORT: Final = "Vehicle error {code} ({data})"
"""The sentence when no table has one."""

_WORDS: Final = frozenset(("code", "data", "type"))
_PLACE = re.compile(r"\{([^{}]*)\}")

Tables = dict[str, dict[str, str]]
"""Sentences by code, or ``default``, by vehicle type in upper case."""


class BadTable(Exception):
    """A file of tables that cannot be used; ``line`` counts from 1."""

    def __init__(self, name: str, line: int, problem: str) -> None:
        super().__init__(name, line, problem)
        self.name = name
        self.line = line
        self.problem = problem

    def __str__(self) -> str:
        """Return file, line and problem in one line."""
        return f"{self.name}:{self.line}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Expansion:
    """Turns vehicle errors into sentences."""

    tables: Mapping[str, Mapping[str, str]]

    def expand(self, alert: Alert) -> Alert:
        """Return the alert as people read it: an error as a sentence, others unchanged."""
        if alert.kind != AlertKind.ERROR.value:
            return alert
        error = VehicleError.parse(alert.text)
        return replace(alert, text=self.sentence(error)) if error else alert

    def sentence(self, error: VehicleError) -> str:
        """Return the sentence of an error."""
        values = {"code": str(error.code), "data": error.data, "type": error.vehicle_type}
        template = self._find(error.vehicle_type.upper(), str(error.code))
        return _PLACE.sub(lambda place: values[place[1]], template)

    def _find(self, vehicle_type: str, code: str) -> str:
        prefixes = [vehicle_type[:end] for end in range(len(vehicle_type), -1, -1)]
        for key in (code, DEFAULT):
            for prefix in prefixes:
                if found := self.tables.get(prefix, {}).get(key):
                    return found
        return LAST_RESORT


def load(folder: Path | None = None) -> Expansion:
    """Read the tables of the program, and an operator's ``*.toml`` that override them.

    The ``folder`` need not exist; its files count in the order of their names, later over earlier.
    Raises :class:`BadTable` for one that cannot be used.
    """
    ours = resources.files("ovms.server.alerts.tables").iterdir()
    texts = [(file.name, file.read_text("utf-8")) for file in ours if file.name.endswith(".toml")]
    theirs = sorted(folder.glob("*.toml")) if folder is not None else []
    return Expansion(merge([*sorted(texts), *((str(path), _read(path)) for path in theirs)]))


def merge(files: Iterable[tuple[str, str]]) -> Tables:
    """Merge tables, given as names and texts of files; the later wins."""
    tables: Tables = {}
    for name, text in files:
        for vehicle_type, sentences in parse(name, text).items():
            tables.setdefault(vehicle_type, {}).update(sentences)
    return tables


def parse(name: str, text: str) -> Tables:
    """Parse the text of a file of tables; errors contain ``name``. Raises :class:`BadTable`."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else max(1, len(text.splitlines()))
        raise BadTable(name, line, f"is not TOML: {error}") from None
    tables: Tables = {}
    for vehicle_type, sentences in found.items():
        if not isinstance(sentences, dict):
            line = _line_of(text, "", vehicle_type)
            raise BadTable(name, line, f"{vehicle_type!r} stands outside of a [vehicle type]")
        tables.setdefault(vehicle_type.upper(), {}).update(
            _sentence(name, text, vehicle_type, code, value) for code, value in sentences.items()
        )
    return tables


def _sentence(name: str, text: str, vehicle_type: str, code: str, value: Any) -> tuple[str, str]:
    problem = _code_problem(code) or _value_problem(value)
    if problem:
        line = _line_of(text, vehicle_type, code)
        raise BadTable(name, line, f"[{vehicle_type}] {code}: {problem}")
    return (code if code == DEFAULT else str(int(code))), value


def _code_problem(code: str) -> str | None:
    is_number = code.isascii() and code.isdecimal() and len(code) <= 9
    return None if is_number or code == DEFAULT else "a code is a number, or the word default"


def _value_problem(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return "is no sentence in quotes"
    if not value.isprintable():
        return "a sentence is one line, without control characters"
    if len(value) > SENTENCE_LIMIT:
        return f"is longer than {SENTENCE_LIMIT} characters"
    unknown = [word for word in _PLACE.findall(value) if word not in _WORDS]
    return f"{{{unknown[0]}}} is none of {{code}}, {{data}}, {{type}}" if unknown else None


def _line_of(text: str, table: str, key: str) -> int:
    """Return the line of a key, else of its table, else 1; tomllib does not know it."""
    here, best = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*[\"']?([^\]\"']*?)[\"']?\s*\]", line):
            here = header[1]
            best = number if here in (table, f"{table}.{key}") else best
        elif here == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
            return number
    return best


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise BadTable(str(path), 1, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadTable(str(path), line, "is not UTF-8") from None
