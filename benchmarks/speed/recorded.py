"""Ratios that were recorded, and which of them have fallen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.speed.figures import Figure

FILE = Path(__file__).with_name("recorded.json")

FALL = 0.30
"""The part of a recorded ratio by which it may be less: more is no chance."""


@dataclass(frozen=True)
class Fall:
    """A ratio that is less than it was."""

    name: str
    recorded: float
    measured: float

    def __str__(self) -> str:
        """Return it in a line."""
        part = 1 - self.measured / self.recorded
        return (
            f"{self.name}: {self.measured:.3g} of the floor, {part:.0%} less than "
            f"{self.recorded:.3g}, which was recorded"
        )


def load(file: Path, form: str) -> dict[str, float]:
    """Return the ratios that were recorded in a form (``full`` or ``short``), by figure."""
    if not file.exists():
        return {}
    found: dict[str, dict[str, float]] = json.loads(file.read_text())["ratios"]
    return found.get(form, {})


def save(file: Path, form: str, figures: Iterable[Figure], machine: Mapping[str, Any]) -> None:
    """Record the ratios of figures in a form; those of other figures stay."""
    ratios: dict[str, dict[str, float]] = {"full": {}, "short": {}}
    for each in ratios:
        ratios[each] = load(file, each)
    measured = {each.name: each.checked for each in figures if each.checked is not None}
    ratios[form] |= {name: float(f"{ratio:.3g}") for name, ratio in measured.items()}
    content = {"ratios": ratios, "machine": dict(machine)}
    file.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


def falls(recorded: Mapping[str, float], figures: Iterable[Figure]) -> list[Fall]:
    """Return what has fallen by more than :data:`FALL`."""
    return [
        Fall(each.name, recorded[each.name], each.checked)
        for each in figures
        if each.checked is not None
        and each.name in recorded
        and each.checked < recorded[each.name] * (1 - FALL)
    ]


def best(figures: Iterable[Figure]) -> list[Figure]:
    """Return of each name the figure whose ratio is best, in the order in which they came."""
    found: dict[str, Figure] = {}
    for each in figures:
        before = found.get(each.name)
        if before is None or (each.checked or 0) > (before.checked or 0):
            found[each.name] = each
    return list(found.values())
