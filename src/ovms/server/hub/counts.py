"""What the rooms count for their operator: plain numbers, which nothing waits for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ovms.base.histogram import Histogram

ROUND_TRIPS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Bounds in seconds: a module on a mobile network takes some hundred milliseconds."""


class CommandOutcome(Enum):
    """What became of a command."""

    ANSWERED = "answered"
    """The car has answered, whatever it has said."""
    BY_SERVER = "by_server"
    """It was for the server, which has answered."""
    NO_ANSWER = "no_answer"
    """Nothing came from the car in time."""
    NOT_CONNECTED = "not_connected"
    """The car was away, or went away."""
    TOO_MANY = "too_many"
    """Too many waited."""
    TOO_LONG = "too_long"
    """It fits no line to the car."""
    REFUSED = "refused"
    """It must not be sent: after too many wrong PINs, or without the text that it needs."""
    WITHDRAWN = "withdrawn"
    """Its asker has left before it was sent."""

    __hash__ = object.__hash__  # as each is single; an Enum's own costs a call


@dataclass(slots=True)
class HubCounts:
    """What all rooms have done since the server started."""

    commands: Counter[CommandOutcome] = field(default_factory=Counter)
    round_trips: Histogram = field(default_factory=lambda: Histogram(ROUND_TRIPS))
    """Seconds from sending a command to a car to the first row of its answer."""
    acknowledgements: Histogram = field(default_factory=Histogram)
    """Seconds from the coming of an ``h`` to the sending of its acknowledgement."""
