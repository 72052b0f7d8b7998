"""What each call of ``/api/v1`` needs of whoever makes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server.http.v1.site import ApiSite


class Need(Enum):
    """What whoever makes a call must have."""

    NOTHING = "nothing"
    LOGIN = "a log-in"
    VIEW = "view"
    LOCATION = "location"
    COMMAND = "command"
    PIN = "pin"
    MANAGE = "manage"
    LINK = "location and manage"
    SETTING = "command and manage"
    OWNER_SETTING = "the vehicle is theirs, command and manage"
    OWNER = "the vehicle is theirs"
    """And a token with ``manage``."""
    ACCOUNT = "account"
    PLACES = "account and location"
    SESSION = "a session's cookie"
    """Whatever a token permits."""
    ADMIN = "server.admin"


@dataclass(frozen=True)
class Case:
    """What a call needs, and how it is made so that nothing else is wrong with it."""

    need: Need
    path: dict[str, str] = field(default_factory=dict)
    """What stands in its path; the vehicle is CAR1."""
    prepare: Callable[[ApiSite], dict[str, str]] | None = None
    """Puts into the database what it is about; returns what stands in its path for that."""
    request: dict[str, Any] = field(default_factory=dict)
    """Parameters of :meth:`httpx.AsyncClient.request`."""
