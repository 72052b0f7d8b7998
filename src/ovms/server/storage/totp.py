"""One-time codes: the key from which an owner's app makes them, encrypted, and the last step used.

Each function takes a connection inside a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ovms.server.storage.encrypted import Place


def totp_place(owner_id: int) -> Place:
    """Return the place of an owner's key of one-time codes."""
    return "owners", "totp", str(owner_id)
