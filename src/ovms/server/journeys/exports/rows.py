"""What every export takes: a journey with what its owner says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from ovms.server.journeys.values import Journey, Position, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """A journey as it is exported; whoever may not see positions gets one without places."""

    id: int
    journey: Journey
    start_place: str | None = None
    """The name of the place, or an address."""
    end_place: str | None = None
    cost: Decimal | None = None
    currency: str | None = None
    purpose: Purpose | None = None
    note: str = ""
    is_edited: bool = False

    @property
    def start(self) -> str:
        """Where it began: its place, else its coordinates, else nothing."""
        return self.start_place or coordinates(self.journey.start.position)

    @property
    def end(self) -> str:
        """Where it ended."""
        return self.end_place or coordinates(self.journey.end.position)


def coordinates(position: Position | None) -> str:
    """Return degrees to a metre; nothing for nowhere."""
    return "" if position is None else f"{position.latitude:.5f}, {position.longitude:.5f}"
