"""Unix sockets in a private folder: for the owner of a program only, by a path of any length.

A folder's path may be longer than the 107 bytes of a socket's address, so the socket is addressed
through ``/proc/self/fd``, which is short. Nobody listens on the socket of a process that was
killed; the next process replaces it.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def opened_folder(folder: Path) -> Iterator[int]:
    """Yield a descriptor of a folder, for the other functions. Raises ``OSError``."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def socket_address(descriptor: int, name: str) -> str:
    """Return the address of a socket in a folder, valid in this process while that is open."""
    return f"/proc/self/fd/{descriptor}/{name}"


def bind_private(descriptor: int, name: str) -> socket.socket:
    """Bind a socket in a folder, for its owner only; replace one that a killed process has left.

    One that root makes is the folder's owner's. Only one process may use the folder. Raises
    ``OSError``.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
            raise FileExistsError(0, "something else than a socket has that name")
        os.unlink(name, dir_fd=descriptor)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    before = os.umask(0o177)
    try:
        listener.bind(socket_address(descriptor, name))
        _hand_over(descriptor, name)
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _hand_over(descriptor: int, name: str) -> None:
    """Hand a socket that root has made to the folder's owner, if the system lets it."""
    if os.geteuid() == 0:
        with suppress(OSError):
            owner = os.fstat(descriptor)
            os.chown(name, owner.st_uid, owner.st_gid, dir_fd=descriptor, follow_symlinks=False)


def remove_socket(descriptor: int, name: str) -> None:
    """Remove a socket from its folder, if it is there."""
    with suppress(OSError):
        os.unlink(name, dir_fd=descriptor)
