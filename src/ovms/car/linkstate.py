"""The state of the link to the server: :class:`~ovms.car.link.Link` notes it, others read it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from ovms.base.clock import Clock


class LinkKind(Enum):
    """What the link is doing."""

    CALLING = "calling"
    """There is no link: the server is called again and again."""
    CONNECTED = "connected"
    REFUSED = "refused"
    """Like calling, but the server has refused the last call."""


class LinkState:
    """The state of one link. Times are the clock's monotonic seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.server = ""
        """The server that was called last, ``host:port``."""
        self.vehicle = ""
        """The vehicle id that was used."""
        self.kind = LinkKind.CALLING
        self.since = clock.monotonic()
        """When the present kind began."""
        self.reason: str | None = None
        """Why there is no link; ``None`` while there is one, and before the first call."""
        self.heard: float | None = None
        """When the last message came from the server."""
        self._next: float | None = None
        self._observers: list[Callable[[], None]] = []

    @property
    def again_in(self) -> float | None:
        """Seconds to the next call; ``None`` while there is a link, or a call is under way."""
        return None if self._next is None else max(0.0, self._next - self._clock.monotonic())

    @property
    def line(self) -> str:
        """The state in a few words."""
        if self.kind is LinkKind.CONNECTED:
            return f"connected to {self.server} as {self.vehicle}"
        return (
            f"{self.kind.value}: {self.reason}"
            if self.reason
            else f"calling {self.server}".rstrip()
        )

    def observe(self, observer: Callable[[], None]) -> None:
        """Have a function called after each change of :attr:`line`."""
        self._observers.append(observer)

    def call(self, server: str, vehicle: str) -> None:
        """Note that a server is being called."""
        self._next = None
        if (server, vehicle) != (self.server, self.vehicle):
            self.server, self.vehicle = server, vehicle
            self._tell()

    def connect(self) -> None:
        """Note that the server has welcomed us, with its first message."""
        self._become(LinkKind.CONNECTED, None)
        self.hear()

    def hear(self) -> None:
        """Note that a message has come from the server."""
        self.heard = self._clock.monotonic()

    def lose(self, reason: str) -> None:
        """Note that the link is lost, or that a call failed."""
        self._become(LinkKind.CALLING, reason)

    def refuse(self, reason: str) -> None:
        """Note that the server has refused us."""
        self._become(LinkKind.REFUSED, reason)

    def wait(self, seconds: float) -> None:
        """Note when the next call is."""
        self._next = self._clock.monotonic() + seconds

    def _become(self, kind: LinkKind, reason: str | None) -> None:
        before = (self.kind, self.reason)
        if kind is not self.kind:
            self.kind, self.since = kind, self._clock.monotonic()
        self.reason = reason
        if before != (kind, reason):
            self._tell()

    def _tell(self) -> None:
        for observer in self._observers:
            observer()
