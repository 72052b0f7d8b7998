"""The values of all metrics, in the shape of prometheus-client."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.utils import floatToGoString

from ovms.server.accounts.counts import ALL_SCHEMES, OUTCOMES
from ovms.server.http.monitor.table import BY_NAME
from ovms.server.hub.counts import CommandOutcome

if TYPE_CHECKING:
    from ovms.base.histogram import Histogram
    from ovms.server.http.monitor.health import Health
    from ovms.server.http.monitor.sources import MonitorSources, ServerFacts, ServerReadings

Values = Iterable[tuple[tuple[str, ...], float]]
"""The values of a metric's labels, and its own."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """All that one answer of ``/metrics`` is made of."""

    sources: MonitorSources
    readings: ServerReadings
    health: Health

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics. Takes about a millisecond, however many are connected."""
        facts = self.sources.look()
        yield from self._of_server()
        yield from self._of_connections(facts)
        yield from self._of_vehicles()
        yield from self._of_storage()
        yield from self._of_journeys(facts)
        yield from self._of_backups(facts)
        yield from self._of_alerts(facts)
        yield from self._of_calls(facts)

    def _of_server(self) -> Iterator[Metric]:
        sources = self.sources
        versions = (sources.version, platform.python_version())
        yield _family("ovms_build_info", [(versions, 1)])
        yield _plain("ovms_start_time_seconds", sources.started)
        yield _plain("ovms_uptime_seconds", sources.clock.time() - sources.started)
        yield _plain("ovms_ready", self.health.is_ready)
        yield _plain("ovms_troubles", len(self.health.troubles))
        yield _histograms("ovms_event_loop_lag_seconds", {(): sources.lag})

    def _of_connections(self, facts: ServerFacts) -> Iterator[Metric]:
        lines = list(self.sources.lines)
        yield _family("ovms_connections", [((k, t), each.connections) for k, t, each in lines])
        yield _keyed("ovms_accepting_connections", facts.accepting)
        numbers = {
            "ovms_messages_received_total": "messages_received",
            "ovms_messages_sent_total": "messages_sent",
            "ovms_received_bytes_total": "bytes_received",
            "ovms_sent_bytes_total": "bytes_sent",
        }
        for name, number in numbers.items():
            sums: Counter[str] = Counter()
            for kind, _, each in lines:
                if kind != "http":  # calls are counted by themselves
                    sums[kind] += getattr(each, number)
            yield _keyed(name, sums)
        yield _plain("ovms_turns_waiting", facts.turns_waiting)
        yield _keyed("ovms_refused_total", facts.refused)
        yield _plain("ovms_unanswered_cars_total", facts.unanswered_cars)
        logins = self.sources.accounts.counts
        by_secret = {("0x30", outcome): count for outcome, count in facts.welcomes.items()}
        of_owners = {key: logins.done[key] for key in product(ALL_SCHEMES, OUTCOMES)}
        yield _family("ovms_logins_total", (by_secret | of_owners).items())
        yield _plain("ovms_logins_waiting", logins.waiting)

    def _of_vehicles(self) -> Iterator[Metric]:
        census, stored = self.readings.census, self.readings.stored
        if stored is not None:
            yield _plain("ovms_vehicles", stored.vehicles)
        yield _plain("ovms_rooms", census.rooms)
        yield _plain("ovms_cars_online", census.cars)
        yield _plain("ovms_cars_waiting_for_proof", census.waiting_for_proof)
        yield _plain("ovms_cars_paced", census.cars_paced)
        yield _plain("ovms_commands_waiting", census.commands_waiting)
        counts = self.sources.hub.counts
        outcomes = {each.value: counts.commands[each] for each in CommandOutcome}
        yield _keyed("ovms_commands_total", outcomes)
        yield _histograms("ovms_command_round_trip_seconds", {(): counts.round_trips})
        yield _histograms("ovms_acknowledgement_seconds", {(): counts.acknowledgements})

    def _of_storage(self) -> Iterator[Metric]:
        writer, disk = self.sources.store.writer, self.readings.disk
        depths, counts = writer.depths(), writer.counts
        yield _plain("ovms_writer_rows_waiting", depths.rows)
        yield _plain("ovms_writer_records_waiting", depths.records)
        yield _plain("ovms_writer_waiting_bytes", depths.record_bytes)
        yield _histograms("ovms_writer_commit_seconds", {(): counts.commits})
        yield _histograms("ovms_writer_commit_rows", {(): counts.rows})
        yield _plain("ovms_writer_failures_total", counts.failures)
        yield _plain("ovms_writer_failing", writer.failure is not None)
        yield _plain("ovms_writer_rows_refused_total", counts.refused)
        yield _plain("ovms_writer_rows_lost_total", counts.lost)
        if disk is not None:
            yield _keyed("ovms_database_bytes", disk.parts)
            yield _plain("ovms_disk_free_bytes", disk.free)
            yield _plain("ovms_disk_size_bytes", disk.size)

    def _of_journeys(self, facts: ServerFacts) -> Iterator[Metric]:
        if facts.journeys is not None:
            yield _plain("ovms_journeys_vehicles_behind", facts.journeys.behind)
            yield _plain("ovms_journeys_records_total", facts.journeys.records)
            yield _plain("ovms_journeys_seconds_total", facts.journeys.seconds)
            yield _plain("ovms_journeys_failures_total", facts.journeys.failures)

    def _of_backups(self, facts: ServerFacts) -> Iterator[Metric]:
        found = facts.backups
        if found is not None:
            yield _keyed("ovms_backups_total", {"made": found.made, "failed": found.failed})
            yield _plain("ovms_backup_failing", found.is_failing)
            if found.last is not None:
                yield _plain("ovms_backup_last_timestamp_seconds", found.last)
                yield _plain("ovms_backup_last_bytes", found.bytes or 0)

    def _of_alerts(self, facts: ServerFacts) -> Iterator[Metric]:
        yield _keyed("ovms_alerts_total", facts.alerts)
        yield _plain("ovms_alerts_refused_total", facts.alerts_refused)
        yield _plain("ovms_alerts_noted", facts.alerts_noted)
        if self.readings.stored is not None:
            yield _keyed("ovms_outbox_alerts", self.readings.stored.outbox)
        yield _family("ovms_deliveries_total", facts.deliveries.items())
        yield _plain("ovms_alerts_expired_total", facts.alerts_expired)

    def _of_calls(self, facts: ServerFacts) -> Iterator[Metric]:
        yield _keyed("ovms_certificate_expiry_timestamp_seconds", facts.certificates)
        requests = self.sources.requests
        done = [
            ((method, route, str(status)), count)
            for (method, route, status), count in requests.done.items()
        ]
        yield _family("ovms_http_requests_total", done)
        yield _plain("ovms_http_sessions", facts.sessions)
        yield _plain("ovms_http_watches", facts.watches)
        seconds: dict[tuple[str, ...], Histogram] = {
            (route,): each for route, each in requests.seconds.items()
        }
        yield _histograms("ovms_http_request_seconds", seconds)


def _plain(name: str, value: float) -> Metric:
    """Return a metric without labels."""
    return _family(name, [((), value)])


def _keyed(name: str, values: Mapping[str, float]) -> Metric:
    """Return a metric with one label."""
    return _family(name, [((key,), value) for key, value in values.items()])


def _family(name: str, values: Values) -> Metric:
    """Return a gauge or a counter, as its line in the table says."""
    row = BY_NAME[name]
    made: GaugeMetricFamily | CounterMetricFamily
    if row.kind == "counter":
        made = CounterMetricFamily(name, row.help, labels=row.labels)
    else:
        made = GaugeMetricFamily(name, row.help, labels=row.labels)
    for labels, value in values:
        made.add_metric(labels, float(value))
    return made


def _histograms(name: str, found: Mapping[tuple[str, ...], Histogram]) -> Metric:
    """Return a histogram, one for each of its labels' values."""
    row = BY_NAME[name]
    made = HistogramMetricFamily(name, row.help, labels=row.labels)
    for labels, each in found.items():
        bounds = [*map(floatToGoString, each.bounds), "+Inf"]
        buckets = list(zip(bounds, each.cumulative(), strict=True))
        made.add_metric(labels, buckets, each.sum)
    return made
