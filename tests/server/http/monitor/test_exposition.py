from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ovms.server.http.monitor.exposition import METRICS_A_TURN, Exposition
from ovms.server.http.monitor.table import METRICS
from tests.server.http.monitor.scrapes import OPEN_METRICS, Scraped

if TYPE_CHECKING:
    from ovms.server.http.monitor.sources import MonitorSources


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/html,application/xhtml+xml", "text/plain; version=0.0.4; charset=utf-8"),
        (
            f"{OPEN_METRICS},text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text",
        ),
    ],
)
async def test_formats(sources: MonitorSources, accept: str, content_type: str) -> None:
    """Whoever accepts OpenMetrics gets it, with its end; all others get plain text."""
    text, made = await Exposition(sources).make(accept)
    assert made.startswith(content_type)
    is_open = "openmetrics" in content_type
    assert text.endswith(b"# EOF\n") is is_open
    assert Scraped(text.decode(), is_open_metrics=is_open).value("ovms_rooms") == 0


async def test_scrapes_at_the_same_moment(sources: MonitorSources) -> None:
    """Two who ask at once are both answered."""
    exposition = Exposition(sources)
    answers = await asyncio.gather(*[exposition.make("") for _ in range(4)])
    assert all(b"\novms_ready 1.0\n" in text for text, _ in answers)


async def test_no_label_of_a_caller(sources: MonitorSources) -> None:
    """The text stays small: nothing in it grows with vehicles or callers."""
    text, _ = await Exposition(sources).make("")
    assert len(text) < 64 * 1024


async def test_others_have_their_turn(sources: MonitorSources) -> None:
    """A text is made in several turns of the event loop, and is whole all the same."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    exposition = Exposition(sources)
    await exposition.make("")
    task = asyncio.create_task(count())
    text, _ = await exposition.make(OPEN_METRICS)
    task.cancel()
    assert turns >= len(METRICS) / METRICS_A_TURN
    assert text.count(b"# EOF") == 1
