"""A failure in one place of the hub reaches no other place: it is logged once, and that is all."""

from __future__ import annotations

from collections.abc import Sequence

from ovms.base.failures import FailureLog
from ovms.base.logs import get_logger
from ovms.protocol import Message
from ovms.server.hub.interfaces import Line


class Guard:
    """Logs each place of the hub that fails, once."""

    def __init__(self) -> None:
        self._failures = FailureLog(
            get_logger("ovms.server.hub"), "unexpected error; the hub goes on"
        )

    def failed(self, place: str, error: BaseException, vehicle_id: str = "") -> None:
        """Log a failure, unless the same place has failed before. Call it in an ``except``."""
        self._failures.failed(place, error, vehicle=vehicle_id)

    def send(self, line: Line, message: Message) -> bool:
        """Send a message. A line that fails is closed, for its cipher is out of step then."""
        try:
            return line.send(message)
        except Exception as error:
            self._close(line, error)
            return False

    def send_all(self, line: Line, messages: Sequence[Message]) -> bool:
        """Send messages in one piece, as :meth:`send` does one."""
        try:
            return line.send_all(messages)
        except Exception as error:
            self._close(line, error)
            return False

    def _close(self, line: Line, error: Exception) -> None:
        self.failed("send", error)
        line.close(error)
