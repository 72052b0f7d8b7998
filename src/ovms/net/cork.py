"""Holds back what is written for a moment, so that a connection gets one write and not many.

A write is a call of the system, which costs as much as all else that is done for a message. So what
is written during a turn (:mod:`~ovms.net.turns`), which takes a millisecond at most, leaves at the
end of the turn, in its order.
"""

from __future__ import annotations

from types import TracebackType
from typing import Protocol


class Corked(Protocol):
    """A connection that holds back what was written to it."""

    def flush(self) -> None:
        """Write what was held back. Must not fail."""


class Cork:
    """A context in which connections hold back what is written. It may be entered again within."""

    __slots__ = ("_depth", "_held")

    def __init__(self) -> None:
        self._depth = 0
        self._held: list[Corked] = []

    @property
    def is_in(self) -> bool:
        """Whether connections hold back now."""
        return self._depth > 0

    def hold(self, connection: Corked) -> None:
        """Have a connection flush at the end: call it with the first that it holds back."""
        self._held.append(connection)

    def __enter__(self) -> None:
        """Have connections hold back."""
        self._depth += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Have all write that hold something back, also after a failure."""
        self._depth -= 1
        if self._held and not self._depth:
            held, self._held = self._held, []
            for connection in held:
                connection.flush()
