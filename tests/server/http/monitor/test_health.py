from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.http.monitor import health
from ovms.server.http.monitor.health import COMMIT_TIMEOUT, reasons_against, take_health
from ovms.server.storage.errors import DatabaseError

if TYPE_CHECKING:
    from ovms.server.http.monitor.sources import MonitorSources
    from tests.server.http.monitor.sites import FakeParts


async def test_a_server_in_order(sources: MonitorSources) -> None:
    """Nothing speaks against one whose database answers."""
    found = await take_health(sources)
    assert found.is_ready
    assert (found.reasons, found.troubles) == ({}, {})


async def test_stopping(sources: MonitorSources, parts: FakeParts) -> None:
    """A server that stops gets no new callers."""
    parts.is_stopping = True
    assert await reasons_against(sources) == {"stopping": "The server is stopping."}


async def test_a_database_that_does_not_answer(
    sources: MonitorSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time the answer is that there is none."""

    async def hang(query: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(health, "ANSWER_TIMEOUT", 0.01)
    monkeypatch.setattr(sources.store.database, "read", hang)
    assert "does not answer" in (await reasons_against(sources))["database"]


async def test_a_database_that_cannot_be_read(
    sources: MonitorSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is told."""

    async def fail(query: object) -> None:
        raise DatabaseError("x.db is gone")

    monkeypatch.setattr(sources.store.database, "read", fail)
    expected = {"database": "The database cannot be read: x.db is gone"}
    assert await reasons_against(sources) == expected


async def test_a_writer_that_fails(
    sources: MonitorSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is told before anything else of the database."""
    monkeypatch.setattr(sources.store.writer, "_failing", OSError("disk full"))
    expected = {"database": "The database cannot be written: disk full"}
    assert await reasons_against(sources) == expected


@pytest.mark.parametrize(("passed", "is_stuck"), [(0.0, False), (0.1, True)])
async def test_a_writer_that_is_stuck(
    sources: MonitorSources, monkeypatch: pytest.MonkeyPatch, passed: float, is_stuck: bool
) -> None:
    """A commit that takes longer than any should is no failure yet, but nothing is kept."""
    writer: Any = type(sources.store.writer)
    monkeypatch.setattr(writer, "committing", COMMIT_TIMEOUT + passed)
    assert ("database" in await reasons_against(sources)) is is_stuck


async def test_troubles_hold_the_reasons(sources: MonitorSources, parts: FakeParts) -> None:
    """What keeps a server from serving is among its troubles, each once; others are no reason."""
    parts.is_stopping = True
    parts.troubles = {"disk": "The disk is nearly full."}
    found = await take_health(sources)
    assert list(found.reasons) == ["stopping"]
    assert sorted(found.troubles) == ["disk", "stopping"]


async def test_troubles_that_take_too_long(
    sources: MonitorSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking for troubles holds nobody up for ever."""

    async def hang() -> dict[str, str]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(health, "ANSWER_TIMEOUT", 0.01)
    found = await take_health(replace(sources, find_troubles=hang))
    assert "disk" not in found.troubles
