"""The disk fails under the server: those who are connected notice nothing, and nothing is lost."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest

from tests.attacks.conftest import Target
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


SOAK = [pytest.param(at, marks=pytest.mark.soak) for at in (0, 4096, 40_960)]


@pytest.mark.parametrize("at", [20, -4096, *SOAK])
def test_a_damaged_file_is_told(target: Target, start: Start, at: int) -> None:
    """A server whose database was overwritten says so in one line, or runs on what is whole."""
    assert target.program.stop() == 0
    path = target.data / "ovms.db"
    with path.open("r+b") as file:
        file.seek(at, 0 if at >= 0 else 2)
        file.write(b"\xa5" * 4096)
    program = start(
        "serve", "--data", str(target.data), "--host", "127.0.0.1", "--port", "0", "--no-tls"
    )
    if "ready" in program.wait_for("^ovms"):
        assert program.stop() == 0
    else:
        assert program.end() == 1
    assert "Traceback" not in program.output()
