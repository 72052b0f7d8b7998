"""How many logins of owners there were, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ovms.server.accounts.errors import Busy, LoginRefused, Throttled

SCHEMES: Final = {"v2": "0x31"}
"""The scheme by which somebody logs in who needs a right; any other right is for HTTP."""

HTTP: Final = "http"

BROKER: Final = "broker"
"""The scheme of those whom an MQTT broker asks about."""

ALL_SCHEMES: Final = (*SCHEMES.values(), HTTP, BROKER)

OUTCOMES: Final = ("accepted", "refused", "throttled", "busy", "failed")
"""``busy``: too many waited; ``failed``: the database or the server could not."""


class LoginCounts:
    """Counts logins by scheme and outcome."""

    def __init__(self) -> None:
        self.waiting = 0
        """Logins that are being looked at."""
        self.done: Counter[tuple[str, str]] = Counter()
        """By scheme (``0x31``, ``http`` or ``broker``) and outcome."""

    @contextmanager
    def one(self, right: str, *, by_broker: bool = False) -> Iterator[None]:
        """Count a login for a right by how the block ends."""
        scheme = BROKER if by_broker else SCHEMES.get(right, HTTP)
        outcome = "failed"
        self.waiting += 1
        try:
            yield
            outcome = "accepted"
        except Throttled:
            outcome = "throttled"
            raise
        except LoginRefused:
            outcome = "refused"
            raise
        except Busy:
            outcome = "busy"
            raise
        finally:
            self.waiting -= 1
            self.done[scheme, outcome] += 1
