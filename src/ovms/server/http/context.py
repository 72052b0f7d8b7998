"""What the calls need of the server."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ovms.server.http.asked import AskedCommands
from ovms.server.http.geocoding import Geocoder
from ovms.server.http.live import LiveStreams
from ovms.server.http.module_place import ModuleServer
from ovms.server.http.monitor.requests import RequestCounts
from ovms.server.http.operations import Operations
from ovms.server.http.web_options import WebOptions
from ovms.server.refused_calls import RefusedCalls
from ovms.server.storage.journey_view import JourneyMaking
from ovms.server.storage.limits import OwnerQuotas

if TYPE_CHECKING:
    from ovms.base.clock import Clock
    from ovms.server.audit import Audit
    from ovms.server.failed_calls import FailedCalls
    from ovms.server.http.callers import Callers
    from ovms.server.http.desk import AccountDesk
    from ovms.server.http.watches import Watches
    from ovms.server.hub.hub import Hub
    from ovms.server.notify.desk import ChannelDesk
    from ovms.server.storage.store import Store

ANSWER_TIMEOUT: Final = 30.0
"""Seconds that a call waits for a car's answer."""


@dataclass(frozen=True, slots=True)
class HttpContext:
    """What the calls need of the server."""

    hub: Hub
    store: Store
    callers: Callers
    clock: Clock
    watches: Watches
    audit: Audit
    desk: AccountDesk
    """What makes and recovers accounts."""
    channels: ChannelDesk
    """Where alerts go."""
    failed_calls: FailedCalls
    answer_timeout: float = ANSWER_TIMEOUT
    """Seconds that a call waits for a car's answer."""
    mqtt_superuser: str | None = None
    """The owner who may use all topics of an MQTT broker."""
    quotas: OwnerQuotas = field(default_factory=OwnerQuotas)
    """What an owner may have who has no limits of their own."""
    public_url: str | None = None
    """Where people find the server, if a proxy calls it by another name."""
    journeys: JourneyMaking = field(default_factory=JourneyMaking)
    """Whether journeys are made here."""
    geocoder: Geocoder = field(default_factory=Geocoder)
    """Finds out the addresses of positions, if the settings say where."""
    refused_calls: RefusedCalls = field(default_factory=lambda: RefusedCalls(time.time))
    """Which modules were refused lately."""
    module_server: ModuleServer = field(default_factory=ModuleServer)
    """Where modules reach the server."""
    operations: Operations = field(default_factory=Operations)
    """What parts above know, for administrators."""
    requests: RequestCounts = field(default_factory=RequestCounts)
    """What calls there were."""
    web: WebOptions = field(default_factory=WebOptions)
    """What the operator says about the web app."""
    live: LiveStreams = field(init=False)
    """The streams of live state."""

    asked: AskedCommands = field(init=False)
    """The commands of calls that wait."""

    exports: set[int] = field(default_factory=set)
    """The accounts of which an export is being made, by their owners' numbers."""

    def __post_init__(self) -> None:
        """Have a session's watches end with it; make what needs the parts above."""
        object.__setattr__(self, "live", LiveStreams(self.hub, self.store, self.clock))
        self.failed_calls.on_note = self.live.call_failed
        object.__setattr__(self, "asked", AskedCommands(self.audit))
        self.callers.sessions.on_end(self.watches.end_session)
