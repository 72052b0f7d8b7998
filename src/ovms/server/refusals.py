"""Why callers were refused: in few words that can be counted, and for those who own the vehicle."""

from __future__ import annotations

from enum import Enum
from typing import Final

from ovms.net.handler import GoingAway

REASONS: Final = {
    "AuthenticationFailed": "wrong_secret",
    "LoginRefused": "wrong_password",
    "Throttled": "throttled",
    "Busy": "busy",
    "Repeated": "repeated_welcome",
    "TlsOnly": "tls_only",
    "Refusal": "unknown_vehicle",
    "Removed": "vehicle_changed",
    "StoreError": "database",
    "NoWelcome": "no_welcome_in_time",
    "Stalled": "does_not_read",
    "UnexpectedTls": "tls_at_plain_port",
    "RemoteProtocolError": "no_protocol",
    "Stopping": "stopping",
}
"""What counts as which reason, by the name of the exception or of one that it is derived from."""

LEFT: Final = "left"
"""The caller has left by itself, before it was answered."""

OTHER: Final = "other"

ALL_REASONS: Final = (*REASONS.values(), LEFT, OTHER)


class NoWelcome(Exception):
    """No welcome came in time."""


class Stalled(Exception):
    """The other end does not read what it is sent."""


class Stopping(GoingAway):
    """The server is being stopped."""


class Refusal(Exception):
    """The caller is refused; the text says why."""


class Repeated(Refusal):
    """The welcome is one that was said before."""

    def __str__(self) -> str:
        """Return the reason."""
        return "the welcome is a copy: its token was seen before"


class TlsOnly(Refusal):
    """The login was right, but others could read it."""

    def __str__(self) -> str:
        """Return the reason."""
        return "the vehicle takes logins over TLS only"


class Revoked(Exception):
    """The owner's password, token or vehicles changed."""

    def __str__(self) -> str:
        """Return the reason."""
        return "the owner's password, token or vehicles changed"


class EndedByOperator(Exception):
    """An administrator has ended the connection."""

    def __str__(self) -> str:
        """Return the reason."""
        return "an administrator ended the connection"


class WarningKind(Enum):
    """What an owner is told of once, in these words."""

    REPEATED = (
        "Somebody repeated a login to this vehicle that was overheard, and was refused. "
        "Have apps and car connect by TLS, then set a new secret"
    )
    PLAIN = (
        "A login to this vehicle without TLS was refused: it takes TLS only. If it was your car or "
        "app, set that to TLS and start it again, or allow logins without TLS; then set a new "
        "secret"
    )


def reason_of_refusal(error: Exception | None) -> str:
    """Return why a caller was refused whose connection ended with ``error``."""
    if error is None or isinstance(error, OSError):
        return LEFT
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((REASONS[name] for name in names if name in REASONS), OTHER)
