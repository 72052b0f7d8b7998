"""No acknowledgement leaves before its record is on the disk: what the system saw, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from tests.attacks.conftest import Aim, Target
from tests.attacks.reporters import IDENTITY, KIND
from tests.attacks.tracing import SystemCall, calls, needs_strace, traced
from tests.conformance.client import Caller, SocketWire
from tests.postgres import durable_server
from tests.programs.conftest import SECRET, Start

RECORDS = 100


PAGE, PAGE_HEAD = 8192, 24
TORN = 16
"""Bytes of a record's text."""

CARELESS = {
    "sqlite": """
from ovms.server.storage.sqlite import connections
connections._PRAGMAS = (*connections._PRAGMAS, "PRAGMA synchronous = OFF")
""",
    "postgres": """
from ovms.server.storage.postgres import connections
careful = connections.write_lock
connections.write_lock = lambda timeout: careful(timeout).replace("THEN 'on'", "THEN 'off'")
""",
}
"""What Python runs before a program that shall not sync."""


@needs_strace()
def test_the_sync_ends_before_the_acknowledgement_is_sent(target: Target, tmp_path: Path) -> None:
    """Each record was in the log, and the log was synced, when the car was told."""
    seen, told = watched(target, tmp_path / "trace")
    assert not early(seen, told)
    unsynced = [each for each in seen if "sync" not in each.name]
    assert len(early(unsynced, told)) == RECORDS


@needs_strace()
def test_postgresql_has_synced_before_the_acknowledgement_is_sent(aim: Aim, tmp_path: Path) -> None:
    """The same of PostgreSQL's processes; one that is told not to wait for the disk waits."""
    url = careless_postgres()
    target = aim(database=url)
    seen, told = watched(target, tmp_path / "trace", *durable_server().pids)
    assert not early(seen, told)
    unsynced = [each for each in seen if "sync" not in each.name]
    assert len(early(unsynced, told)) == RECORDS


@pytest.mark.soak
@pytest.mark.parametrize("kind", CARELESS)
@needs_strace()
def test_a_server_that_does_not_sync_is_noticed(start: Start, tmp_path: Path, kind: str) -> None:
    """The tests above fail for a server that leaves syncing to the system."""
    (tmp_path / "sitecustomize.py").write_text(CARELESS[kind])
    careless = partial(start, executed=True, env={"PYTHONPATH": str(tmp_path)})
    url = careless_postgres() if kind == "postgres" else None
    target = Target(careless, tmp_path / "data", database=url)
    pids = durable_server().pids if kind == "postgres" else []
    seen, told = watched(target, tmp_path / "trace", *pids)
    assert early(seen, told)
    target.hang_up()


def careless_postgres() -> str:
    """Return the URL of a database that by its own settings does not wait for the disk."""
    server = durable_server()
    name = server.create()
    server.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    return server.url(name)


def watched(
    target: Target, output: Path, *pids: int
) -> tuple[list[SystemCall], list[tuple[int, SystemCall]]]:
    """Have a car report; return what the system was asked, and when each code was sent.

    It was asked by the server, and by further processes.
    """
    with traced(output, target.program.process.pid, *pids):
        car = report(target)
    seen = list(calls(output))
    told = list(acknowledgements(seen, car))
    assert {code for code, _ in told} == set(range(RECORDS))
    return seen, told


def report(target: Target) -> Caller:
    """Have a car send records, a few at a time, until all are acknowledged."""
    car = target.call("C")
    car.say(IDENTITY)
    for code in range(RECORDS):
        car.say(b"h%d,0,%s,1,86400,record %d." % (code, KIND.encode(), code))
        if code % 7 == 0:
            car.hear_code(b"h")
    for _ in range(RECORDS - len(range(0, RECORDS, 7))):
        car.hear_code(b"h")
    return car


def acknowledgements(seen: Sequence[SystemCall], car: Caller) -> Iterator[tuple[int, SystemCall]]:
    """Yield each code that was sent to a car, and the call that sent it."""
    wire = car.wire
    assert isinstance(wire, SocketWire)
    end = f"->127.0.0.1:{wire.connection.getsockname()[1]}]"
    reader: Caller | None = None
    buffer = b""
    for call in seen:
        if not call.file.startswith("TCP:") or not call.file.endswith(end):
            continue
        *lines, buffer = (buffer + call.data).split(b"\r\n")
        for line in lines:
            if reader is None:
                reader = Caller(wire, SECRET, car.token)
                reader.start(line)
                continue
            message = reader.read(line)
            if message.startswith(b"h"):
                yield int(message[1:]), call


def early(seen: Sequence[SystemCall], told: Sequence[tuple[int, SystemCall]]) -> list[int]:
    """Return the codes that were sent before a sync had ended that began behind their record."""
    log = [each for each in seen if each.file.endswith("ovms.db-wal") or "/pg_wal/" in each.file]
    texts = [(each, without_heads(each.data)) for each in log]
    pages = [(each, plain) for each, plain in texts if plain]
    # A record may begin on one page and go on on the next, which is written by itself.
    torn = [(each, end[-TORN:] + plain[:TORN]) for (_, end), (each, plain) in pairwise(pages)]
    found = []
    for code, sent in told:
        text = b"record %d." % code
        written = [each.end for each, plain in texts if text in each.data or text in plain]
        written = written or [each.end for each, plain in torn if text in plain]
        syncs = [each for each in log if "sync" in each.name and each.end < sent.begin]
        if not written or not any(each.begin > written[0] for each in syncs):
            found.append(code)
    return found


def without_heads(data: bytes) -> bytes:
    """Return pages of PostgreSQL's log without their heads, which may stand in a record."""
    return b"".join(data[at + PAGE_HEAD : at + PAGE] for at in range(0, len(data), PAGE))
