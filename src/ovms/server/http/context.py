"""What the calls need of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ovms.base.clock import Clock
    from ovms.server.http.callers import Callers
    from ovms.server.http.watches import Watches
    from ovms.server.hub.hub import Hub
    from ovms.server.storage.store import Store


@dataclass(frozen=True, slots=True)
class HttpContext:
    """What the calls need of the server."""

    hub: Hub
    store: Store
    callers: Callers
    clock: Clock
    watches: Watches
