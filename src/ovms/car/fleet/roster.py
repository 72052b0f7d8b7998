"""The list of a fleet's cars: a file of comma-separated values, checked as a whole.

The first line names the columns, in any order: ``vehicle`` (or ``id``) and ``secret``, optionally
``seed``, ``scenario``, ``phase`` and ``units``. ``owner`` and ``name`` are passed over,
so that the file of ``ovms vehicle import`` does as well. What a row leaves empty is drawn from its
vehicle id, or is the fleet's own setting.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from ovms.car.reports import Units
from ovms.car.vehicles.sim import SCENARIOS

ID, SECRET = ("vehicle", "id"), "secret"
KNOWN = frozenset({*ID, SECRET, "seed", "scenario", "phase", "units", "owner", "name"})

_WORD = re.compile(r"[!-~]{1,64}")
_SEED = re.compile(r"[0-9]{1,18}", re.ASCII)
_VIN_LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"


class RosterError(Exception):
    """A wrong line of the file. The text says which line, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Defaults:
    """Values for what a row leaves empty. Another ``seed`` makes another fleet of the same file."""

    scenario: str
    units: Units
    seed: int = 0


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A car of the fleet. ``phase`` (0 to 1) is where in its scenario's round it begins."""

    vehicle: str
    secret: str
    seed: int
    scenario: str
    phase: float
    units: Units

    @property
    def vin(self) -> str:
        """A VIN of 17 characters, derived from the vehicle id."""
        number = int.from_bytes(hashlib.sha256(self.vehicle.upper().encode()).digest()[:8])
        letters = []
        for _ in range(10):
            number, rest = divmod(number, len(_VIN_LETTERS))
            letters.append(_VIN_LETTERS[rest])
        return "0VMSSM1" + "".join(letters)


def parse_roster(data: bytes, defaults: Defaults) -> list[RosterEntry]:
    """Read a file; raises :class:`RosterError` for its first wrong line."""
    reader = csv.reader(io.StringIO(_decode(data), newline=""), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        _check_header(header)
        rows = ((reader.line_num, cells) for cells in reader if cells)
        return list(_entries(rows, header, defaults))
    except csv.Error as error:
        raise RosterError(reader.line_num, str(error)) from error


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")  # spreadsheets put a mark in front
    except UnicodeDecodeError as error:
        raise RosterError(data.count(b"\n", 0, error.start) + 1, "not UTF-8 text") from error


def _check_header(header: list[str]) -> None:
    ids = [name for name in header if name in ID]
    is_whole = len(ids) == 1 and SECRET in header and KNOWN.issuperset(header)
    if not is_whole or len(set(header)) != len(header):
        raise RosterError(
            1, "the columns must be named vehicle,secret[,seed,scenario,phase,units] "
            "or owner,id,secret[,name]",
        )  # fmt: skip


def _entries(
    rows: Iterable[tuple[int, list[str]]], header: list[str], defaults: Defaults
) -> Iterator[RosterEntry]:
    seen: dict[str, int] = {}
    line = 1
    for line, cells in rows:
        if len(cells) != len(header):
            raise RosterError(line, f"{len(cells)} columns instead of {len(header)}")
        values = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        values[SECRET] = cells[header.index(SECRET)]  # its blanks are its own
        entry = _entry(values, line, defaults)
        before = seen.setdefault(entry.vehicle.upper(), line)
        if before != line:
            raise RosterError(line, f"vehicle {entry.vehicle} is in line {before} already")
        yield entry
    if not seen:
        raise RosterError(line, "there is no vehicle in the file")


def _entry(values: dict[str, str], line: int, defaults: Defaults) -> RosterEntry:
    vehicle = values.get("vehicle") or values.get("id") or ""
    if not _WORD.fullmatch(vehicle):
        raise RosterError(line, "the vehicle must be one word of at most 64 characters")
    if not values[SECRET]:
        raise RosterError(line, f"vehicle {vehicle} has no secret")
    chance = Random(f"{defaults.seed} {vehicle.upper()}")  # noqa: S311 (repeatable, no secret)
    drawn, begun = chance.getrandbits(32), chance.random()
    return RosterEntry(
        vehicle,
        values[SECRET],
        _seed(values.get("seed", ""), drawn, line),
        _scenario(values.get("scenario") or defaults.scenario, line),
        _phase(values.get("phase", ""), begun, line),
        _units(values.get("units") or defaults.units.value, line),
    )


def _seed(text: str, drawn: int, line: int) -> int:
    if text and not _SEED.fullmatch(text):
        raise RosterError(line, "the seed must be a number of up to 18 digits")
    return int(text) if text else drawn


def _scenario(text: str, line: int) -> str:
    if text not in SCENARIOS:
        raise RosterError(line, f"no scenario {text!r}: use one of {', '.join(SCENARIOS)}")
    return text


def _phase(text: str, begun: float, line: int) -> float:
    try:
        phase = float(text) if text else begun
    except ValueError:
        phase = math.nan
    if not 0 <= phase < 1:
        raise RosterError(line, "the phase must be a number from 0 to less than 1")
    return phase


def _units(text: str, line: int) -> Units:
    try:
        return Units(text.upper())
    except ValueError:
        raise RosterError(line, "the units must be M or K") from None
