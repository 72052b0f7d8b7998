"""Where our files are, and how they are written: private, and never partly."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Iterator

DAMAGED_SUFFIX = ".damaged"
"""What is put behind the name of a damaged file."""


def default_data_dir() -> Path:
    """Return the platform's data directory for ``ovms``; it need not exist."""
    return platformdirs.user_data_path("ovms", appauthor=False)


def make_private_dir(path: Path) -> None:
    """Make the directory and its missing parents, readable only by their owner (mode 0700).

    An existing one is not changed: its mode is the operator's choice. Made by root, they belong to
    whom the folder belongs to that they are in.
    Raises :class:`OSError`; :class:`FileExistsError` when a file is in the way.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            _hand_folder(folder)
    if not path.is_dir():
        raise FileExistsError(f"{path} is not a directory")


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file so that a reader finds the old content or the new, also after a crash.

    The folder must exist and be writable. Written by root, it belongs to whom the old file belongs
    to, or else the folder. Raises :class:`OSError`, and then leaves the old file.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            hand_to_owner_of(path if path.exists() else path.parent, descriptor)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_dir(path.parent)


@contextmanager
def new_private_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a new file that only its owner reads; what is left with an exception is no file.

    It is on disk at the end. Raises :class:`OSError`; :class:`FileExistsError` if there is one.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    sync_dir(path.parent)


def set_aside(path: Path) -> Path:
    """Rename a damaged file so that a new one can be written; return its new path.

    One that was set aside before is lost. Raises :class:`OSError`.
    """
    return path.replace(path.with_name(path.name + DAMAGED_SUFFIX))


def open_private(path: Path) -> int:
    """Return the descriptor of a file to read and write, made empty and private if it is missing.

    Made by root, it belongs to whom the folder belongs to. Raises :class:`OSError`.
    """
    try:
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:  # also for a link, whatever it leads to
        return os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    hand_to_owner_of(path.parent, made)
    return made


def hand_to_owner_of(path: Path, descriptor: int) -> None:
    """Hand a file that root has just made to the owner of another one, if the system lets it.

    A command that root runs would leave files that the server, as its own user, may not open.
    """
    if os.geteuid() == 0:
        with suppress(OSError):
            owner = path.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _hand_folder(folder: Path) -> None:
    """Hand a folder that root has just made to the owner of the one that it is in."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        hand_to_owner_of(folder.parent, descriptor)
    finally:
        os.close(descriptor)


def sync_dir(path: Path) -> None:
    """Have the system write this directory to disk, so that a rename lasts."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
