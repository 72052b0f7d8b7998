"""What the notifier counts for its operator: plain numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

OTHER_KIND: Final = "other"
"""For alerts of kinds that are not delivered."""


class DeliveryOutcome(Enum):
    """What became of one try to deliver an event."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """It is tried again."""
    GONE = "gone"
    """The receiver is gone for good, and the subscription with it."""


@dataclass(slots=True)
class NotifyCounts:
    """What the notifier has done since the server started."""

    raised: Counter[str] = field(default_factory=Counter)
    """Alerts that vehicles raised, by kind, those among them that are no news."""
    refused: int = 0
    """Alerts that were not delivered because there were too many."""
    expired: int = 0
    """Deliveries of alerts that were given up after a day."""
    deliveries: Counter[tuple[str, DeliveryOutcome]] = field(default_factory=Counter)
    """Tries to deliver, by channel and outcome."""
