"""Tickets: a page shows one instead of a password when it opens a WebSocket (scheme 0x31).

A page knows neither its owner's password nor its session's cookie, so it asks for a ticket by the
session. A ticket holds for a minute and once, and what logs in by it ends with the session. Tickets
are in memory only: after a restart the page asks for another.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from ovms.protocol.spelling import owner_key

if TYPE_CHECKING:
    from ovms.base.clock import Clock
    from ovms.server.accounts.login import Login

PREFIX: Final = "ticket-"
"""What each begins with, so that none is taken for a wrong password."""

TICKET_BYTES: Final = 32

TICKET_LENGTH: Final = len(PREFIX) + 43
"""Characters of a ticket."""

TICKET_LIFE: Final = 60.0
"""Seconds in which a ticket must be used."""

TICKETS_AN_OWNER: Final = 50
"""Tickets of one owner that were not used; then the oldest one is void."""

TICKETS_LIMIT: Final = 10_000
"""Tickets of all owners, some 300 bytes each; the same."""


@dataclass(slots=True)
class HeldTicket:
    """A ticket that was not used yet; ``made`` on the monotonic clock."""

    login: Login = field(repr=False)
    made: float


def is_ticket(password: str) -> bool:
    """Return whether what stands for a password is spelled like a ticket."""
    return len(password) == TICKET_LENGTH and password.startswith(PREFIX)


class Tickets:
    """The tickets that were not used; a holder of logins. Belongs to one event loop."""

    def __init__(self, clock: Clock, random: Callable[[int], bytes] = os.urandom) -> None:
        self._clock = clock
        self._random = random
        self._held: dict[bytes, HeldTicket] = {}
        """By their digests, the oldest first."""

    def make(self, login: Login) -> str:
        """Return a ticket for the login of a session."""
        self._expire()
        own = [each for each, held in self._held.items() if held.login.owner_id == login.owner_id]
        if len(own) >= TICKETS_AN_OWNER:
            del self._held[own[0]]
        elif len(self._held) >= TICKETS_LIMIT:
            del self._held[next(iter(self._held))]
        ticket = PREFIX + urlsafe_b64encode(self._random(TICKET_BYTES)).decode().rstrip("=")
        self._held[_digest(ticket)] = HeldTicket(login, self._clock.monotonic())
        return ticket

    def take(self, user: str, ticket: str) -> Login | None:
        """Return the login of an owner's ticket, which is void then; ``None`` if it is none."""
        self._expire()
        held = self._held.pop(_digest(ticket), None)
        if held is None or owner_key(held.login.owner) != owner_key(user):
            return None
        return held.login

    def logins(self) -> Iterable[Login]:
        """Return the logins of all tickets."""
        self._expire()
        return [each.login for each in self._held.values()]

    def update(self, changes: Mapping[Login, Login | None]) -> None:
        """Replace logins that changed; the tickets of those that no longer hold are void."""
        for digest, held in list(self._held.items()):
            login = changes.get(held.login, held.login)
            if login is None:
                del self._held[digest]
            else:
                held.login = login

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._held)

    def _expire(self) -> None:
        now = self._clock.monotonic()
        while self._held:
            digest, oldest = next(iter(self._held.items()))
            if now - oldest.made < TICKET_LIFE:
                break
            del self._held[digest]


def _digest(ticket: str) -> bytes:
    return sha256(ticket.encode(errors="replace")).digest()
