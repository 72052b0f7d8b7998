"""Counts calls by the template of their path, never by the path: it may hold what a secret is."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final

from ovms.base.histogram import Histogram

METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

OTHER_METHOD: Final = "other"

CALL_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0)
"""Bounds in seconds: a call that asks a car waits for its answer."""


class RequestCounts:
    """How many calls there were, and how long they took."""

    def __init__(self) -> None:
        self.done: Counter[tuple[str, str, int]] = Counter()
        """By method, template and status."""
        self.seconds: defaultdict[str, Histogram] = defaultdict(lambda: Histogram(CALL_BOUNDS))
        """By template."""

    def note(self, method: str, template: str, status: int, seconds: float) -> None:
        """Count a call."""
        known = method if method in METHODS else OTHER_METHOD
        self.done[known, template, status] += 1
        self.seconds[template].observe(seconds)
