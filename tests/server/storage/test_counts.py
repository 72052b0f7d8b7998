from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import writer
from ovms.server.storage.counts import WriterDepths
from ovms.server.storage.errors import DatabaseUnwritable
from ovms.server.storage.writer import Writer
from ovms.server.values import KeptRecord, LatestMessage
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ovms.server.storage.batch import Batch
    from ovms.server.storage.database import Database


@pytest.fixture
async def subject(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Writer]:
    """Start a writer that tries again at once."""
    monkeypatch.setattr(writer, "FIRST_PAUSE", 0.001)
    subject = Writer(database)
    yield subject
    await subject.close(0.0)


def put(subject: Writer) -> None:
    """Put two messages and a record of some bytes."""
    subject.put_message("CAR1", LatestMessage("S", b"1", 2.0))
    subject.put_message("CAR1", LatestMessage("D", b"1", 2.0))
    subject.put_history("CAR1", KeptRecord("T", 1, 2, 9, b"data", None, 2.0))


async def test_what_waits_and_what_was_written(subject: Writer) -> None:
    """Rows wait until they are durable; then the commit counts, with its time and its rows."""
    put(subject)
    found = subject.depths()
    assert (found.rows, found.records) == (3, 1)
    assert found.record_bytes > len(b"data")
    await subject.flush()
    assert subject.depths() == WriterDepths(0, 0, 0)
    counts = subject.counts
    assert (counts.commits.count, counts.rows.count, counts.rows.sum) == (1, 1, 3)
    assert 0 < counts.commits.sum < 60
    assert (counts.failures, counts.refused, counts.lost) == (0, 0, 0)


async def test_failures(
    database: Database, subject: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused commit counts as that and not as one; its rows still wait."""
    takes = database.apply

    async def refuse(batch: Batch) -> int:
        raise DatabaseUnwritable("full")

    monkeypatch.setattr(database, "apply", refuse)
    put(subject)
    await until(lambda: subject.counts.failures >= 2)
    assert subject.counts.commits.count == 0
    assert subject.depths().rows == 3
    monkeypatch.setattr(database, "apply", takes)
    await subject.flush()
    assert subject.counts.commits.count == 1


async def test_refused_rows_stay_counted(subject: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the bounds turned away counts for ever, however often the disk takes rows again."""
    monkeypatch.setattr(writer, "MAX_PENDING", 1)
    put(subject)
    await subject.flush()
    assert (subject.refused, subject.counts.refused) == (0, 1)


async def test_a_commit_under_way(
    database: Database, subject: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a commit runs its age is known; without one it is 0."""
    seen: list[float] = []
    takes = database.apply

    async def look(batch: Batch) -> int:
        seen.append(subject.committing)
        return await takes(batch)

    monkeypatch.setattr(database, "apply", look)
    assert subject.committing == 0
    put(subject)
    await subject.flush()
    assert len(seen) == 1
    assert seen[0] >= 0
    assert subject.committing == 0
