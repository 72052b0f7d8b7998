"""What the parts of the running server know, brought together for its operator.

The room ``http.monitor`` shows it and imports no part that is above it; so here each fact is taken
from its part. Importing this costs nothing: what makes text of it is loaded with the first scrape.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ovms import __version__
from ovms.base.histogram import Histogram
from ovms.base.looplag import measure_lag
from ovms.base.statussocket import telling_status
from ovms.server.connected import end_connection, list_connections
from ovms.server.http.monitor.rates import NOTE_INTERVAL, Rates
from ovms.server.http.monitor.sources import (
    BackupFacts,
    JourneyFacts,
    MonitorSources,
    ServerFacts,
)
from ovms.server.http.monitor.status import SOCKET, counts_of, take_status
from ovms.server.notify.counts import OTHER_KIND, DeliveryOutcome
from ovms.server.notify.notifier import KINDS
from ovms.server.refusals import ALL_REASONS

if TYPE_CHECKING:
    from pydantic import SecretStr

    from ovms.base.clock import Clock
    from ovms.server.acceptor import Acceptor
    from ovms.server.accounts.login import Accounts
    from ovms.server.backup.schedule import BackupSchedule
    from ovms.server.doorstep import Doorstep
    from ovms.server.http.service import HttpService
    from ovms.server.journey_follower import JourneyFollower
    from ovms.server.notify.notifier import Notifier
    from ovms.server.storage.store import Store
    from ovms.server.tls import Certificates


@dataclass(slots=True)
class Watched:
    """The parts of the running server that its operator watches."""

    data: Path
    clock: Clock
    store: Store
    accounts: Accounts
    notifier: Notifier
    acceptor: Acceptor
    http: HttpService
    metrics: HttpService
    """Calls at the port of the metrics."""
    doorstep: Doorstep
    certificates: Certificates | None
    ports: Mapping[str, int | None]
    find_troubles: Callable[[], Awaitable[Mapping[str, str]]]
    journeys: JourneyFollower | None = None
    backups: BackupSchedule | None = None
    is_stopping: bool = False
    lag: Histogram = field(default_factory=Histogram)

    def sources(self) -> MonitorSources:
        """Return where the numbers come from."""
        return MonitorSources(
            version=__version__,
            data=self.data,
            started=self.clock.time(),
            ports=self.ports,
            clock=self.clock,
            hub=self.acceptor.services.hub,
            store=self.store,
            accounts=self.accounts,
            lines=self.acceptor.counts,
            requests=self.http.context.requests,
            lag=self.lag,
            look=self.look,
            find_troubles=self.find_troubles,
        )

    def look(self) -> ServerFacts:
        """Return what the parts know now."""
        acceptor, alerts = self.acceptor, self.notifier.counts
        self._count_http()
        return ServerFacts(
            is_stopping=self.is_stopping,
            accepting=self.doorstep.stages(),
            turns_waiting=acceptor.turns,
            refused={reason: acceptor.refusals[reason] for reason in ALL_REASONS},
            unanswered_cars=acceptor.unanswered,
            welcomes={each: acceptor.welcomes[each] for each in ("accepted", "refused")},
            certificates=self.certificates.ends() if self.certificates is not None else {},
            alerts={kind: alerts.raised[kind] for kind in (*sorted(KINDS), OTHER_KIND)},
            alerts_noted=self.notifier.noted,
            alerts_refused=alerts.refused,
            alerts_expired=alerts.expired,
            deliveries={
                (channel, outcome.value): alerts.deliveries[channel, outcome]
                for channel in self.notifier.channels
                for outcome in DeliveryOutcome
            },
            sessions=len(self.http.context.callers.sessions),
            watches=len(self.http.context.watches),
            journeys=self._journeys(),
            backups=self._backups(),
        )

    def _journeys(self) -> JourneyFacts | None:
        follower = self.journeys
        if follower is None:
            return None
        counts = follower.counts
        return JourneyFacts(follower.behind, counts.records, counts.seconds, counts.failures)

    def _backups(self) -> BackupFacts | None:
        made = self.backups
        if made is None:
            return None
        plan = made.plan
        return BackupFacts(
            plan.every, str(plan.folder), made.last, made.bytes, made.made, made.failed,
            made.failure is not None,
        )  # fmt: skip

    def _count_http(self) -> None:
        """Count the connections of HTTP among the others."""
        made = [*self.http.connections, *self.metrics.connections]
        secure = sum(each.scheme == "https" for each in made)
        self.acceptor.counts.of("http", "tls").connections = secure
        self.acceptor.counts.of("http", "plain").connections = len(made) - secure


@asynccontextmanager
async def monitoring(watched: Watched, token: SecretStr | None) -> AsyncIterator[None]:
    """Tell the status on the socket of the data folder, and answer the calls of operators."""
    sources, rates = watched.sources(), Rates()
    _answer_calls(watched, sources, token.get_secret_value() if token is not None else None)
    operations = watched.http.context.operations
    operations.take_status = partial(take_status, sources, rates)
    operations.connections = partial(list_connections, watched.acceptor)
    operations.end_connection = partial(end_connection, watched.acceptor)

    async def tell() -> bytes:
        return msgspec.json.encode(await take_status(sources, rates))

    async def note_rates() -> None:
        while True:
            rates.note(sources.clock.monotonic(), counts_of(sources))
            await asyncio.sleep(NOTE_INTERVAL)

    tasks = [asyncio.create_task(measure_lag(watched.lag)), asyncio.create_task(note_rates())]
    try:
        async with telling_status(watched.data, SOCKET, tell):
            yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def _answer_calls(watched: Watched, sources: MonitorSources, token: str | None) -> None:
    """Have the calls answered; what answers them is imported with the first."""
    context = watched.http.context

    def field_app() -> Any:
        from ovms.server.http.app import make_app
        from ovms.server.http.monitor.app import Monitor, http_routes

        return make_app(context, http_routes(Monitor(sources), token))

    def own_app() -> Any:
        from ovms.server.http.monitor.app import Monitor, make_port_app

        return make_port_app(Monitor(sources), token)

    watched.http.make_app, watched.metrics.make_app = field_app, own_app
