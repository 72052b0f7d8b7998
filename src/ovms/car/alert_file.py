"""The file of ``--alerts``: what its owner wants to be an event of a car."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ovms.car.alert_limits import DEFAULTS, AlertLimits, changed_limits
from ovms.car.vehicles.data.problems import Document, Problem, VehicleTypeError
from ovms.car.vehicles.data.text import read_file

TABLE = "alerts"
"""The table that holds the others, as in a ``vehicle.toml``."""

LONGEST_FILE = 64 << 10
"""Bytes of the file. All that it can say are a few hundred."""

WrittenLimits = Mapping[str, object]


def read_alert_file(path: Path) -> WrittenLimits:
    """Return what a file says of alerts. Raise :class:`VehicleTypeError` with all its mistakes."""
    document = Document(str(path), _read(path))
    written: object = document.values.get(TABLE, {})
    for key in document.values.keys() - {TABLE}:
        document.report((key,), f"no table {key[:40]!r}: all stand in [{TABLE}]")
    if not isinstance(written, Mapping):
        document.report((TABLE,), f"{TABLE} should be a table")
        written = {}
    changed_limits(DEFAULTS, written, lambda where, why: document.report((TABLE, *where), why))
    if document.problems:
        raise VehicleTypeError(sorted(document.problems))
    return written


def with_written(limits: AlertLimits, written: WrittenLimits) -> AlertLimits:
    """Return limits with those of a file, which has been checked."""
    return changed_limits(limits, written, lambda _where, _why: None)


def _read(path: Path) -> str:
    """Return a small text, without a byte order mark."""
    try:
        return read_file(path, LONGEST_FILE).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise VehicleTypeError([Problem(str(path), 1, "it is not UTF-8 text")]) from None
