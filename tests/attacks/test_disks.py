"""The disk fails under the server: those who are connected notice nothing, and nothing is lost."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.attacks.conftest import NO_PORTS, Target
from tests.programs.conftest import Start, run_ovms

Trouble = Callable[[Target], AbstractContextManager[None]]

IDENTITY = b"F3.3.005/1/main,VIN0000000000000X,20,1,FAKE,test,1,1,hw,LTE"


@contextmanager
def locked(target: Target) -> Iterator[None]:
    """Hold the database, as a backup that hangs does."""
    with closing(sqlite3.connect(target.data / "ovms.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


@contextmanager
def full(target: Target) -> Iterator[None]:
    """Let no file of the server's grow, as on a full disk."""
    pid = target.program.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("trouble", [locked, full])
def test_a_disk_that_takes_nothing(target: Target, trouble: Trouble) -> None:
    """Messages go on, a record is acknowledged once it is on disk, not before."""
    car = target.call("C")
    car.say(IDENTITY, b"S1,K")
    car.settle()
    app = target.call("A")
    with trouble(target):
        for number in range(5):
            said = b"S%d,K" % (number + 2)
            car.say(b"h%d,0,*-LOG-Disk,1,86400,record %d." % (number, number), said)
            while app.hear_code(b"S") != said:
                pass
        assert not [message for message in car.settle() if message.startswith(b"h")]
    codes = {car.hear_code(b"h") for _ in range(5)}
    assert codes == {b"h%d" % number for number in range(5)}
    listed = run_ovms("app", "history", "*-LOG-Disk", "--json", *target.link())
    assert [listed.stdout.count(f"record {number}.") for number in range(5)] == [1] * 5


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Mount a disk of so many bytes; what is yielded fills it for a while."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("a disk can be mounted by root only, and not in every container")
    filler = folder / "filler"

    @contextmanager
    def filled() -> Iterator[None]:
        with filler.open("wb", 0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        yield
        filler.unlink()

    try:
        yield filled
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk(start: Start, tmp_path: Path) -> None:
    """Nothing is acknowledged, commands name the disk, and with room everything goes on."""
    with small_disk(tmp_path / "data", 12 << 20) as filled:
        target = Target(start, tmp_path / "data")
        given = ("--data", str(target.data))
        car = target.call("C")
        car.say(IDENTITY)
        car.settle()
        with closing(sqlite3.connect(target.data / "ovms.db")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # or there may be room in the log
        with filled():
            for number in range(5):
                car.say(b"h%d,0,*-LOG-Disk,1,86400,%s" % (number, b"x" * 2000))
            assert not [message for message in car.settle() if message.startswith(b"h")]
            done = run_ovms("vehicle", "rename", "CAR1", "One", *given)
            assert (done.returncode, done.stdout) == (1, "")
            assert done.stderr.endswith("ovms.db cannot grow: the disk is full\n")
            checked = run_ovms("serve", "--check", *given, *NO_PORTS)
            assert "The disk is nearly full: 0 MiB are left" in checked.stdout
        assert [car.hear_code(b"h") for _ in range(5)] == [b"h%d" % number for number in range(5)]
        target.hang_up()
        assert target.program.stop() == 0
        output = target.program.output()
        for event in ("cannot save to the database", "saving to the database again"):
            assert output.count(event) == 1
        with filled():  # without room for its log a file cannot even be read
            shown = run_ovms("vehicle", "list", *given)
            assert shown.stderr.endswith("ovms.db cannot grow: the disk is full\n")
            assert (shown.returncode, shown.stdout) == (1, "")
        assert "CAR1" in target.ovms("vehicle", "list")
        with closing(sqlite3.connect(target.data / "ovms.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
