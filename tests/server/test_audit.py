from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ovms.base.clock import ManualClock
from ovms.server import audit as module
from ovms.server.audit import BURST, DAY, REFILL, REPEAT_TIME, UNKNOWN_LIMIT, Audit
from ovms.server.storage.audit import AuditFilter, list_audit
from ovms.server.storage.errors import DatabaseError
from ovms.server.storage.opening import open_database
from tests.server.conftest import Log
from tests.server.storage.databases import with_schema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ovms.server.storage.database import Database

START = 1_000_000_000.0


@pytest.fixture
def clock() -> ManualClock:
    """Return the clock."""
    return ManualClock(START)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Open a database."""
    opened = open_database(with_schema(tmp_path))
    yield opened
    await opened.close()


@pytest.fixture
async def audit(database: Database, clock: ManualClock) -> AsyncIterator[Audit]:
    """Open an audit trail."""
    opened = Audit(database, clock)
    yield opened
    await opened.close()


async def kept(audit: Audit, database: Database) -> list[str]:
    """Return action and detail of what is on disk, the oldest first."""
    await audit.settle()
    with database.reading() as connection:
        found = list_audit(connection, AuditFilter(), 100_000)
    return [f"{each.action} {each.detail}".strip() for each, _ in reversed(found)]


async def test_it_is_written(audit: Audit, database: Database) -> None:
    """What was noted is on disk once it is settled, in order."""
    audit.put("a", actor="bob", owner_id=1)
    audit.put("b", actor="bob", owner_id=1, detail="x")
    assert await kept(audit, database) == ["a", "b x"]


async def test_by_itself(audit: Audit, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written also when nobody asks for it."""
    monkeypatch.setattr(module, "GATHER", 0.0)
    written = asyncio.Event()

    async def write(_: object) -> None:
        written.set()

    monkeypatch.setattr(database, "write", write)
    audit.put("a")
    async with asyncio.timeout(10):
        await written.wait()


async def test_failures(audit: Audit, database: Database, clock: ManualClock) -> None:
    """Equal failures within an hour are two entries, the second with their number."""
    for _ in range(5):
        audit.put_failure("login.failed", owner_id=1, detail="by HTTP", address="192.0.2.1")
    audit.put_failure("login.failed", owner_id=1, detail="by HTTP", address="192.0.2.2")
    assert await kept(audit, database) == ["login.failed by HTTP"] * 2
    clock.advance(REPEAT_TIME)
    audit.sweep()
    audit.put_failure("login.failed", owner_id=1, detail="by HTTP", address="192.0.2.1")
    assert (await kept(audit, database))[2:] == [
        "login.failed by HTTP; 4 more since the first",
        "login.failed by HTTP",
    ]


async def test_a_failure_an_hour_later(
    audit: Audit, database: Database, clock: ManualClock
) -> None:
    """It is an entry of its own behind those that were counted, swept or not."""
    for seconds in (0, 1, REPEAT_TIME):
        clock.advance(seconds)
        audit.put_failure("login.failed", owner_id=1)
    assert await kept(audit, database) == [
        "login.failed", "login.failed 1 more since the first", "login.failed",
    ]  # fmt: skip


async def test_failures_from_everywhere(audit: Audit, database: Database) -> None:
    """A flood from everywhere at names that nobody has is counted in one more entry."""
    for number in range(UNKNOWN_LIMIT + 3):
        audit.put_failure("login.failed", owner_id=None, address=f"2001:db8:{number:x}::")
    audit.put_failure("login.failed", owner_id=1, address="192.0.2.1")
    found = await kept(audit, database)
    assert len(found) == UNKNOWN_LIMIT + 2
    assert found[UNKNOWN_LIMIT:] == ["login.failed from many places", "login.failed"]
    await audit.close()
    assert (await kept(audit, database))[-1] == (
        "login.failed from many places; 2 more since the first"
    )


async def test_daily(audit: Audit, database: Database, clock: ManualClock) -> None:
    """The same is noted once a day, from each address."""
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        audit.put_daily("login.token", actor="bob", owner_id=1, address=address)
    assert len(await kept(audit, database)) == 2
    clock.advance(DAY)
    audit.put_daily("login.token", actor="bob", owner_id=1, address="192.0.2.1")
    assert len(await kept(audit, database)) == 3


async def test_what_is_remembered_daily(
    audit: Audit, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the limit the oldest is forgotten, and noted again."""
    monkeypatch.setattr(module, "DAILY_LIMIT", 2)
    for detail in ("1", "2", "3", "2", "1"):
        audit.put_daily("login.token", actor="bob", owner_id=1, detail=detail)
    assert await kept(audit, database) == [f"login.token {each}" for each in "1231"]


async def test_without_pause(audit: Audit, database: Database, clock: ManualClock) -> None:
    """Of what one actor does without pause some is counted only; others are not held up."""
    for _ in range(BURST + 7):
        audit.put("command", actor="bob", owner_id=1)
    audit.put("command", actor="alice", owner_id=1)
    assert len(await kept(audit, database)) == BURST + 1
    audit.sweep()
    assert len(await kept(audit, database)) == BURST + 1
    clock.advance(REFILL)
    audit.sweep()
    assert (await kept(audit, database))[-1] == "audit.skipped 7 more by bob were not kept"


async def test_the_database_is_away(
    audit: Audit, database: Database, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    """Entries wait for it, up to a limit; how many are lost is told. The log says it once."""
    monkeypatch.setattr(module, "QUEUE_LIMIT", 3)
    with monkeypatch.context() as patched:

        async def refuse(_: object) -> None:
            raise DatabaseError("away")

        patched.setattr(database, "write", refuse)
        for number in range(3):
            audit.put("a", detail=str(number))
        await audit.settle()
        audit.put("lost")
        await audit.settle()
    assert await kept(audit, database) == [
        "a 0", "a 1", "a 2", "audit.lost 1 entries were lost while the database was away",
    ]  # fmt: skip
    away, back = "the audit trail waits for the database", "the audit trail is kept again"
    assert [line["event"] for line in log.lines(away, back)] == [away, back]


async def test_expiry(audit: Audit, database: Database, clock: ManualClock) -> None:
    """Entries go after their days."""
    audit.put("old")
    await audit.settle()
    clock.advance(DAY)
    audit.put("new")
    await audit.settle()
    await audit.expire(START + 90 * DAY)
    assert await kept(audit, database) == ["old", "new"]
    await audit.expire(START + 90 * DAY + 1)
    assert await kept(audit, database) == ["new"]
