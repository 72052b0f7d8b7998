"""What the writer counts for its operator: plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ovms.base.histogram import Histogram

ROW_BOUNDS: Final = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)


@dataclass(slots=True)
class WriterCounts:
    """What the writer has done since the server started."""

    commits: Histogram = field(default_factory=Histogram)
    """Seconds of each commit that the database took."""
    rows: Histogram = field(default_factory=lambda: Histogram(ROW_BOUNDS))
    """Rows of each of them."""
    failures: int = 0
    """Commits that the database refused; their rows stay, and are tried again."""
    refused: int = 0
    """Rows that the bounds turned away."""
    lost: int = 0
    """Rows that could never be written, and were dropped."""


@dataclass(frozen=True, slots=True)
class WriterDepths:
    """What waits for the disk, that which is being written included."""

    rows: int
    """Records included."""
    records: int
    record_bytes: int
    """Memory that the records take, against their bound."""
