"""Files and folders: private, and whole."""

import os
import stat
from pathlib import Path

import pytest

from ovms.base.paths import (
    default_data_dir,
    make_private_dir,
    new_private_file,
    open_private,
    set_aside,
    write_whole,
)


def mode(path: Path) -> int:
    """Return the permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_default_data_dir_follows_the_platform(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The data directory is the platform's own for ovms."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_dir() == tmp_path / "ovms"


def test_private_dir_and_its_parents_are_private(tmp_path: Path) -> None:
    """Every folder that is made is the owner's alone; making it again is no error."""
    path = tmp_path / "a" / "b" / "c"
    make_private_dir(path)
    make_private_dir(path)
    assert [mode(folder) for folder in (path, path.parent, path.parent.parent)] == [0o700] * 3


def test_existing_dir_keeps_its_mode(tmp_path: Path) -> None:
    """A folder that an operator made is not changed."""
    tmp_path.chmod(0o750)
    make_private_dir(tmp_path)
    assert mode(tmp_path) == 0o750


def test_private_dir_is_not_made_over_a_file(tmp_path: Path) -> None:
    """A file in the way is an error that names it."""
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match="file"):
        make_private_dir(tmp_path / "file")


def test_write_whole_replaces(tmp_path: Path) -> None:
    """The new content replaces the old with the mode asked for, and nothing is left beside it."""
    path = tmp_path / "ready.json"
    write_whole(path, b"old")
    assert (path.read_bytes(), mode(path)) == (b"old", 0o600)
    write_whole(path, b"new", mode=0o644)
    assert (path.read_bytes(), mode(path)) == (b"new", 0o644)
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk refuses, the old content stays and no temporary file is left."""
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_write_whole_needs_the_folder(tmp_path: Path) -> None:
    """A missing folder is the caller's error."""
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "file", b"")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_makes_belongs_to_the_owner(tmp_path: Path) -> None:
    """Files of root belong to whom the folder belongs to, and replaced ones to whom they did."""
    os.chown(tmp_path, 1234, 5678)
    write_whole(tmp_path / "whole", b"new")
    os.close(open_private(tmp_path / "opened"))
    (tmp_path / "other").touch()
    os.chown(tmp_path / "other", 1, 2)
    write_whole(tmp_path / "other", b"new")
    os.close(open_private(tmp_path / "other"))
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in tmp_path.iterdir()}
    assert owners == {"whole": (1234, 5678), "opened": (1234, 5678), "other": (1, 2)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_gives_away_no_file_that_was_there(tmp_path: Path) -> None:
    """A link that somebody put into a folder of his gets him no file of root's."""
    (tmp_path / "root").touch()
    folder = tmp_path / "folder"
    folder.mkdir()
    os.chown(folder, 1234, 5678)
    (folder / "link").symlink_to(tmp_path / "root")
    os.close(open_private(folder / "link"))
    assert (tmp_path / "root").stat().st_uid == 0
    assert mode(tmp_path / "root") != 0o600


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    """A damaged file gets another name, and takes the place of one that was set aside before."""
    path = tmp_path / "known.json"
    for text in ("first", "second"):
        path.write_text(text)
        aside = set_aside(path)
    assert [each.name for each in tmp_path.iterdir()] == ["known.json.damaged"]
    assert aside.read_text() == "second"


def test_a_new_file(tmp_path: Path) -> None:
    """It is private and never written over; of one that fails nothing is left."""
    path = tmp_path / "new"
    with new_private_file(path) as file:
        file.write(b"all")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"all", 0o600)
    with pytest.raises(FileExistsError), new_private_file(path):
        pass
    assert path.read_bytes() == b"all"

    def stop() -> None:
        with new_private_file(tmp_path / "half") as file:
            file.write(b"ha")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert not (tmp_path / "half").exists()
