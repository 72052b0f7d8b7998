"""One frame of a car's bus, wherever it comes from: a recording, or the bus itself."""

from __future__ import annotations

from typing import NamedTuple


class Frame(NamedTuple):
    """One frame of the bus: when, id, 1 to 8 data bytes.

    ``time`` counts in seconds: in a recording from its start, on a bus by the car's time.
    """

    time: float
    id: int
    data: bytes
    is_extended: bool = False
    """The id has 29 bits, not 11."""
