"""A server's parts with known numbers, and what an operator sees of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ovms.base.histogram import Histogram
from ovms.net.counts import CountsByKind
from ovms.server.http.monitor.requests import RequestCounts
from ovms.server.http.monitor.sources import BackupFacts, JourneyFacts, MonitorSources, ServerFacts

if TYPE_CHECKING:
    from tests.server.http.api import HttpSite

VERSION = "1.2.3"

BACKUPS = BackupFacts(3600.0, "/b", 1700000000.0, 99, 11, 12, is_failing=True)


@dataclass
class FakeParts:
    """What the parts above this room would know; a test sets it."""

    is_stopping: bool = False
    accepting: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    welcomes: dict[str, int] = field(default_factory=dict)
    certificates: dict[str, float] = field(default_factory=dict)
    alerts: dict[str, int] = field(default_factory=dict)
    deliveries: dict[tuple[str, str], int] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    backups: BackupFacts | None = BACKUPS
    turns: int = 0
    noted: int = 0

    def look(self) -> ServerFacts:
        """Return what is known now."""
        return ServerFacts(
            is_stopping=self.is_stopping, accepting=self.accepting, turns_waiting=self.turns,
            refused=self.refused, unanswered_cars=3, welcomes=self.welcomes,
            certificates=self.certificates, alerts=self.alerts, alerts_noted=self.noted,
            alerts_refused=4, alerts_expired=5, deliveries=self.deliveries,
            sessions=6, watches=7, journeys=JourneyFacts(8, 9, 1.5, 10), backups=self.backups,
        )  # fmt: skip

    async def find_troubles(self) -> Mapping[str, str]:
        """Return what is wrong."""
        return self.troubles


def sources_of(site: HttpSite, parts: FakeParts, data: Path) -> MonitorSources:
    """Return where the numbers come from: the site's rooms and database, and made-up parts."""
    return MonitorSources(
        version=VERSION, data=data, started=site.clock.time(), ports={"mp": 6867, "http": None},
        clock=site.clock, hub=site.hub, store=site.store, accounts=site.accounts,
        lines=CountsByKind(("car", "app", "batch", "server", "stranger", "http")),
        requests=RequestCounts(), lag=Histogram(), look=parts.look,
        find_troubles=parts.find_troubles,
    )  # fmt: skip
