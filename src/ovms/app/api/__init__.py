"""The server's API by HTTP: vehicles, their state and history, commands, and the account.

::

    from ovms import app

    async with app.api.connect("https://example.org:6869", token) as server:
        for vehicle in await server.vehicles():
            print(vehicle.id, vehicle.is_online)

:mod:`ovms.app.api.sync` has the same for programs without an event loop.
"""

from ovms.app.api import sync
from ovms.app.api.account import (
    ApiAccount,
    ApiNewToken,
    ApiSetup,
    ApiToken,
)
from ovms.app.api.administration import (
    ApiOwner,
    ApiServerVehicle,
    ApiTransfer,
)
from ovms.app.api.audit import (
    ApiAuditEntry,
)
from ovms.app.api.channels import (
    ApiChannel,
    ApiChannelKind,
    ApiPush,
    ApiPushDevice,
    ApiTrial,
)
from ovms.app.api.client import (
    ApiClient,
    connect,
)
from ovms.app.api.commands import (
    ApiCommand,
    ApiCommandRow,
    ApiFeature,
    ApiKnownCommand,
    ApiModuleParameter,
    ApiParameter,
    ApiParameterChoice,
)
from ovms.app.api.errors import (
    ApiNotFound,
    ApiRefused,
    NotAllowed,
    NotAuthenticated,
    RefusedDetail,
    TryLater,
)
from ovms.app.api.history import (
    ApiAlert,
    ApiRecord,
    ApiRecordType,
    ApiSeries,
    ApiSeriesField,
    ApiSeriesValues,
    ApiTrack,
    ApiTrackGeometry,
    ApiTrackProperties,
)
from ovms.app.api.journey_alerts import (
    ApiArrivalSocAlert,
    ApiChargeMissedAlert,
    ApiChargeStoppedAlert,
    ApiJourneyAlerts,
    ApiParkedLossAlert,
    ApiPlacesAlert,
    ApiServiceAlert,
)
from ovms.app.api.journey_models import (
    ApiBatteryHistory,
    ApiBatteryMonth,
    ApiBatteryTemperature,
    ApiChargeFacts,
    ApiCurvePoint,
    ApiJourney,
    ApiJourneyEdit,
    ApiJourneyEnd,
    ApiJourneyPage,
    ApiMoney,
    ApiParked,
    ApiPlaceName,
    ApiPositionPair,
    ApiTrip,
    ApiTripPoint,
    ApiWholeJourney,
)
from ovms.app.api.live import (
    ApiEvent,
)
from ovms.app.api.places import (
    ApiOwnPlace,
    ApiPlaceSuggestion,
    ApiTariff,
    ApiTariffBand,
)
from ovms.app.api.sessions import (
    ApiPasskey,
    ApiSession,
    ApiTotp,
    ApiTotpKey,
    ApiWho,
)
from ovms.app.api.sharing import (
    ApiNewPositionLink,
    ApiPlace,
    ApiPosition,
    ApiPositionLink,
    ApiReceivedShare,
    ApiShare,
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
from ovms.app.api.sums import (
    ApiChargeSums,
    ApiSum,
    ApiSums,
)
from ovms.app.api.vehicles import (
    ApiCarGroup,
    ApiConnection,
    ApiDayUse,
    ApiFailure,
    ApiGroupMember,
    ApiNewVehicle,
    ApiVehicle,
)

__all__ = [
    "ApiAccount",
    "ApiAlert",
    "ApiArrivalSocAlert",
    "ApiAuditEntry",
    "ApiAuxiliary",
    "ApiBattery",
    "ApiBatteryHistory",
    "ApiBatteryMonth",
    "ApiBatteryTemperature",
    "ApiCapabilities",
    "ApiCarGroup",
    "ApiChannel",
    "ApiChannelKind",
    "ApiCharge",
    "ApiChargeFacts",
    "ApiChargeMissedAlert",
    "ApiChargeStoppedAlert",
    "ApiChargeSums",
    "ApiClient",
    "ApiCommand",
    "ApiCommandRange",
    "ApiCommandRow",
    "ApiConnection",
    "ApiCurvePoint",
    "ApiDayUse",
    "ApiDoors",
    "ApiDriving",
    "ApiEnergy",
    "ApiEvent",
    "ApiExport",
    "ApiFailure",
    "ApiFeature",
    "ApiGroupMember",
    "ApiGroups",
    "ApiJourney",
    "ApiJourneyAlerts",
    "ApiJourneyEdit",
    "ApiJourneyEnd",
    "ApiJourneyPage",
    "ApiKnownCommand",
    "ApiLocation",
    "ApiModule",
    "ApiModuleParameter",
    "ApiMoney",
    "ApiNewPositionLink",
    "ApiNewToken",
    "ApiNewVehicle",
    "ApiNotFound",
    "ApiOwnPlace",
    "ApiOwner",
    "ApiParameter",
    "ApiParameterChoice",
    "ApiParked",
    "ApiParkedLossAlert",
    "ApiPasskey",
    "ApiPlace",
    "ApiPlaceName",
    "ApiPlaceSuggestion",
    "ApiPlacesAlert",
    "ApiPosition",
    "ApiPositionLink",
    "ApiPositionPair",
    "ApiPush",
    "ApiPushDevice",
    "ApiReceivedShare",
    "ApiRecord",
    "ApiRecordType",
    "ApiRefused",
    "ApiSeries",
    "ApiSeriesField",
    "ApiSeriesValues",
    "ApiServerVehicle",
    "ApiServiceAlert",
    "ApiSession",
    "ApiSetup",
    "ApiShare",
    "ApiState",
    "ApiSum",
    "ApiSums",
    "ApiTariff",
    "ApiTariffBand",
    "ApiTemperatures",
    "ApiToken",
    "ApiTotp",
    "ApiTotpKey",
    "ApiTrack",
    "ApiTrackGeometry",
    "ApiTrackProperties",
    "ApiTransfer",
    "ApiTrial",
    "ApiTrip",
    "ApiTripPoint",
    "ApiTyres",
    "ApiVehicle",
    "ApiWheel",
    "ApiWho",
    "ApiWholeJourney",
    "NotAllowed",
    "NotAuthenticated",
    "RefusedDetail",
    "TryLater",
    "connect",
    "sync",
]
