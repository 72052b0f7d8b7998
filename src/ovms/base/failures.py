"""Failures that must not end what they happened in: each place is logged once."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

PLACES_LIMIT = 1000
"""Places whose failures are remembered as logged; failures in further places are not logged."""


class FailureLog:
    """Logs unexpected exceptions as ``event``, once for each place in the code.

    A flood of the same failure is one line in the log.
    """

    def __init__(self, log: FilteringBoundLogger, event: str) -> None:
        self._log = log
        self._event = event
        self._logged: set[str] = set()

    def failed(self, place: str, error: BaseException, **fields: object) -> None:
        """Log an exception unless the same place has failed before. Call it in an ``except``."""
        if place not in self._logged and len(self._logged) < PLACES_LIMIT:
            self._logged.add(place)
            reason = str(error) or type(error).__name__
            self._log.error(self._event, place=place, **fields, reason=reason, exc_info=error)

    def catch(self, place: str) -> Catch:
        """Return a context that logs an exception of its body and ends it there."""
        return Catch(self, place)


class Catch:
    """The context of :meth:`FailureLog.catch`. It catches ``Exception``, not cancellation."""

    __slots__ = ("_failures", "_place")

    def __init__(self, failures: FailureLog, place: str) -> None:
        self._failures = failures
        self._place = place

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self._failures.failed(self._place, error)
        return True
