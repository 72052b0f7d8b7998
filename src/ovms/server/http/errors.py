"""Why a call fails, in words and with a status code."""

from __future__ import annotations


class CallFailed(Exception):
    """A call cannot be answered as it was asked; the text says why, in one line."""

    def __init__(self, status: int, text: str, *, wait: float | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.wait = wait
        """Seconds until the call may be repeated; ``None`` if that does not matter."""
