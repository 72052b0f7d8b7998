"""What can be wrong with a recording."""

from __future__ import annotations

from pathlib import Path


class RecordingError(Exception):
    """A recording that cannot be read, or not to its end.

    ``path`` names it. ``line`` is the number of the line, counted from 1; ``None`` if the file has
    no lines. The text is ``FILE:LINE: reason``.
    """

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        where = f":{line}" if line is not None else ""
        super().__init__(f"{path}{where}: {reason}")
        self.path = path
        self.line = line
