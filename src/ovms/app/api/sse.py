"""Server-sent events: bytes in, events out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ovms.app.errors import ConnectionLost

EVENT_LIMIT: Final = 1 << 20
"""Bytes of one event: the whole state of a vehicle has some ten thousand."""

DIGITS_LIMIT: Final = 9
"""Digits of the milliseconds that a server may have us wait."""

LINE_END: Final = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a stream."""

    type: str
    data: str
    id: str
    """Of this event, or the last before it that had one."""


class EventParser:
    """Puts the bytes of a stream together."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        """Where the stream goes on if it is asked for again."""
        self.retry: float | None = None
        """Seconds that the server wants us to wait before we ask again."""
        self._rest = b""
        self._is_behind_cr = False
        self._type = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[ServerEvent]:
        """Yield the events that some bytes complete.

        Raises :class:`ConnectionLost` for an event that is too long.
        """
        if not data:
            return
        if self._is_behind_cr:  # that line is over; its end had a second byte
            data = data.removeprefix(b"\n")
        self._is_behind_cr = data.endswith(b"\r")
        *lines, self._rest = LINE_END.split(self._rest + data)
        if self._size + len(self._rest) > EVENT_LIMIT:
            raise ConnectionLost("an event of the stream is too long")
        for line in lines:
            yield from self._take(line.decode("utf-8", "replace"))

    def _take(self, line: str) -> Iterator[ServerEvent]:
        if not line:
            yield from self._complete()
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._type = value
            case "data":
                self._size += len(value) + 1
                if self._size > EVENT_LIMIT:
                    raise ConnectionLost("an event of the stream is too long")
                self._data.append(value)
            case "id" if "\0" not in value:
                self.last_id = value
            case "retry" if value.isascii() and value.isdigit() and len(value) <= DIGITS_LIMIT:
                self.retry = int(value) / 1000
            case _:
                pass

    def _complete(self) -> Iterator[ServerEvent]:
        if self._data:
            yield ServerEvent(self._type or "message", "\n".join(self._data), self.last_id)
        self._type, self._data, self._size = "", [], 0
