from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from ovms.base.private_socket import bind_private, opened_folder, remove_socket, socket_address

NAME = "x.sock"


@pytest.mark.parametrize("length", [1, 200])
def test_a_socket_of_a_folder(tmp_path: Path, length: int) -> None:
    """However long the folder's path is, the socket can be called, is its owner's, and goes."""
    folder = tmp_path / ("y" * length)
    folder.mkdir()
    with opened_folder(folder) as descriptor:
        with bind_private(descriptor, NAME) as listener, socket.socket(socket.AF_UNIX) as caller:
            listener.listen()
            assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
            caller.connect(socket_address(descriptor, NAME))
        remove_socket(descriptor, NAME)
        remove_socket(descriptor, NAME)
    assert list(folder.iterdir()) == []


def test_a_dead_one_is_replaced(tmp_path: Path) -> None:
    """The socket of a process that was killed does not keep the next from its place."""
    with opened_folder(tmp_path) as descriptor:
        bind_private(descriptor, NAME).close()
        with bind_private(descriptor, NAME) as listener:
            listener.listen()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_one_that_root_makes(tmp_path: Path) -> None:
    """It is the folder's owner's, whose programs must be able to remove it."""
    os.chown(tmp_path, 12345, 23456)
    with opened_folder(tmp_path) as descriptor, bind_private(descriptor, NAME):
        made = (tmp_path / NAME).stat()
        assert (made.st_uid, made.st_gid) == (12345, 23456)


def test_what_is_no_socket_stays(tmp_path: Path) -> None:
    """A file of that name is somebody's, and is not removed."""
    (tmp_path / NAME).write_text("mine")
    with opened_folder(tmp_path) as descriptor, pytest.raises(FileExistsError):
        bind_private(descriptor, NAME)
    assert (tmp_path / NAME).read_text() == "mine"
