"""The file of the key under which the database's secrets are encrypted.

It holds a line for each key, the newest first: its id and the key in hexadecimal digits. There is
one key, and two while the key is changed. Lines that begin with ``#`` are ignored. A key file is
made once and never overwritten, but for a change of the key.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ovms.base.paths import hand_to_owner_of, make_private_dir, sync_dir, write_whole
from ovms.server.storage.encrypted import KEY_BYTES, EncryptionKey
from ovms.server.storage.errors import BadKeyFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FILE_NAME: Final = "secrets.key"
"""The key file in the data folder, unless the settings name another."""

FILE_LIMIT: Final = 4096
"""Bytes of a key file: two keys have 700 with what is said of them; a longer one is no key."""

_ABOUT: Final = """\
# The key of the secrets in the ovms database. Whoever has both can read them.
# Without it they are lost: keep a copy, and not beside the backups of the database.
"""


class KeyFile:
    """A key file; nothing is read or made before it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[EncryptionKey]:
        """Return its keys, the newest first; none if there is no file.

        Raises :class:`BadKeyFile`, also for a file that others may read.
        """
        try:
            if self.path.exists() and not self.path.is_file():  # a pipe would be waited for
                raise BadKeyFile(f"key file {self.path} is no file")
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                data = file.read(FILE_LIMIT + 1)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BadKeyFile(f"key file {self.path} cannot be read: {error.strerror}") from error
        mode = stat.S_IMODE(status.st_mode)
        if mode & _forbidden(status.st_uid):
            raise BadKeyFile(
                f"key file {self.path} is open to others (mode {mode:04o}): chmod 600 {self.path}"
            )
        return parse_keys(data, f"key file {self.path}")

    def make(self, random: Callable[[int], bytes] = os.urandom) -> list[EncryptionKey]:
        """Return its keys; write one with a new key first if there is no file.

        It is on disk then. Programs that do so at the same moment get the same key. Raises
        :class:`BadKeyFile`.
        """
        found = self.read()
        if found:
            return found
        if self.path.is_symlink():
            target = self.path.readlink()
            raise BadKeyFile(f"key file {self.path} is a link to {target}, which is not there")
        key = EncryptionKey(random(KEY_BYTES))
        try:
            make_private_dir(self.path.parent)
            self._write_new(key_text([key]))
        except OSError as error:
            reason = error.strerror or str(error)
            raise BadKeyFile(f"key file {self.path} cannot be made: {reason}") from error
        return self.read()

    def replace(self, keys: Sequence[EncryptionKey]) -> None:
        """Write other keys instead of those that are there. Raises :class:`BadKeyFile`.

        A link stays one, and the keys stay where it leads.
        """
        try:
            write_whole(self.path.resolve(), key_text(keys))
        except OSError as error:
            reason = error.strerror or str(error)
            raise BadKeyFile(f"key file {self.path} cannot be written: {reason}") from error

    def _write_new(self, text: bytes) -> None:
        """Write the file whole, unless there is one by now: a link never replaces a file."""
        descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o600)
                hand_to_owner_of(self.path.parent, descriptor)
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            with suppress(FileExistsError):
                os.link(name, self.path)
        finally:
            Path(name).unlink(missing_ok=True)
        sync_dir(self.path.parent)


def parse_keys(data: bytes, name: str) -> list[EncryptionKey]:
    """Return the keys in the text of a key file; errors call it ``name``.

    Raises :class:`BadKeyFile`.
    """
    lines = data.decode(errors="replace").splitlines() if len(data) <= FILE_LIMIT else [""]
    words = [line.split() for line in lines if not line.startswith("#")]
    try:
        keys = [EncryptionKey(bytes.fromhex(digits)) for _, digits in words]
    except ValueError:
        keys = []
    if not keys or [key.id for key in keys] != [word[0] for word in words]:
        raise BadKeyFile(f"{name} is damaged: put back the copy that you kept")
    return keys


def _forbidden(owner: int) -> int:
    """Return what others may not do with a key file.

    A group may read a file that root gives to a server: so systemd hands over its credentials.
    """
    return 0o037 if owner == 0 and os.geteuid() != 0 else 0o077


def key_text(keys: Sequence[EncryptionKey]) -> bytes:
    """Return what a key file with those keys holds."""
    return (_ABOUT + "".join(f"{key.id} {key.bytes.hex()}\n" for key in keys)).encode()
