"""Putting a backup back: into a folder or a database that is empty, or in place of what is there.

First the new database is made beside, brought up to this version and compared with the backup;
until then nothing is changed. Then :mod:`.pending` has it put in place, all or nothing.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ovms.base.clock import iso_time
from ovms.base.paths import hand_to_owner_of, make_private_dir, sync_dir
from ovms.server.backup.checking import HEAD, read_about, read_whole
from ovms.server.backup.errors import BadBackup, CannotWrite, TargetInUse
from ovms.server.backup.files import present
from ovms.server.backup.format import KEY_NAME, Manifest, drop_manifest
from ovms.server.backup.loading import load_rows
from ovms.server.backup.naming import time_name
from ovms.server.backup.pending import (
    ACTION,
    PENDING,
    PendingFile,
    PendingRestore,
    differing,
    finish,
    sweep,
    write_key,
    write_pending,
)
from ovms.server.backup.steps import Report, Step
from ovms.server.storage.audit import note_operator
from ovms.server.storage.database import Database
from ovms.server.storage.encrypted import EncryptionKey
from ovms.server.storage.errors import BadKeyFile, DatabaseError, NotADatabase, WrongKey
from ovms.server.storage.keychange import find_damaged_secret
from ovms.server.storage.keyfile import FILE_NAME as KEY_FILE_NAME
from ovms.server.storage.keyfile import KeyFile, key_text, parse_keys
from ovms.server.storage.opening import FILE_NAME, open_database, open_standing
from ovms.server.storage.upgrading import revision

WORK_PREFIX: Final = ".restoring-"
"""How the folder is called in which the new database is made."""

CHUNK: Final = 4 * 1024 * 1024
"""Bytes of the file that are copied at a time."""


@dataclass(frozen=True, slots=True)
class RestoreTarget:
    """Where a backup goes. Whoever restores holds the folder, and the database."""

    data: Path
    database: Database
    url: str | None = None
    """Of the database; ``None`` of the file in the data folder."""


@dataclass(slots=True)
class RestoreResult:
    """What was restored."""

    manifest: Manifest
    kept: list[str] = field(default_factory=list)
    """Where what was there before is now."""
    damage: str | None = None
    """A secret that does not open, as it did not where the backup was made."""


def restore(
    file: Path, target: RestoreTarget, now: float, report: Report, *, replace: bool = False
) -> RestoreResult:
    """Put a backup in place; with ``replace`` what is there is kept beside, else nothing may be.

    ``now`` in Unix seconds. Raises :class:`.errors.BackupError`, or
    :class:`~ovms.server.storage.errors.StoreError`; then all is as before.
    """
    try:
        manifest = read_about(file)
        key = _find_key(manifest, target)
        if not replace:
            _check_free(target, manifest, key)
        return _Restore(file, target, manifest, key, now, report).run(replace)
    except OSError as error:
        where = error.filename or target.data
        raise CannotWrite(f"{where} cannot be written: {error.strerror or error}") from error


def _find_key(manifest: Manifest, target: RestoreTarget) -> EncryptionKey:
    """Return the key of the backup, from it or from where it is to be."""
    kept, path = manifest.file(KEY_NAME), target.database.keys.file.path
    if kept is not None:
        keys = parse_keys(kept.data, "the key file in the backup")
    else:
        keys = target.database.keys.file.read()
    for each in keys:
        if each.id == manifest.key_id:
            return each
    raise WrongKey(
        f"the backup does not hold its key, {manifest.key_id}: put it into {path} (mode 0600) first"
    )


def _check_free(target: RestoreTarget, manifest: Manifest, key: EncryptionKey) -> None:
    """Raise :class:`TargetInUse` if something is there that would be lost."""
    found = [f"database {target.database.name}"] if is_filled(target.database) else []
    found += differing(target.data, pending_files(manifest))
    if not {each.id for each in target.database.keys.file.read()} <= {key.id}:
        found.append(str(target.database.keys.file.path))
    if found:
        what = ", ".join(found[:3]) + (" and more" if len(found) > 3 else "")
        raise TargetInUse(
            f"there is something already ({what}): with --replace it is kept beside, or name"
            " another folder (--data) or database (--database)"
        )


def is_filled(database: Database) -> bool:
    """Return whether a database holds anything. Raises :class:`DatabaseError`."""
    if database.path is not None:
        if not database.path.exists():
            return False
        with database.path.open("rb") as file:
            if file.read(len(HEAD)) not in (b"", HEAD):
                return True  # whatever it is; SQLite would remove what lies beside it
    try:
        with database.reading() as connection:
            return revision(connection, database.name) is not None
    except NotADatabase:
        if database.path is None:
            raise
        return True


def pending_files(manifest: Manifest) -> list[PendingFile]:
    """Return the files of a backup but the key, which has its own place."""
    kept = (each for each in manifest.files if each.name != KEY_NAME)
    return [PendingFile(each.name, each.mode, each.data) for each in kept]


class _Restore:
    """One run."""

    def __init__(
        self,
        file: Path,
        target: RestoreTarget,
        manifest: Manifest,
        key: EncryptionKey,
        now: float,
        report: Report,
    ) -> None:
        self._file = file
        self._target = target
        self._manifest = manifest
        self._key = key
        self._now = now
        self._report = report
        self._token = secrets.token_hex(8)

    def run(self, replace: bool) -> RestoreResult:
        """Make the new database beside, and put it in place."""
        data, old = self._target.data, self._target.database
        beside = data if old.path is None else old.path.parent
        make_private_dir(beside)
        _remove_work(beside)
        sweep(data / PENDING)
        work = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=beside))
        try:
            result = RestoreResult(self._manifest)
            new = self._make(work, result)
            pending = self._plan(work, new)
            write_pending(data, pending)
            try:
                self._switch(new, pending, result, replace)
            finally:  # done, or undone
                finish(data)
            for kept in (pending.kept_file, pending.kept):
                if kept is not None and Path(kept).exists():
                    result.kept.append(kept)
            return result
        finally:
            if not (data / PENDING).exists():
                shutil.rmtree(work, ignore_errors=True)

    def _make(self, work: Path, result: RestoreResult) -> Database:
        """Return the new database, whole, of this version, and compared with the backup."""
        path = work / FILE_NAME
        self._copy(path)
        if read_whole(path, self._report, name=self._file) != self._manifest:
            raise BadBackup(f"{self._file} was changed meanwhile")
        with open_standing(path).writing() as connection:
            drop_manifest(connection)
        (work / KEY_FILE_NAME).write_bytes(key_text([self._key]))
        (work / KEY_FILE_NAME).chmod(0o600)
        database = open_database(work)
        self._report(Step.UPGRADE, 0, 1)
        database.upgrade()
        result.damage = find_damaged_secret(database)
        with database.writing() as connection:
            detail = f"backup of {iso_time(self._manifest.made)}, {self._token}"
            note_operator(connection, self._now, ACTION, detail=detail)
        database.settle()
        open_standing(path).settle()
        self._report(Step.UPGRADE, 1, 1)
        return database

    def _copy(self, path: Path) -> None:
        done, total = 0, self._file.stat().st_size
        with self._file.open("rb") as source, path.open("xb") as copy:
            path.chmod(0o600)
            hand_to_owner_of(path.parent.parent, copy.fileno())
            while chunk := source.read(CHUNK):
                copy.write(chunk)
                done += len(chunk)
                self._report(Step.COPY, done, total)

    def _plan(self, work: Path, new: Database) -> PendingRestore:
        data, old = self._target.data, self._target.database
        stamp = time_name(self._now)
        files = pending_files(self._manifest)
        names = {each.name for each in files}
        removed = [each for each in present(data, ()) if each not in names]
        key_path = old.keys.file.path.absolute()
        kept_file = None if old.path is None else f"{old.path.absolute()}.replaced-{stamp}"
        return PendingRestore(
            token=self._token,
            database=self._target.url,
            key_file=str(key_path),
            old_key=key_path.read_bytes() if key_path.exists() else None,
            new_key=key_text([self._key]),
            work=str(work.absolute()),
            new_file=None if old.path is None else str(work.absolute() / FILE_NAME),
            target_file=None if old.path is None else str(old.path.absolute()),
            kept_file=kept_file,
            kept=str(data.absolute() / f"replaced-{stamp}"),
            files=files,
            removed=removed if self._manifest.has_secrets else [],
        )

    def _switch(
        self, new: Database, pending: PendingRestore, result: RestoreResult, replace: bool
    ) -> None:
        """Have the database be the new one: the moment that counts."""
        old, path = self._target.database, Path(pending.key_file)
        self._report(Step.SWITCH, 0, 1)
        write_key(path, _both_keys(self._key, old.keys.file, pending.new_key))
        if old.path is None or pending.new_file is None or pending.kept_file is None:
            kept = load_rows(new, old, pending.kept if replace else None, self._report)
            if kept is not None:
                result.kept.append(kept)
        else:
            _put_aside(old, old.path, Path(pending.kept_file))
            Path(pending.new_file).rename(old.path)
            sync_dir(old.path.parent)
        self._report(Step.SWITCH, 1, 1)


def _both_keys(key: EncryptionKey, file: KeyFile, new: bytes) -> bytes:
    """Return what a key file holds by which the old database and the new one can be read."""
    try:
        others = [each for each in file.read() if each.id != key.id]
    except BadKeyFile:
        return new  # it opened nothing
    return key_text([key, *others[:1]]) if others else new


def _put_aside(old: Database, path: Path, kept: Path) -> None:
    """Rename the old file, with what its log holds in it."""
    if not path.exists():
        return
    with suppress(DatabaseError):  # one that is damaged is kept as it is
        old.settle()
    log, shared = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    if log.exists():  # it must not be read as that of the new file
        log.rename(kept.with_name(kept.name + "-wal"))
    shared.unlink(missing_ok=True)
    path.rename(kept)


def _remove_work(folder: Path) -> None:
    """Remove what restores left that were killed before anything was changed."""
    for each in folder.glob(f"{WORK_PREFIX}*"):
        shutil.rmtree(each, ignore_errors=True)
