"""Errors of the vehicle: each once, however it flickers and counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ovms.car.alert_limits import ErrorLimits
from ovms.car.state import CarError

CODES_LIMIT = 100
"""Codes of errors that are remembered; a car has a handful at a time."""


@dataclass(slots=True)
class _ToldError:
    """An error that was told: its data then, when that was, and when it was there last."""

    data: int
    told: float
    seen: float


class ErrorWatch:
    """Watches the error that a car shows."""

    def __init__(self, limits: ErrorLimits) -> None:
        self._limits = limits
        self._error: CarError | None = None
        self._since = 0.0
        self._told: dict[int, _ToldError] = {}

    def look(self, error: CarError | None, now: float) -> CarError | None:
        """Return an error to tell now, if there is one."""
        if error is None:
            self._error = None
            return None
        if self._error is None or error.code != self._error.code:
            self._since = now
        self._error = error
        if now - self._since < self._limits.lasting or not self._is_news(error, now):
            return None
        if len(self._told) >= CODES_LIMIT:
            del self._told[next(iter(self._told))]
        self._told[error.code] = _ToldError(error.data, now, now)
        return error

    def told(self, now: float) -> list[list[Any]]:
        """Return the errors that were told: code, data, and the ages of telling and seeing."""
        return [
            [code, each.data, now - each.told, now - each.seen] for code, each in self._told.items()
        ]

    def resume(self, told: object, now: float) -> None:
        """Go on from what :meth:`told` said before a restart. Ignore anything else."""
        for each in told[:CODES_LIMIT] if isinstance(told, list) else ():
            match each:
                case [
                    int() as code,
                    int() as data,
                    int() | float() as age,
                    int() | float() as gone,
                ]:
                    self._told[code] = _ToldError(data, now - age, now - gone)

    def _is_news(self, error: CarError, now: float) -> bool:
        """Return whether an error is new, back after a while, or has other data for a while."""
        told = self._told.get(error.code)
        if told is None:
            return True
        gone, told.seen = now - told.seen, now
        is_other = error.data != told.data and now - told.told >= self._limits.changed
        return gone >= self._limits.again or is_other
