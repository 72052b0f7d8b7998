"""``/metrics`` as text, in the format that the caller accepts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import GC_COLLECTOR, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from ovms.server.http.monitor.collector import Scrape
from ovms.server.http.monitor.health import take_health
from ovms.server.http.monitor.sources import take_readings

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from ovms.server.http.monitor.sources import MonitorSources


class Exposition:
    """Makes the answers of ``/metrics``."""

    def __init__(self, sources: MonitorSources) -> None:
        self._sources = sources
        self._process = ProcessCollector(registry=None)

    async def make(self, accept: str) -> tuple[bytes, str]:
        """Return the text and its type, for an ``Accept`` header."""
        sources = self._sources
        readings, health = await asyncio.gather(take_readings(sources), take_health(sources))
        scrape = Scrape(sources, readings, health)
        families = [*scrape.collect()]
        await asyncio.sleep(0)  # others have their turn between the two halves of the work
        encode, content_type = choose_encoder(accept)
        return encode(_Collected([*families, *self._of_process()])), content_type

    def _of_process(self) -> Iterator[Metric]:
        yield from self._process.collect()
        yield from GC_COLLECTOR.collect()


class _Collected(Collector):
    """Metrics that have been collected already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)
