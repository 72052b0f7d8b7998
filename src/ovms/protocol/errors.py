"""What can go wrong between two ends of a connection, in one tree.

::

    ProtocolError
    ├── LocalProtocolError         our own caller asked for something the protocol forbids now
    └── RemoteProtocolError        the other end broke the protocol: close the connection
        ├── LineTooLong            a line passed its bound before it ended
        ├── NotAWelcome            the first line is no welcome of this protocol
        ├── AuthenticationFailed   the other end's digest does not prove the secret
        └── UnreadableLine         a line that does not decrypt: the cipher's place is lost
"""

from __future__ import annotations


class ProtocolError(Exception):
    """Anything that this package raises on purpose."""


class LocalProtocolError(ProtocolError):
    """Our side called for something that is not allowed in the present state."""


class RemoteProtocolError(ProtocolError):
    """The other end sent something after which the connection cannot go on."""


class LineTooLong(RemoteProtocolError):
    """More bytes came without a line end than the bound allows.

    ``limit`` is the bound in bytes, line end included.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"line longer than {limit} bytes")
        self.limit = limit


class NotAWelcome(RemoteProtocolError):
    """The line where a welcome belongs is something else."""


class AuthenticationFailed(RemoteProtocolError):
    """The digest does not match the secret, or our own token came back."""


class UnreadableLine(RemoteProtocolError):
    """A line after the welcome is not base64, or decrypts to something without ``MP-0 ``."""
