"""The errors between two ends of a connection, in one tree.

::

    ProtocolError
    ├── LocalProtocolError         our side did what the protocol forbids now
    └── RemoteProtocolError        the other end broke the protocol; close the connection
        ├── LineTooLong            a line reached its bound before it ended
        ├── NotAWelcome            the first line is no welcome of this protocol
        ├── AuthenticationFailed   the other end's digest does not prove the secret
        └── UnreadableLine         a line that does not decrypt; the position of the cipher is lost
"""

from __future__ import annotations


class ProtocolError(Exception):
    """Base of all errors of this package."""


class LocalProtocolError(ProtocolError):
    """Our side did something that is not allowed in the present state."""


class RemoteProtocolError(ProtocolError):
    """The other end sent something after which the connection must be closed."""


class LineTooLong(RemoteProtocolError):
    """A line has more bytes than the bound allows.

    ``limit`` is the bound in bytes, with the line end.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"line longer than {limit} bytes")
        self.limit = limit


class NotAWelcome(RemoteProtocolError):
    """A line that should be a welcome is something else."""


class AuthenticationFailed(RemoteProtocolError):
    """The digest does not match the secret, or our own token came back."""


class UnreadableLine(RemoteProtocolError):
    """A line after the welcome is not base64, or decrypts to something without ``MP-0 ``."""
