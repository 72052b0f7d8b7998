"""The counters of a fleet, and their line in the log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Counts since the start. Bytes are those of lines, without what TLS and TCP add."""

    sent: int = 0
    received: int = 0
    """Messages."""
    bytes_sent: int = 0
    bytes_received: int = 0
    logins: int = 0
    lost: int = 0
    """Connections that ended after their welcome."""
    refused: int = 0
    """Calls that the server refused."""
    failed: int = 0
    """Calls that found no server, or no welcome."""

    def copy(self) -> Tally:
        """Return the counts as they are now."""
        return Tally(*(getattr(self, name) for name in Tally.__slots__))

    def line(self, before: Tally, seconds: float) -> dict[str, float]:
        """Return what happened since ``before``, ``seconds`` ago, as the fields of a log line."""
        return {
            "messages_a_second": _rate(self.sent - before.sent, seconds),
            "heard_a_second": _rate(self.received - before.received, seconds),
            "bytes_a_second": _rate(self.bytes_sent - before.bytes_sent, seconds),
            "bytes_heard_a_second": _rate(self.bytes_received - before.bytes_received, seconds),
            "lost": self.lost - before.lost,
            "refused": self.refused - before.refused,
            "failed": self.failed - before.failed,
        }


def _rate(count: int, seconds: float) -> float:
    return round(count / seconds, 1) if seconds > 0 else 0.0
