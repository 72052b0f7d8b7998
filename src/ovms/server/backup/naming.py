"""What backups are called that are named by their time, and which of them are there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

NAME: Final = re.compile(r"ovms-(\d{4}-\d{2}-\d{2}T\d{6}Z)\.backup")

_TIME: Final = "%Y-%m-%dT%H%M%SZ"


def time_name(now: float) -> str:
    """Return a time (Unix seconds) as it stands in a file's name, in UTC."""
    return datetime.fromtimestamp(now, UTC).strftime(_TIME)


def backup_name(now: float) -> str:
    """Return what a backup of that time (Unix seconds) is called."""
    return f"ovms-{time_name(now)}.backup"


def find_backups(folder: Path) -> list[tuple[float, Path]]:
    """Return the backups in a folder that are named so, and their times, the newest first.

    Others are nobody's. None if there is no folder. Raises ``OSError``.
    """
    found = []
    try:
        names = [each.name for each in folder.iterdir()]
    except FileNotFoundError:
        return []
    for name in names:
        match = NAME.fullmatch(name)
        if match is not None:
            try:
                time = datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)
            except ValueError:  # the 31st of February
                continue
            found.append((time.timestamp(), folder / name))
    return sorted(found, reverse=True)
