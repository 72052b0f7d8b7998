from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from ovms.server.storage import keyfile
from ovms.server.storage.encrypted import EncryptionKey
from ovms.server.storage.errors import BadKeyFile
from ovms.server.storage.keyfile import FILE_LIMIT, KeyFile

ONE, TWO = EncryptionKey(b"1" * 32), EncryptionKey(b"2" * 32)


def _ids(keys: list[EncryptionKey]) -> list[str]:
    return [key.id for key in keys]


def test_made_once(tmp_path: Path) -> None:
    """The file is made at the first need, for its owner alone, and stays as it is."""
    file = KeyFile(tmp_path / "new" / "secrets.key")
    assert file.read() == []
    (made,) = file.make()
    assert _ids(file.make()) == _ids(file.read()) == [made.id]
    assert file.read()[0].bytes == made.bytes
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [*file.path.parent.iterdir()] == [file.path]


def test_random(tmp_path: Path) -> None:
    """Two files hold two keys, of the random bytes that were asked for."""
    one, two = KeyFile(tmp_path / "1").make(), KeyFile(tmp_path / "2").make()
    assert one[0].bytes != two[0].bytes
    assert KeyFile(tmp_path / "3").make(lambda count: b"x" * count)[0].bytes == b"x" * 32


MAKE = """
import sys
from pathlib import Path
from ovms.server.storage.keyfile import KeyFile
print("ready", flush=True)
sys.stdin.read(1)
print(KeyFile(Path(sys.argv[1])).make()[0].id)
"""


def test_programs_agree(tmp_path: Path) -> None:
    """Programs that find no key at the same moment make one between them."""
    command, pipe = [sys.executable, "-c", MAKE, str(tmp_path / "key")], subprocess.PIPE
    with ExitStack() as stack:
        programs = [
            stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
            for _ in range(3)
        ]
        for program in programs:
            assert program.stdout is not None
            program.stdout.readline()
        answers = [program.communicate("x")[0].strip() for program in programs]
    assert answers == [KeyFile(tmp_path / "key").read()[0].id] * 3


def test_another_was_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key file that appears while ours is written is never replaced."""
    file = KeyFile(tmp_path / "key")

    link = os.link

    def late_link(source: str, target: Path) -> None:
        file.replace([ONE])
        link(source, target)

    with monkeypatch.context() as slow:
        slow.setattr(os, "link", late_link)
        assert _ids(file.make()) == [ONE.id]
    assert [*tmp_path.iterdir()] == [file.path]


def test_two_keys(tmp_path: Path) -> None:
    """While the key is changed the file holds both, the new one first."""
    file = KeyFile(tmp_path / "key")
    file.replace([ONE, TWO])
    assert _ids(file.read()) == [ONE.id, TWO.id]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o644, 0o666])
def test_open_to_others(tmp_path: Path, mode: int) -> None:
    """A file that others may read or write is refused, with what to do."""
    file = KeyFile(tmp_path / "key")
    file.make()
    file.path.chmod(mode)
    with pytest.raises(BadKeyFile, match=f"open to others .mode {mode:04o}.: chmod 600"):
        file.make()


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_own_modes(tmp_path: Path, mode: int) -> None:
    """A file of which others have nothing is taken, also one that cannot be written."""
    file = KeyFile(tmp_path / "key")
    file.make()
    file.path.chmod(mode)
    assert len(file.read()) == 1


def _damages() -> list[bytes]:
    whole = f"{ONE.id} {ONE.bytes.hex()}\n".encode()
    cut = [whole[:length] for length in range(len(whole) - 1)]
    return [
        *cut, b"# only words\n", b"\0" * 100, b"\xff" * 100, b"1 2 3\n", whole + b"x\n",
        whole.replace(b"31", b"32", 1), whole.upper().replace(ONE.id.encode(), b"0" * 16),
        f"{TWO.id} {ONE.bytes.hex()}\n".encode(), whole + b"#" * FILE_LIMIT,
    ]  # fmt: skip


def test_damaged(tmp_path: Path) -> None:
    """A file that was cut, emptied or altered is refused in one line, and left as it is."""
    file = KeyFile(tmp_path / "key")
    for damage in _damages():
        file.path.write_bytes(damage)
        file.path.chmod(0o600)
        with pytest.raises(BadKeyFile, match="is damaged: put back the copy") as caught:
            file.make()
        assert "\n" not in str(caught.value)
        assert ONE.bytes.hex() not in str(caught.value)
        assert file.path.read_bytes() == damage


def test_longest(tmp_path: Path) -> None:
    """A file of the greatest length is read."""
    file = KeyFile(tmp_path / "key")
    whole = f"{ONE.id} {ONE.bytes.hex()}\n".encode()
    file.path.write_bytes(whole + b"#" * (FILE_LIMIT - len(whole)))
    file.path.chmod(0o600)
    assert _ids(file.read()) == [ONE.id]


def test_no_file(tmp_path: Path) -> None:
    """A folder or a pipe where the file should be is no key, and nobody waits for it."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("folder", "pipe"):
        with pytest.raises(BadKeyFile, match=f"{name} is no file"):
            KeyFile(tmp_path / name).make()


def test_link(tmp_path: Path) -> None:
    """A key on another medium stays there when it is changed; nothing is left where the link is."""
    data, medium = tmp_path / "data", tmp_path / "medium"
    data.mkdir()
    file = KeyFile(data / "key")
    KeyFile(medium / "key").make()
    file.path.symlink_to(medium / "key")
    file.replace([ONE])
    assert file.path.is_symlink()
    assert _ids(KeyFile(medium / "key").read()) == _ids(file.read()) == [ONE.id]
    assert [*data.iterdir(), *medium.iterdir()] == [file.path, medium / "key"]


def test_link_to_what_is_away(tmp_path: Path) -> None:
    """No key is made for a link whose medium is away."""
    file = KeyFile(tmp_path / "key")
    file.path.symlink_to(tmp_path / "medium" / "key")
    with pytest.raises(BadKeyFile, match=r"is a link to .*medium/key, which is not there"):
        file.make()
    assert [*tmp_path.iterdir()] == [file.path]


def test_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server takes a file of root's that its group may read, as systemd's, and no other such."""
    file = KeyFile(tmp_path / "key")
    file.make()
    owner, fstat = 0, os.fstat
    monkeypatch.setattr(os, "geteuid", lambda: 1234)

    def status(descriptor: int) -> os.stat_result:
        words = list(fstat(descriptor))
        words[4] = owner
        return os.stat_result(words)

    monkeypatch.setattr(os, "fstat", status)
    file.path.chmod(0o440)
    assert len(file.read()) == 1
    for mode, owner in ((0o440, 1234), (0o444, 0), (0o460, 0)):  # noqa: B007 (status reads it)
        file.path.chmod(mode)
        with pytest.raises(BadKeyFile, match="open to others"):
            file.read()


def test_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that this user may not read is refused; none is made in its place."""

    def denied(*_arguments: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(BadKeyFile, match="key cannot be read: Permission denied"):
        KeyFile(tmp_path / "key").make()
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("call", ["fsync", "link", "fchmod"])
def test_disk_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    """A full, read-only or broken disk is one line, and leaves nothing behind."""

    def refuse(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, refuse)
        with pytest.raises(BadKeyFile, match=f"key cannot be made: {os.strerror(number)}"):
            KeyFile(tmp_path / "key").make()
    assert [*tmp_path.iterdir()] == []
    assert len(KeyFile(tmp_path / "key").make()) == 1


def test_file_in_the_way(tmp_path: Path) -> None:
    """A file where the folder of the key should be is named."""
    (tmp_path / "folder").touch()
    with pytest.raises(BadKeyFile, match="folder/key cannot be read: Not a directory"):
        KeyFile(tmp_path / "folder" / "key").make()


def test_cannot_be_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that the disk refuses leaves the file as it was."""
    file = KeyFile(tmp_path / "key")
    file.replace([ONE])

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(keyfile, "write_whole", refuse)
        with pytest.raises(BadKeyFile, match="key cannot be written: No space left"):
            file.replace([TWO])
    assert _ids(file.read()) == [ONE.id]
