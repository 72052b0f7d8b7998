"""Whether a SQLite file is whole, as far as that is cheap to tell.

SQLite notices damage only where it reads. A server that lets cars in must find every vehicle: one
whose row is lost, or is in no index, would be refused, and a module that was refused gives up for
good. So a start looks at all of the tables that decide that, and at their indexes. That takes 0.2
seconds for 10,000 vehicles. The history may have gigabytes, and is not among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ovms.server.storage.errors import DamagedDatabase
from ovms.server.storage.sqlite.errors import DAMAGED, RESTORE
from ovms.server.storage.sqlite.holding import was_served

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

READ_FIRST: Final = (
    "encryption", "server", "owners", "vehicles", "messages", "presence", "tokens", "shares",
    "provisions", "peers",
)  # fmt: skip
"""The tables that decide who is let in, and what is said at once."""

LOG_BEGINS: Final = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""The first bytes of a log: the second is of a machine with the other order of bytes."""


def find_damage(connection: Connection, path: Path) -> None:
    """Raise :class:`DamagedDatabase` if the file is cut off or a table of them is not whole."""
    page_size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    if path.stat().st_size % page_size:
        raise DamagedDatabase(f"database {path} {DAMAGED}: its end is missing")
    for table in READ_FIRST:
        found = connection.exec_driver_sql(f"PRAGMA integrity_check({table})").scalar()
        if found != "ok":
            what = " ".join(str(found).removeprefix("*** in database main ***").split())
            raise DamagedDatabase(f"database {path} {DAMAGED}: {what}")


def check_files(path: Path) -> None:
    """Raise :class:`DamagedDatabase` for what SQLite takes for a new database, or for no log.

    Call it before the file is opened, which would overwrite such a log. In an empty database all
    cars would be unknown, and refused.
    """
    log = path.with_name(f"{path.name}-wal")
    if _size(path) == 0 and was_served(path):
        raise DamagedDatabase(
            f"database {path} is empty and was not: {RESTORE}, or remove it to begin anew"
        )
    if _size(log) and not _is_log(log):
        raise DamagedDatabase(
            f"database {path} has a damaged log: {RESTORE}, or move"
            f" {log.name} away to go on without what was written last"
        )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def _is_log(path: Path) -> bool:
    """Return whether a file begins as a log, or was never on disk before the power was cut."""
    try:
        with path.open("rb") as file:
            begin = file.read(len(LOG_BEGINS[0]))
    except OSError:
        return True  # who opens the database is told why
    return begin in LOG_BEGINS or not any(begin)
