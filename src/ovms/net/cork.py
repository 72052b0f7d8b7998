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

    __slots__ = ("depth", "held")

    def __init__(self) -> None:
        self.depth = 0
        """How often it was entered; above 0 connections hold back."""
        self.held: list[Corked] = []
        """Those that flush at the end: each puts itself here with the first that it holds back."""

    def __enter__(self) -> None:
        """Have connections hold back."""
        self.depth += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Have all write that hold something back, also after a failure."""
        self.depth -= 1
        if self.held and not self.depth:
            held, self.held = self.held, []
            for connection in held:
                connection.flush()
