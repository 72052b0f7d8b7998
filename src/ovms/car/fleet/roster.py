"""The list of a fleet's cars: a file of comma-separated values, checked as a whole.

Its columns are those of ``ovms vehicle import`` (:mod:`ovms.base.vehicle_file`); ``id`` (or
``vehicle``) and ``secret`` must be there. What a row leaves empty of ``seed``, ``scenario``,
``phase`` and ``units`` is drawn from its vehicle id, or is the fleet's own setting.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from ovms.base.vehicle_file import Line, VehicleFileError, read_lines
from ovms.car.parameters import VEHICLE_ID
from ovms.car.reports import Units
from ovms.car.vehicles.sim import SCENARIOS

_SEED = re.compile(r"[0-9]{1,18}", re.ASCII)
_VIN_LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Defaults:
    """Values for what a row leaves empty. Another ``seed`` makes another fleet of the same file."""

    scenario: str
    units: Units
    seed: int = 0
    phase: float | None = None
    """``None`` draws one for each car."""
    soc: float | None = None


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A car of the fleet. ``phase`` (0 to 1) is where in its scenario's round it begins."""

    vehicle: str
    secret: str
    seed: int
    scenario: str
    phase: float
    units: Units
    soc: float | None = None
    """% of charge at the start; drawn unless given."""

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
    """Read a file; raises :class:`VehicleFileError` for its first wrong line."""
    header, lines = read_lines(data)
    if "secret" not in header:
        raise VehicleFileError(1, "the columns must name id and secret")
    if not lines:
        raise VehicleFileError(1, "there is no vehicle in the file")
    return list(_entries(lines, defaults))


def _entries(lines: Iterable[Line], defaults: Defaults) -> Iterator[RosterEntry]:
    seen: dict[str, int] = {}
    for line, values in lines:
        entry = _entry(values, line, defaults)
        before = seen.setdefault(entry.vehicle.upper(), line)
        if before != line:
            raise VehicleFileError(line, f"vehicle {entry.vehicle} is in line {before} already")
        yield entry


def _entry(values: dict[str, str], line: int, defaults: Defaults) -> RosterEntry:
    vehicle, secret = values["id"], values["secret"]
    if not VEHICLE_ID.fullmatch(vehicle):
        raise VehicleFileError(line, "the vehicle must be one word of at most 64 characters")
    if not secret:
        raise VehicleFileError(line, f"vehicle {vehicle} has no secret; export it --with-secrets")
    chance = Random(f"{defaults.seed} {vehicle.upper()}")  # noqa: S311 (repeatable, no secret)
    drawn, begun = chance.getrandbits(32), chance.random()
    return RosterEntry(
        vehicle,
        secret,
        _seed(values["seed"], drawn, line),
        _scenario(values["scenario"] or defaults.scenario, line),
        _phase(values["phase"], begun if defaults.phase is None else defaults.phase, line),
        _units(values["units"] or defaults.units.value, line),
        defaults.soc,
    )


def _seed(text: str, drawn: int, line: int) -> int:
    if text and not _SEED.fullmatch(text):
        raise VehicleFileError(line, "the seed must be a number of up to 18 digits")
    return int(text) if text else drawn


def _scenario(text: str, line: int) -> str:
    if text not in SCENARIOS:
        raise VehicleFileError(line, f"no scenario {text!r}: use one of {', '.join(SCENARIOS)}")
    return text


def _phase(text: str, begun: float, line: int) -> float:
    try:
        phase = float(text) if text else begun
    except ValueError:
        phase = math.nan
    if not 0 <= phase < 1:
        raise VehicleFileError(line, "the phase must be a number from 0 to less than 1")
    return phase


def _units(text: str, line: int) -> Units:
    try:
        return Units(text.upper())
    except ValueError:
        raise VehicleFileError(line, "the units must be M or K") from None
