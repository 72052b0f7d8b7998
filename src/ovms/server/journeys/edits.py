"""Corrections that an owner made: merged, split and changed journeys. They hold on to times."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ovms.server.journeys.values import JourneyKind, Purpose


class EditKind(Enum):
    """What was done."""

    MERGE = "merge"
    SPLIT = "split"
    CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A correction of the journeys of one kind in a span; later ones (by id) count on top.

    The span of a merge is that of all that became one; of a split it is that of what was one, and
    ``at`` where it was cut.
    """

    id: int
    kind: EditKind
    journey_kind: JourneyKind
    start: int
    end: int
    at: int | None = None
    energy: float | None = None
    """KWh; so the next. What is not changed is ``None``."""
    grid_energy: float | None = None
    cost: Decimal | None = None
    note: str | None = None
    """An empty one takes it away."""
    purpose: Purpose | None = None
    clears: tuple[str, ...] = ()
    """The names of the fields that are as reported again."""
