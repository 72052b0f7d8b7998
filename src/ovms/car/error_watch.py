"""Errors of the vehicle: each once, however it flickers and counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ovms.car.alert_limits import ErrorLimits
from ovms.car.state import CarError

CODES_LIMIT = 100
"""Codes of errors that are remembered; a car has a handful at a time."""


ROTATION = 10.0
"""Seconds after which a car with several errors, which shows one at a time, shows each again."""


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
        self._there: dict[int, tuple[float, float]] = {}
        """Since when each error has been there, and when it was shown last."""
        self._told: dict[int, _ToldError] = {}

    def look(self, error: CarError | None, now: float) -> CarError | None:
        """Return an error to tell now, if there is one."""
        if error is None:
            self._there.clear()
            return None
        lasted = now - self._note(error.code, now)
        if lasted < self._limits.lasting or not self._is_news(error, now):
            return None
        if len(self._told) >= CODES_LIMIT:
            del self._told[next(iter(self._told))]
        self._told[error.code] = _ToldError(error.data, now, now)
        return error

    def _note(self, code: int, now: float) -> float:
        """Note that an error is shown. Return since when it has been there."""
        since, shown = self._there.pop(code, (now, now))
        if len(self._there) >= CODES_LIMIT:
            del self._there[next(iter(self._there))]
        self._there[code] = (since if now - shown <= ROTATION else now, now)
        return self._there[code][0]

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
