"""Reading a backup and saying whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from ovms.server.backup.errors import BadBackup, CannotWrite
from ovms.server.backup.files import is_inside
from ovms.server.backup.format import (
    FORMAT,
    Manifest,
    kept_tables,
    read_format,
    read_manifest,
    take_facts,
)
from ovms.server.backup.steps import Report, Step
from ovms.server.storage.errors import DatabaseError
from ovms.server.storage.opening import open_standing
from ovms.server.storage.schema import REVISION

if TYPE_CHECKING:
    from ovms.server.storage.opening import StandingFile

HEAD: Final = b"SQLite format 3\0"


def read_about(file: Path) -> Manifest:
    """Return what a backup says that it holds; only that is looked at.

    Raises :class:`BadBackup`, or :class:`CannotWrite` for a file that cannot be read.
    """
    with _readable(file):
        _check_head(file, file)
        return _read(open_standing(file), file)


def read_whole(
    file: Path, report: Report, *, compare: bool = True, name: Path | None = None
) -> Manifest:
    """Return what a backup holds, once its structure and all of its rows were found in order.

    Without ``compare`` the rows are not read. ``name`` is what errors call it. Raises
    :class:`BadBackup`, or :class:`CannotWrite` for a file that cannot be read.
    """
    name = name or file
    with _readable(name):
        _check_head(file, name)
        standing = open_standing(file)
        manifest = _read(standing, name)
        report(Step.CHECK, 0, 1)
        damage = standing.find_damage()
        report(Step.CHECK, 1, 1)
        if damage is not None:
            raise BadBackup(f"backup {name} is damaged: {damage}")
        if compare:
            _compare(standing, name, manifest, report)
    return manifest


@contextmanager
def _readable(name: Path) -> Iterator[None]:
    """Have whatever goes wrong with reading a file say that it is damaged."""
    try:
        yield
    except (DatabaseError, SQLAlchemyError, ValueError, TypeError) as error:
        raise BadBackup(f"backup {name} is damaged") from error


def _check_head(file: Path, name: Path) -> None:
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for
            raise BadBackup(f"{name} is no file")
        with file.open("rb") as opened:
            head = opened.read(len(HEAD))
    except OSError as error:
        raise CannotWrite(f"{name} cannot be read: {error.strerror}") from None
    if head != HEAD:
        raise BadBackup(f"{name} is {'empty' if not head else 'no backup of ovms'}")


def _read(standing: StandingFile, file: Path) -> Manifest:
    with standing.reading() as connection:
        found = read_format(connection)
        if found is None:
            raise BadBackup(f"{file} is a database, but no backup of ovms")
        if found > FORMAT:
            raise BadBackup(f"backup {file} was written by a newer version of ovms")
        manifest = read_manifest(connection)
    if manifest.revision > REVISION:
        raise BadBackup(
            f"backup {file} was written by a newer version of ovms, {manifest.version}:"
            " restore it with that one"
        )
    for each in manifest.files:
        if not is_inside(each.name):
            raise BadBackup(f"backup {file} is not to be trusted: it has a file {each.name!r}")
    return manifest


def _compare(standing: StandingFile, file: Path, manifest: Manifest, report: Report) -> None:
    done, total = 0, sum(each.rows for each in manifest.tables.values())

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        report(Step.COMPARE, done, total)

    with standing.reading() as connection:
        if kept_tables(connection) != sorted(manifest.tables):
            raise BadBackup(f"backup {file} is damaged: it has other tables than it says")
        found = take_facts(connection, manifest.tables, advance)
    for name, facts in manifest.tables.items():
        if found[name] != facts:
            raise BadBackup(f"backup {file} is damaged: rows of table {name} were altered")
