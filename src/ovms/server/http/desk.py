"""What calls need that make and recover accounts: mail, the token of set-up, what is allowed."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ovms.server.http.account_mail import AccountMailer

SETUP_BYTES: Final = 16
"""Random bytes of the token of set-up, which somebody copies from a terminal."""


class SetupToken:
    """Who knows it makes the first administrator. Only the running process has it."""

    def __init__(self, random: Callable[[int], bytes] = os.urandom) -> None:
        self.text = random(SETUP_BYTES).hex()

    def is_right(self, text: str) -> bool:
        """Return whether it is this, in the same time for any text of a length."""
        return hmac.compare_digest(text.strip().lower().encode("utf-8", "replace"),
                                   self.text.encode())  # fmt: skip


@dataclass(slots=True)
class AccountDesk:
    """What calls need that make and recover accounts."""

    mailer: AccountMailer
    registration: bool = False
    """Strangers may make accounts."""
    reserved: frozenset[str] = field(default_factory=frozenset)
    """Names that they may not take, as they are compared."""
    setup: SetupToken | None = None
    """While the server started without owners."""
