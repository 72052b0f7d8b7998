"""``/metrics`` as text, in the format that the caller accepts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from prometheus_client import GC_COLLECTOR, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from ovms.server.http.monitor.collector import Scrape
from ovms.server.http.monitor.health import take_health
from ovms.server.http.monitor.sources import take_readings

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from ovms.server.http.monitor.sources import MonitorSources

METRICS_A_TURN: Final = 8
"""Metrics that are read and written before others have their turn: about a millisecond."""

END: Final = b"# EOF\n"
"""How a text in OpenMetrics ends."""


class Exposition:
    """Makes the answers of ``/metrics``."""

    def __init__(self, sources: MonitorSources) -> None:
        self._sources = sources
        self._process = ProcessCollector(registry=None)

    async def make(self, accept: str) -> tuple[bytes, str]:
        """Return the text and its type, for an ``Accept`` header."""
        sources = self._sources
        readings, health = await asyncio.gather(take_readings(sources), take_health(sources))
        encode, content_type = choose_encoder(accept)
        metrics = chain(Scrape(sources, readings, health).collect(), self._of_process())
        pieces = []
        while some := list(islice(metrics, METRICS_A_TURN)):
            pieces.append(encode(_Collected(some)))
            await asyncio.sleep(0)
        is_open_metrics = pieces[-1].endswith(END)
        text = b"".join(piece.removesuffix(END) for piece in pieces)
        return text + END if is_open_metrics else text, content_type

    def _of_process(self) -> Iterator[Metric]:
        yield from self._process.collect()
        yield from GC_COLLECTOR.collect()


class _Collected(Collector):
    """Metrics that have been collected already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)
