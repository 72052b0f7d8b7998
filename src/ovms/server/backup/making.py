"""Making a backup, also beside a running server, and looking whether it is whole.

It sees one moment of the database, and nobody who writes waits for it. It is written under another
name, put on disk, read again and compared, and only then gets its own.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, text

from ovms import __version__
from ovms.base.paths import hand_to_owner_of, sync_dir
from ovms.server.backup.checking import read_whole
from ovms.server.backup.errors import BadBackup, CannotWrite, TargetInUse
from ovms.server.backup.files import FileSources, KeptFile, collect
from ovms.server.backup.format import (
    KEY_NAME,
    Manifest,
    TableFacts,
    kept_tables,
    take_facts,
    write_files,
    write_manifest,
)
from ovms.server.backup.rows import Fingerprint, read_rows, stored_columns
from ovms.server.backup.steps import Report, Step
from ovms.server.storage.encryption import current_key, current_key_id
from ovms.server.storage.errors import StoreError
from ovms.server.storage.keyfile import key_text
from ovms.server.storage.opening import open_standing
from ovms.server.storage.schema import REVISION, metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database
    from ovms.server.storage.opening import StandingFile

VERSION_TABLE: Final = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)
"""Alembic's own table, as it makes it."""

SUFFIX: Final = ".part"
"""Behind the name of a backup that is being written; it begins with a dot."""


def make_backup(
    database: Database,
    sources: FileSources,
    file: Path,
    now: float,
    report: Report,
    *,
    secrets: bool = True,
) -> Manifest:
    """Write a backup to a file that is not there yet, and return what is in it.

    The database is of this version. Without ``secrets`` the key and the files that hold any are
    left out. ``now`` in Unix seconds. Raises :class:`.errors.BackupError`, or
    :class:`~ovms.server.storage.errors.DatabaseError` for what the database refuses; then there is
    no file.
    """
    if os.path.lexists(file):
        raise TargetInUse(f"{file} is there already: name another file")
    with _temporary(file) as temporary:
        with _called(temporary, file):
            manifest = _write(database, sources, temporary, now, report, secrets=secrets)
        try:
            open_standing(temporary).settle()
            _place(temporary, file)
        except OSError as error:
            raise _cannot_write(file, error) from error
    return manifest


@contextmanager
def _called(temporary: Path, file: Path) -> Iterator[None]:
    """Have errors name the file as it is to be called."""
    try:
        yield
    except (StoreError, BadBackup) as error:
        if str(temporary) not in str(error):
            raise
        told = str(error).replace(f"database {temporary}", str(file))
        raise CannotWrite(told.replace(str(temporary), str(file))) from error


@contextmanager
def _temporary(file: Path) -> Iterator[Path]:
    """Yield an empty file beside, locked for as long as it is being written; it goes at the end."""
    try:
        descriptor, name = tempfile.mkstemp(SUFFIX, f".{file.name}.", file.parent)  # mode 0600
    except OSError as error:
        raise _cannot_write(file, error) from error
    try:
        hand_to_owner_of(file.parent, descriptor)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield Path(name)
    finally:
        os.close(descriptor)
        Path(name).unlink(missing_ok=True)


def remove_left(folder: Path) -> None:
    """Remove what killed programs left in a folder that were writing backups named by the time.

    Those that are still being written stay. Raises ``OSError``.
    """
    for left in folder.glob(f".ovms-*{SUFFIX}"):
        with suppress(FileNotFoundError), left.open("rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            left.unlink(missing_ok=True)


def _cannot_write(file: Path, error: OSError) -> CannotWrite:
    return CannotWrite(f"{file} cannot be written: {error.strerror or error}")


def _place(temporary: Path, file: Path) -> None:
    """Rename the file to its name, unless something got it meanwhile."""
    try:
        os.link(temporary, file)
    except FileExistsError:
        raise TargetInUse(f"{file} is there already: name another file") from None
    except OSError as error:  # a file system without links
        if os.path.lexists(file):
            raise TargetInUse(f"{file} is there already: name another file") from error
        temporary.rename(file)
    sync_dir(file.parent)


def _write(
    database: Database,
    sources: FileSources,
    path: Path,
    now: float,
    report: Report,
    *,
    secrets: bool,
) -> Manifest:
    standing = open_standing(path)
    with database.reading() as connection:
        source = connection.dialect.name
        expected = _count(connection)
        key = current_key(connection) if secrets else None
        key_id = current_key_id(connection)
        sums: dict[str, Fingerprint] = {}
        if not database.copy_file(connection, path, partial(report, Step.COPY)):
            sums = _copy_rows(database, connection, standing, sum(expected.values()), report)
    kept = collect(sources, secrets=secrets)
    files = [*kept.files]
    if key is not None:
        files.append(KeptFile(KEY_NAME, 0o600, key_text([key])))
    files.sort(key=lambda each: each.name)
    with standing.writing() as connection:
        write_files(connection, files)
    done, total = 0, sum(expected.values())

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        report(Step.COMPARE, done, max(done, total))

    with standing.reading() as connection:
        facts = take_facts(connection, kept_tables(connection), advance)
    _compare(expected, sums, facts)
    manifest = Manifest(
        __version__, REVISION, now, source, key_id, secrets, kept.elsewhere, facts, tuple(files)
    )
    with standing.writing() as connection:
        write_manifest(connection, manifest)
    if read_whole(path, report, compare=False) != manifest:
        raise BadBackup(f"{path} does not hold what was written: look at its disk")
    return manifest


def _count(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has. With it the connection's moment begins."""
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in metadata.sorted_tables
    }


def _compare(
    expected: dict[str, int], sums: dict[str, Fingerprint], facts: dict[str, TableFacts]
) -> None:
    """Raise :class:`BadBackup` unless the copy has all rows, as they were read."""
    for name, rows in expected.items():
        found = facts[name].rows if name in facts else 0
        if found != rows:
            raise BadBackup(f"the copy of table {name} has {found} of {rows} rows")
        if name in sums and sums[name].text != facts[name].fingerprint:
            raise BadBackup(f"the copy of table {name} has other rows than the database")


def _copy_rows(
    database: Database,
    connection: Connection,
    standing: StandingFile,
    total: int,
    report: Report,
) -> dict[str, Fingerprint]:
    """Copy a database of another kind, page by page; return what each table is known by."""
    done = 0
    sums: dict[str, Fingerprint] = {}
    with standing.writing() as target:
        metadata.create_all(target)
        target.execute(text(VERSION_TABLE))
        target.execute(text("INSERT INTO alembic_version VALUES (:found)"), {"found": REVISION})
        for table in metadata.sorted_tables:
            columns = stored_columns(target, table.name)
            found = sums[table.name] = Fingerprint()
            for page in read_rows(connection, table.name, columns):
                standing.write_rows(target, table.name, columns, page)
                found.add(page)
                done += len(page)
                report(Step.COPY, done, total)
        standing.set_highest_ids(target, database.highest_ids(connection))
    return sums
