"""One frame of a car's bus, from a recording or from the bus itself."""

from __future__ import annotations

from typing import NamedTuple


class Frame(NamedTuple):
    """One frame of the bus: time, id, 1 to 8 data bytes (of CAN FD up to 64).

    ``time`` is in seconds: in a recording from its start, on a bus the car's time.
    """

    time: float
    id: int
    data: bytes
    is_extended: bool = False
    """The id has 29 bits, not 11."""
    channel: str = ""
    """The bus it came from, or is for; empty if there is only one, or it is not known."""
