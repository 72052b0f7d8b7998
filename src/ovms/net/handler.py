"""What a pump's events go to, and how it may end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from ovms.protocol.errors import RemoteProtocolError

if TYPE_CHECKING:
    from ovms.net.pump import Pump
    from ovms.protocol.session import Event


class GoingAway(Exception):
    """We end a connection in order, and not for what came on it; a WebSocket's Close says so."""


class UnexpectedTls(RemoteProtocolError):
    """The caller speaks TLS where none is spoken."""

    def __str__(self) -> str:
        """Return the reason, and what to do."""
        return "TLS at the port without TLS: set the port for TLS in the caller, or no TLS"


class PumpHandler(Protocol):
    """What a connection's events go to."""

    def opened(self, pump: Pump) -> None:
        """Handle a new connection."""

    def received(self, pump: Pump, event: Event) -> None:
        """Handle an event; the end of the stream is no event but :meth:`closed`."""

    def stalled(self, pump: Pump) -> None:
        """Handle that the other end does not read: :data:`WRITE_LIMIT` bytes wait for it."""

    def half_closed(self, pump: Pump) -> bool:
        """Handle that the other end sends nothing more; return whether it still gets an answer.

        Then close the connection once it has it, or when it takes too long.
        """

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Handle the end of the connection; called once.

        ``error`` is why it ended, ``None`` if it was in order or the connection was handed over.
        """


class EndedHandler:
    """Handles nothing: of a connection that has ended.

    With it nothing that has ended holds itself, and its memory is free at once.
    """

    def opened(self, pump: Pump) -> None:
        """Do nothing."""

    def received(self, pump: Pump, event: Event) -> None:
        """Do nothing."""

    def stalled(self, pump: Pump) -> None:
        """Do nothing."""

    def half_closed(self, pump: Pump) -> bool:
        """Return that nobody gets an answer."""
        return False

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Do nothing."""


ENDED: Final = EndedHandler()
