"""Which database a URL names; a new kind of database is a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ovms.server.storage.encryption import Keys
from ovms.server.storage.errors import UnsupportedDatabase
from ovms.server.storage.keyfile import FILE_NAME as KEY_FILE_NAME
from ovms.server.storage.keyfile import KeyFile
from ovms.server.storage.limits import HISTORY_DEFAULTS
from ovms.server.storage.sqlite.database import SqliteDatabase
from ovms.server.storage.sqlite.standing import StandingFile as StandingFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.engine import URL

    from ovms.server.storage.database import Database
    from ovms.server.storage.limits import HistoryLimits

FILE_NAME: Final = "ovms.db"
"""The database in the data directory, unless a URL names another."""


def _postgres(url: URL, key_file: KeyFile, limits: HistoryLimits) -> Database:
    try:
        from ovms.server.storage.postgres.database import PostgresDatabase  # an extra
    except ImportError as error:
        raise UnsupportedDatabase(
            "PostgreSQL databases need two more packages: pip install 'ovms[postgres]'"
        ) from error
    return PostgresDatabase.at_url(url, key_file, limits)


_KINDS: Final[dict[str, Callable[[URL, KeyFile, HistoryLimits], Database]]] = {
    "sqlite": SqliteDatabase.at_url,
    "postgresql": _postgres,
    "postgres": _postgres,
}


def open_database(
    data_dir: Path,
    url: str | None = None,
    key_file: Path | None = None,
    limits: HistoryLimits = HISTORY_DEFAULTS,
) -> Database:
    """Return the database of a URL, or else the file in ``data_dir``; nothing is made yet.

    The key of its secrets is in ``key_file``, relative to ``data_dir``, or else in that folder,
    wherever the database is. ``limits`` are those of each vehicle's history, where a server writes
    it. Raises :class:`UnsupportedDatabase`.
    """
    keys = KeyFile(data_dir / (key_file or KEY_FILE_NAME))
    if not url:
        return SqliteDatabase(data_dir / FILE_NAME, keys, limits)
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UnsupportedDatabase(
            "the database URL cannot be read: sqlite:///FILE, or postgresql://USER@HOST/NAME"
        ) from error
    kind = parsed.drivername.partition("+")[0]  # which driver is ours to say
    if kind not in _KINDS:
        raise UnsupportedDatabase(f"databases of the kind {kind!r} are not supported")
    return _KINDS[kind](parsed, keys, limits)


def open_standing(path: Path, key_file: KeyFile | None = None) -> StandingFile:
    """Return a SQLite file that no program uses as its database, whatever kind the server's is.

    Its secrets are under the key in ``key_file``, where somebody reads them.
    """
    keys = Keys(key_file or KeyFile(path.with_name(KEY_FILE_NAME)), str(path))
    return StandingFile(path, keys)
