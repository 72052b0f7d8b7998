"""A backup made by a program of its own, which a server starts: its cars wait for none of it.

``python -m ovms.server.backup.job`` reads a :class:`BackupJob` from its standard input, as JSON, so
that no password of a database stands on a command line. It prints a :class:`BackupDone`, or one
line of what is wrong on standard error, with exit code 1.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from ovms.base.paths import make_private_dir
from ovms.server.backup.errors import BackupError, CannotWrite
from ovms.server.backup.files import FileSources
from ovms.server.backup.making import make_backup, remove_left
from ovms.server.backup.naming import backup_name
from ovms.server.backup.steps import no_report
from ovms.server.storage.database import Database
from ovms.server.storage.errors import StoreError
from ovms.server.storage.opening import open_database

NICENESS: Final = 10
"""By how much it steps back behind the server."""

RESERVE: Final = 200 * 1024 * 1024
"""Bytes that a backup leaves free on its disk: it may be that of the server's own database."""

MIB: Final = 1024 * 1024


class BackupJob(msgspec.Struct, frozen=True):
    """What a backup is made of, and where it goes."""

    data: str
    database: str | None
    key_file: str | None
    config: str | None
    named: list[str]
    folder: str
    now: float
    """Unix seconds; the file is named by it."""
    secrets: bool


class BackupDone(msgspec.Struct, frozen=True):
    """What was made."""

    file: str
    bytes: int
    records: int


def run(job: BackupJob) -> BackupDone:
    """Make the backup, and remove what those left in its folder that were killed.

    Raises :class:`.errors.BackupError`, :class:`~ovms.server.storage.errors.StoreError` or
    ``OSError``.
    """
    folder = Path(job.folder)
    make_private_dir(folder)
    remove_left(folder)
    key_file = None if job.key_file is None else Path(job.key_file)
    database = open_database(Path(job.data), job.database, key_file)
    check_room(database, folder)
    config = None if job.config is None else Path(job.config)
    sources = FileSources(Path(job.data), config, tuple(map(Path, job.named)))
    file = folder / backup_name(job.now)
    made = make_backup(database, sources, file, job.now, no_report, secrets=job.secrets)
    return BackupDone(str(file), file.stat().st_size, made.rows("history"))


def check_room(database: Database, folder: Path) -> None:
    """Raise :class:`CannotWrite` if a backup would fill the disk of a folder."""
    needed, free = sum(database.sizes().values()), shutil.disk_usage(folder).free
    if free < needed + RESERVE:
        raise CannotWrite(
            f"{free // MIB} MiB are left on the disk of {folder}: a backup needs"
            f" {needed // MIB} MiB, and leaves {RESERVE // MIB} free"
        )


def main() -> int:
    """Run the job that standard input names."""
    with suppress(OSError):
        os.nice(NICENESS)
    try:
        done = run(msgspec.json.decode(sys.stdin.buffer.read(), type=BackupJob))
    except (BackupError, StoreError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'the backup'}: {error.strerror or error}\n")
        return 1
    sys.stdout.buffer.write(msgspec.json.encode(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
