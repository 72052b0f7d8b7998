"""What the one writer asks of a database, which each database words in its own way.

The order in which it is asked, and what is done with the answers, is the same for all databases:
:mod:`.batch_writing`, :mod:`.history_writing` and :mod:`.history_quota`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

Row = tuple[Any, ...]


class Put(Enum):
    """What is written, many rows at once; a row is new, or replaces the one with its key.

    Where a vehicle is removed, its messages, presence, traffic and tokens are left out.
    """

    VOID = auto()
    """Vehicle id and paranoid token: messages that were sealed under another one are deleted."""
    TOKENS = auto()
    """Vehicle id and paranoid token."""
    MESSAGES = auto()
    """Vehicle id, code, data, time, token."""
    PRESENCE = auto()
    """Vehicle id, car, apps, batch clients, when it was heard; ``None`` keeps the time."""
    TRAFFIC = auto()
    """Vehicle id, day, and four sums that are added to those of the day."""
    PROVISIONS = auto()
    """The look-up of a provisioning record and when it was used."""
    RECORDS = auto()
    """Vehicle id, type, number, time, end, data, acknowledgement code: always new."""
    COUNTS = auto()
    """Vehicle id, type, number, and records and bytes that are added."""
    ACKS = auto()
    """Vehicle id, type, number, acknowledgement code, digest, when a copy came last."""
    NEW_ACKS = auto()
    """The same; a row whose key is there already is left out."""
    SEEN = auto()
    """Memory, part and number of a block, and its bits."""
    USES = auto()
    """The memory of a secret and when it was last used over a plain connection."""


class Find(Enum):
    """What is looked for, many at once; rows in, rows out, in any order."""

    LIVING = auto()
    """Of vehicle ids, those of vehicles that are not removed."""
    COPIES = auto()
    """Of a place, an acknowledgement's key (vehicle id, type, number, code, digest) and the first
    and last time at which a copy may have come: the places of those that came."""
    LATE_COPIES = auto()
    """Of a place, vehicle id, type, number, code, data and the first and last time that a copy may
    give: the places of those that are in the history."""
    TYPES = auto()
    """Of vehicle ids and types, those of which there are records."""
    BLOCKS = auto()
    """Of memories and token numbers: memory, part, number and bits of the blocks of these tokens
    that are there."""


class WriterConnection(ABC):
    """A database's own connection, for the writer's thread."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """Commit at the end, durably, or roll back when an exception leaves it.

        One such transaction runs at a time, also among processes.
        """

    @abstractmethod
    def savepoint(self) -> AbstractContextManager[None]:
        """Take back what is done inside, and nothing else, when an exception leaves it."""

    @abstractmethod
    def is_bad_row(self, error: Exception) -> bool:
        """Return whether an error means that a row can never be written; others may pass."""

    @abstractmethod
    def put(self, what: Put, rows: Iterable[Row]) -> int:
        """Write rows, none of which has the key of another; return how many were written."""

    @abstractmethod
    def find(self, what: Find, rows: Iterable[Row]) -> set[Row]:
        """Return what is there of these rows."""

    @abstractmethod
    def beat(self, time: float) -> None:
        """Note that the server runs, at a Unix time."""

    @abstractmethod
    def use(self, vehicle_id: str) -> tuple[int, int]:
        """Return how many records a vehicle has, and their bytes."""

    @abstractmethod
    def use_by_type(self, vehicle_id: str) -> list[tuple[str, int, int]]:
        """Return the same of each type."""

    @abstractmethod
    def types(self, vehicle_id: str, limit: int) -> list[str]:
        """Return the types of a vehicle's records, up to ``limit`` of them."""

    @abstractmethod
    def drop_oldest(self, vehicle_id: str, name: str, rows: int) -> tuple[int, int]:
        """Delete a type's oldest records, and take them off the counts.

        Return how many went, at most ``rows``, and their bytes.
        """
