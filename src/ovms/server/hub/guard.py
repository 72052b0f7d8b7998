"""What goes wrong in one place must not reach others: it is our bug, logged once, and over."""

from __future__ import annotations

from ovms.base.logs import get_logger
from ovms.protocol import Message
from ovms.server.hub.interfaces import Line

PLACES_LIMIT = 1000
"""Places whose failures are remembered as told; what fails past it is not logged any more."""

log = get_logger("ovms.server.hub")


class Guard:
    """Remembers where something failed, so that a flood of failures is one line in the log."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def failed(self, place: str, error: BaseException, vehicle_id: str = "") -> None:
        """Log a failure, unless the same place has failed before. Call it in an ``except``."""
        if place not in self._told and len(self._told) < PLACES_LIMIT:
            self._told.add(place)
            log.error(
                "our bug, and we go on", place=place, vehicle=vehicle_id,
                reason=str(error) or type(error).__name__, exc_info=error,
            )  # fmt: skip

    def send(self, line: Line, message: Message) -> bool:
        """Send a message. A line that fails is closed, for its cipher is out of step then."""
        try:
            return line.send(message)
        except Exception as error:
            self.failed("send", error)
            line.close(error)
            return False
