"""A lock beside a SQLite file, so that two servers never share it.

SQLite's own locks last for a transaction. The lock of the data folder does not help where two
servers with folders of their own name the same file by ``--database``.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final

from ovms.base.paths import open_private
from ovms.server.storage.errors import DatabaseInUse, DatabaseUnwritable

if TYPE_CHECKING:
    from pathlib import Path


SERVED: Final = b"A server of ovms has its database in the file beside this one.\n"
"""What is in a file that is locked once its database has been made."""


def lock_path(path: Path) -> Path:
    """Return the file that is locked for a database; links to it lead to the same one."""
    found = path.resolve()
    return found.with_name(found.name + ".lock")


def was_served(path: Path) -> bool:
    """Return whether a server has had a database in this file."""
    try:
        return lock_path(path).stat().st_size > 0
    except OSError:
        return False


class HeldFile:
    """A database that is held for this process, until it is closed or the process ends.

    Raises :class:`DatabaseInUse`, or :class:`DatabaseUnwritable`.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file: int | None = open_private(lock_path(path))
        except OSError as error:
            reason = error.strerror or str(error)
            raise DatabaseUnwritable(f"database {path} cannot be locked: {reason}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise DatabaseInUse(f"another ovms server is running on database {path}") from error

    def note_served(self) -> None:
        """Remember beside the database that there is one now; see :func:`was_served`."""
        if self._file is not None and not os.fstat(self._file).st_size:
            os.write(self._file, SERVED)

    def close(self) -> None:
        """Let others have it. Calling it again does nothing."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
