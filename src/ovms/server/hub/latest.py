"""The latest message of each code of one vehicle: what a client gets when it logs in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ovms.protocol import Message
from ovms.protocol.codes import CODES
from ovms.protocol.messages import LatestMessage

STORED_LIMIT = 256 * 1024
"""Bytes of latest messages kept a vehicle. A car with every record has under 4 KiB."""


@dataclass(slots=True)
class LatestMessages:
    """The latest messages, and the paranoid token under which the sealed ones came."""

    token: str = ""
    """Empty for a car that never sealed anything."""
    is_token_live: bool = False
    """The connected car has sent its token: clients need it even before a sealed message."""
    by_code: dict[str, LatestMessage] = field(default_factory=dict)
    _size: int = field(default=0, init=False)
    """Bytes of all their data, kept up to date because every message of a car needs it."""

    def restore(self, stored: Iterable[LatestMessage]) -> None:
        """Load the messages that were stored, without sealed ones that are void."""
        self._keep(self.by_code | {row.code: row for row in stored if row.counts(self.token)})

    def put(self, message: LatestMessage) -> bool:
        """Make a message the latest of its code; false if too much is stored."""
        old = self.by_code.get(message.code)
        size = self._size + len(message.data) - (len(old.data) if old is not None else 0)
        if size > STORED_LIMIT:
            return False
        self.by_code[message.code] = message
        self._size = size
        return True

    def change_token(self, token: str) -> bool:
        """Set the car's token and return whether it is new; a new one voids what is sealed."""
        self.is_token_live = True
        if token == self.token:
            return False
        self.token = token
        self._keep({code: old for code, old in self.by_code.items() if not old.token})
        return True

    def forget(self, is_over: Callable[[LatestMessage], bool]) -> None:
        """Forget those that are over."""
        if any(map(is_over, self.by_code.values())):
            self._keep({code: each for code, each in self.by_code.items() if not is_over(each)})

    def _keep(self, messages: dict[str, LatestMessage]) -> None:
        self.by_code = messages
        self._size = sum(len(each.data) for each in messages.values())

    def is_older(self, message: LatestMessage) -> bool:
        """Return whether the latest message of its code came when this one did, or later."""
        known = self.by_code.get(message.code)
        return known is not None and known.time >= message.time - 1

    def replay(self) -> Iterator[tuple[Message, float | None]]:
        """Yield what a client gets at login: ``F``, ``S``, the rest, the token where needed.

        Each with when it came, Unix seconds; ``None`` for the token.
        """
        order = sorted(self.by_code, key=lambda code: (CODES[code].login_rank, code))
        owes_token = bool(self.token) and self.is_token_live
        owes_token = owes_token or any(latest.token for latest in self.by_code.values())
        for latest in (self.by_code[code] for code in order):
            if latest.token and owes_token:
                yield self._announcement(), None
                owes_token = False
            yield latest.message, latest.time
        if owes_token:
            yield self._announcement(), None

    def _announcement(self) -> Message:
        return Message("E", b"T" + self.token.encode("latin-1"))

    @property
    def is_sealed(self) -> bool:
        """Whether the car seals what it says: it has said its token, or the newest came sealed."""
        newest = max(
            ((each.time, bool(each.token)) for each in self.by_code.values()), default=None
        )
        return self.is_token_live or (newest is not None and newest[1])

    @property
    def newest(self) -> float | None:
        """When the newest came, Unix seconds."""
        return max((latest.time for latest in self.by_code.values()), default=None)
