"""What the server answers, as the library has it.

Fields that a newer server adds are passed over.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class ApiModel(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer holds."""


class ApiVehicle(ApiModel, frozen=True):
    """A vehicle."""

    id: str
    name: str
    """What its owner calls it; empty if nothing."""
    owner: str
    is_own: bool
    """It is the caller's, not shared with them."""
    rights: list[str]
    """What the caller may do with it: ``view``, ``location``, ``command``, ``pin``, ``manage``."""
    is_online: bool
    """Its car is connected to the server."""
    is_paranoid: bool
    """Its messages are sealed: the server cannot read them."""
    tls_only: bool
    created: datetime
