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
from ovms.app.api.live import ApiEvent
from ovms.app.api.models import (
    ApiAlert,
    ApiAuditEntry,
    ApiCommand,
    ApiCommandRow,
    ApiKnownCommand,
    ApiNewToken,
    ApiParameter,
    ApiParameterChoice,
    ApiReceivedShare,
    ApiRecord,
    ApiRecordType,
    ApiShare,
    ApiToken,
    ApiVehicle,
)
from ovms.app.api.state import (
    ApiAuxiliary,
    ApiBattery,
    ApiCapabilities,
    ApiCharge,
    ApiCommandRange,
    ApiDoors,
    ApiDriving,
    ApiEnergy,
    ApiExport,
    ApiGroups,
    ApiLocation,
    ApiModule,
    ApiState,
    ApiTemperatures,
    ApiTyres,
    ApiWheel,
)

__all__ = [
    "ApiAlert",
    "ApiAuditEntry",
    "ApiAuxiliary",
    "ApiBattery",
    "ApiCapabilities",
    "ApiCharge",
    "ApiClient",
    "ApiCommand",
    "ApiCommandRange",
    "ApiCommandRow",
    "ApiDoors",
    "ApiDriving",
    "ApiEnergy",
    "ApiEvent",
    "ApiExport",
    "ApiGroups",
    "ApiKnownCommand",
    "ApiLocation",
    "ApiModule",
    "ApiNewToken",
    "ApiNotFound",
    "ApiParameter",
    "ApiParameterChoice",
    "ApiReceivedShare",
    "ApiRecord",
    "ApiRecordType",
    "ApiRefused",
    "ApiShare",
    "ApiState",
    "ApiTemperatures",
    "ApiToken",
    "ApiTyres",
    "ApiVehicle",
    "ApiWheel",
    "NotAllowed",
    "NotAuthenticated",
    "RefusedDetail",
    "TryLater",
    "connect",
]
