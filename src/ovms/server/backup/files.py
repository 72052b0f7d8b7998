"""Which files of a server a backup holds besides the database: settings, certificates, tables.

Those in the data folder that the server reads: ``ovms.toml``, all of ``tls/`` and ``alerts/``, and
what the settings name. The key of the secrets is handled apart. Not those that it makes anew, nor
what is large and comes from elsewhere, as a map. What the settings name outside the data folder
belongs to somebody else; it is told by name.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from ovms.server.backup.errors import CannotWrite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
SETTINGS_NAME: Final = "ovms.toml"
"""What the settings are called in a backup, wherever they were."""

FOLDERS: Final = ("tls", "alerts")
"""Folders in the data folder that are kept whole."""

FILE_LIMIT: Final = 1024 * 1024
"""Bytes of such a file: they are certificates and tables, of some kB."""

FILES_LIMIT: Final = 2000
"""How many there may be: a certificate of each of many names."""

READS: Final = 5
"""How often the files are read until two times give the same: a certificate may be replaced."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file in the data folder."""

    name: str
    """Its path in there, with ``/``."""
    mode: int
    data: bytes


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """What there is besides the database."""

    files: tuple[KeptFile, ...]
    elsewhere: tuple[str, ...]
    """What the settings name that is no part of the data folder."""


@dataclass(frozen=True, slots=True)
class FileSources:
    """Where a server's files are."""

    data: Path
    config: Path | None = None
    """Where the settings were read from, if not in the data folder."""
    named: tuple[Path, ...] = ()
    """Files and folders that the settings name, relative to the data folder."""


def collect(sources: FileSources, *, secrets: bool) -> KeptFiles:
    """Read the files.

    Without ``secrets`` those are left out that hold any: settings and certificates' keys. Raises
    :class:`CannotWrite`.
    """
    found = _collect(sources, secrets=secrets)
    for _ in range(READS):
        again = _collect(sources, secrets=secrets)
        if again == found:
            break
        found = again
    return found


def _collect(sources: FileSources, *, secrets: bool) -> KeptFiles:
    data = sources.data
    files: list[KeptFile] = []
    elsewhere: list[str] = []
    if secrets:
        read = sources.config or data / SETTINGS_NAME
        if read.is_file():
            files.append(_read(read, SETTINGS_NAME))
    inside = [Path(each) for each in FOLDERS if secrets or each != "tls"]
    for path in [*inside, *(sources.named if secrets else ())]:
        path = data / path
        if path.is_relative_to(data) and ".." not in path.parts:
            files += (_read(each, each.relative_to(data).as_posix()) for each in _files(path))
        else:
            elsewhere.append(str(path))
        if len(files) > FILES_LIMIT:
            raise CannotWrite(f"{path} holds more than {FILES_LIMIT} files: too many for a backup")
    unique = {each.name: each for each in files}
    return KeptFiles(tuple(unique[name] for name in sorted(unique)), tuple(elsewhere))


def _files(path: Path) -> Iterator[Path]:
    """Yield a file, or those of a folder and the folders in it; none that begins with a dot."""
    if path.is_file():
        yield path
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if not name.startswith(".") and file.is_file():
                yield file


def _read(path: Path, name: str) -> KeptFile:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > FILE_LIMIT:
        raise CannotWrite(f"{path} is too large for a backup: move it out of the data folder")
    return KeptFile(name, mode, data)


def is_inside(name: str) -> bool:
    """Return whether a name stays in the data folder, wherever that is."""
    path = PurePosixPath(name)
    parts = path.parts
    return bool(parts) and not path.is_absolute() and ".." not in parts and "\0" not in name


def present(data: Path, names: Iterable[str]) -> list[str]:
    """Return which files a backup would hold that are in a data folder: these, and those around."""
    around = [file for each in FOLDERS for file in _files(data / each)]
    there = {file.relative_to(data).as_posix() for file in around}
    there |= {each for each in [SETTINGS_NAME, *names] if os.path.lexists(data / each)}
    return sorted(there)
