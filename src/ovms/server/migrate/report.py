"""What became of what another server's database holds: counted, and named where it matters.

No secret, position or content of a message is ever in it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class MovedKind(StrEnum):
    """What an import takes, in its order."""

    OWNERS = "owners"
    VEHICLES = "vehicles"
    MESSAGES = "messages"
    RECORDS = "records"
    TRAFFIC = "days of traffic"
    SUBSCRIPTIONS = "subscriptions"
    TOKENS = "tokens"
    PROVISIONS = "provisioning records"


class MoveOutcome(StrEnum):
    """What became of something that is named."""

    TAKEN = "taken with a change"
    KEPT = "kept as it is here"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class MoveNote:
    """Something that somebody has to know of."""

    kind: MovedKind
    name: str
    outcome: MoveOutcome
    reason: str


@dataclass(slots=True)
class KindReport:
    """What became of all of one kind."""

    kind: MovedKind
    notes: list[MoveNote]
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    """Taken before, and the same since."""
    left: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Why some were left that nobody has to know by name, and how many."""

    def leave(self, name: str, reason: str) -> None:
        """Note that something is left, and why."""
        self.left += 1
        self.notes.append(MoveNote(self.kind, name, MoveOutcome.LEFT, reason))

    def leave_many(self, reason: str, count: int = 1) -> None:
        """Count what is left without a name."""
        if count:
            self.left += count
            self.reasons[reason] += count

    def tell(self, name: str, reason: str) -> None:
        """Note that something is taken, but not as it was."""
        self.notes.append(MoveNote(self.kind, name, MoveOutcome.TAKEN, reason))

    def keep(self, name: str, reason: str) -> None:
        """Note that something here is not changed as it was there."""
        self.notes.append(MoveNote(self.kind, name, MoveOutcome.KEPT, reason))


class MoveReport:
    """What became of all."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.notes: list[MoveNote] = []
        self.kinds = {kind: KindReport(kind, self.notes) for kind in MovedKind}
        self.absent: list[str] = []
        """Tables that are not there, of which nothing could be taken."""
        self.hints: list[str] = []
        """What the operator should do or look at."""

    def __getitem__(self, kind: MovedKind) -> KindReport:
        """Return what became of a kind."""
        return self.kinds[kind]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was to be done."""
        return not any(each.added or each.changed or each.removed for each in self.kinds.values())
