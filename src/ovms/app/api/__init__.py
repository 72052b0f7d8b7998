"""The server's API by HTTP: vehicles, their state and history, commands, and the account.

::

    from ovms import app

    async with app.api.connect("https://example.org:6869", token) as server:
        for vehicle in await server.vehicles():
            print(vehicle.id, vehicle.is_online)

:mod:`ovms.app.api.sync` has the same for programs without an event loop.
"""

from ovms.app.api.client import ApiClient, connect
from ovms.app.api.errors import (
    ApiNotFound,
    ApiRefused,
    NotAllowed,
    NotAuthenticated,
    RefusedDetail,
    TryLater,
)
from ovms.app.api.models import ApiVehicle
from ovms.app.api.sse import ServerEvent

__all__ = [
    "ApiClient",
    "ApiNotFound",
    "ApiRefused",
    "ApiVehicle",
    "NotAllowed",
    "NotAuthenticated",
    "RefusedDetail",
    "ServerEvent",
    "TryLater",
    "connect",
]
