"""A SQLite file as a whole: free places in it, room for a copy of it, damage."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ovms.server.storage.errors import NoRoom
from ovms.server.storage.sqlite.connections import connect
from ovms.server.storage.sqlite.errors import translated

if TYPE_CHECKING:
    from collections.abc import Iterable

MIB: Final = 1024 * 1024

MOST_LINES: Final = 20
"""Lines that tell what is damaged; where so much is, a backup is put back."""


@dataclass(frozen=True, slots=True)
class FileRoom:
    """Bytes of a database's file that hold something, and of its free pages."""

    used: int
    free: int


def read_room(path: Path) -> FileRoom:
    """Return what of a database's file is used."""
    with translated(str(path)), closing(connect(path)) as connection:
        size, pages, free = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "page_count", "freelist_count")
        )
    return FileRoom((pages - free) * size, free * size)


def check_room(path: Path) -> None:
    """Raise :class:`NoRoom` unless a database can be written anew.

    SQLite makes the copy in a folder for temporary files, and then writes it into the log.
    """
    needed = read_room(path).used
    folders = (path.absolute().parent, temporary_folder())
    for folder in folders:
        copies = sum(_disk(each) == _disk(folder) for each in folders)
        free = shutil.disk_usage(folder).free
        if free < copies * needed:
            raise NoRoom(
                f"there is no room to write database {path} anew: that takes"
                f" {copies * needed / MIB:,.0f} MiB in {folder}, where {free / MIB:,.0f} MiB are"
                " free; TMPDIR names another folder for one of the copies"
            )


def temporary_folder() -> Path:
    """Return the folder in which SQLite makes temporary files."""
    named = (os.environ.get(each) for each in ("SQLITE_TMPDIR", "TMPDIR"))
    return _first_usable((*named, "/var/tmp", "/usr/tmp", "/tmp"))  # noqa: S108 (SQLite's own)


def _first_usable(names: Iterable[str | None]) -> Path:
    folders = (Path(each) for each in names if each)
    usable = (each for each in folders if each.is_dir() and os.access(each, os.W_OK | os.X_OK))
    return next(usable, Path())


def list_damage(path: Path) -> list[str]:
    """Return what SQLite finds wrong in a database, a line each."""
    with translated(str(path)), closing(connect(path)) as connection:
        found = connection.execute(f"PRAGMA integrity_check({MOST_LINES})").fetchall()
        lost = connection.execute("PRAGMA foreign_key_check").fetchmany(MOST_LINES)
    damage = [str(line) for (line,) in found if line != "ok"]
    return damage + [
        f"a row of {table} belongs to none of {parent}" for table, _, parent, _ in lost
    ]


def _disk(folder: Path) -> int:
    return folder.stat().st_dev
