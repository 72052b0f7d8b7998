"""How far a backup is, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class Step(Enum):
    """What is being done, as it is shown."""

    COPY = "copying"
    COMPARE = "comparing"
    CHECK = "checking"
    UPGRADE = "upgrading"
    LOAD = "loading"
    SWITCH = "putting in place"


Report = Callable[[Step, int, int], None]
"""Called with a step, how much of it is done, and of how much: bytes or rows. Called often."""


def no_report(step: Step, done: int, total: int) -> None:
    """Drop what is told."""
