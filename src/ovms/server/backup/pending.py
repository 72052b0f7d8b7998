"""A restore under way: written down before anything is changed, done or undone after a crash.

Several files and a database cannot be changed at once. So what is to be done is put on disk first,
as one file with all the new ones in it. The key file holds both keys then, so the old database
works. The moment that counts is when the database is the new one: a rename, or a commit. Whoever
opens the data folder next looks whether that was reached: if so the rest is done, else undone.
"""

from __future__ import annotations

import asyncio
import errno
import glob
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import inspect, select

from ovms.base.paths import make_private_dir, sync_dir, write_whole
from ovms.server.storage.opening import open_database
from ovms.server.storage.schema import audit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ovms.server.storage.database import Database

PENDING: Final = "restore.pending"
"""The file in the data folder while a restore goes on."""

ACTION: Final = "backup.restore"
"""What the audit trail of a restored database says."""


class PendingFile(msgspec.Struct):
    """A file of the data folder as it is to be."""

    name: str
    mode: int
    data: bytes


class PendingRestore(msgspec.Struct):
    """What is to be done. Paths are absolute, but for names in the data folder."""

    token: str
    """Stands in the audit trail of the new database."""
    database: str | None
    """The URL; ``None`` of the file in the data folder."""
    key_file: str
    old_key: bytes | None
    """What the key file held; ``None`` if there was none."""
    new_key: bytes
    work: str
    """The folder that is removed at the end."""
    new_file: str | None
    """The database's file until it is renamed; ``None`` for one that is no file."""
    target_file: str | None
    kept_file: str | None
    """Where the old database's file goes."""
    kept: str
    """The folder where the old files go."""
    files: list[PendingFile]
    removed: list[str]
    """Files of the data folder that go."""


def has_pending(data: Path) -> bool:
    """Return whether a restore into that data folder goes on, or was interrupted."""
    return (data / PENDING).exists()


def write_pending(data: Path, pending: PendingRestore) -> None:
    """Put on disk what is to be done. Raises ``OSError``."""
    write_whole(data / PENDING, msgspec.json.encode(pending))


def finish(data: Path) -> bool:
    """Do what is left of a restore, or undo it; return whether the new state is there.

    Whoever calls it holds the data folder. It can be interrupted and called again. Raises
    ``OSError``, or :class:`~ovms.server.storage.errors.StoreError` for a database that cannot be
    asked.
    """
    pending = msgspec.json.decode((data / PENDING).read_bytes(), type=PendingRestore)
    is_done = _is_new(data, pending)
    if is_done:
        _go_forward(data, pending)
    else:
        _go_back(pending)
    shutil.rmtree(pending.work, ignore_errors=True)
    for path in (Path(pending.key_file).resolve(), *(data / each.name for each in pending.files)):
        sweep(path)
    (data / PENDING).unlink()
    sweep(data / PENDING)
    sync_dir(data)
    return is_done


def sweep(path: Path) -> None:
    """Remove what a killed program left that was writing a file; it may hold a key."""
    for each in path.parent.glob(f".{glob.escape(path.name)}.????????"):
        each.unlink(missing_ok=True)


def _is_new(data: Path, pending: PendingRestore) -> bool:
    """Return whether the database is the new one."""
    if pending.new_file is not None:
        return not Path(pending.new_file).exists()
    database = open_database(data, pending.database, Path(pending.key_file))
    try:
        return has_token(database, pending.token)
    finally:
        asyncio.run(database.close())


def has_token(database: Database, token: str) -> bool:
    """Return whether a database says that it was restored under that token.

    It waits for who writes: the transaction of a process that was killed may still be committed.
    """
    with database.writing() as connection:
        if audit.name not in inspect(connection).get_table_names():
            return False
        query = select(audit.c.detail).where(audit.c.action == ACTION)
        return any(token in detail for detail in connection.scalars(query))


def _go_forward(data: Path, pending: PendingRestore) -> None:
    kept = Path(pending.kept)
    for file in pending.files:
        target = data / file.name
        if _holds(target, file.data):
            continue
        _keep(target, kept / file.name)
        make_private_dir(target.parent)
        write_whole(target, file.data, file.mode & 0o777)
    for name in pending.removed:
        _keep(data / name, kept / name)
    if pending.old_key is not None and pending.old_key != pending.new_key:
        copy = kept / "secrets.key"
        make_private_dir(kept)
        write_whole(copy, pending.old_key)
    write_key(Path(pending.key_file), pending.new_key)


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data


def _keep(path: Path, kept: Path) -> None:
    """Move a file to where old ones are kept, if it is there."""
    if not os.path.lexists(path):
        return
    make_private_dir(kept.parent)
    try:
        path.rename(kept)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EBUSY):
            raise
        shutil.copy2(path, kept)  # the folder, or the file, is mounted from elsewhere
        if error.errno == errno.EXDEV:
            path.unlink()
    sync_dir(path.parent)


def _go_back(pending: PendingRestore) -> None:
    if pending.kept_file is not None and pending.target_file is not None:
        for end in ("-wal", ""):
            kept, target = Path(pending.kept_file + end), Path(pending.target_file + end)
            if kept.exists() and not target.exists():
                kept.rename(target)
                sync_dir(target.parent)
    if pending.old_key is not None:
        write_key(Path(pending.key_file), pending.old_key)
    else:
        with suppress(FileNotFoundError):
            Path(pending.key_file).unlink()


def write_key(path: Path, text: bytes) -> None:
    """Write the key file, unless it holds that already; a link stays one. Raises ``OSError``."""
    place = path.resolve()
    if _holds(place, text):
        return
    make_private_dir(place.parent)
    write_whole(place, text)


def differing(data: Path, files: Iterable[PendingFile]) -> list[str]:
    """Return the names of those that are in the data folder with another content."""
    return [
        each.name
        for each in files
        if os.path.lexists(data / each.name) and not _holds(data / each.name, each.data)
    ]
