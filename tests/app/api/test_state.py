"""What the library reads of an answer is what the description says that it holds."""

from __future__ import annotations

import msgspec
import pytest

from ovms.app import api
from ovms.app.api.calls import ApiModel
from tests.server.http.v1.test_openapi import SCHEMAS

NAMES = {
    "ApiVehicle": "VehicleAnswer",
    "ApiParameterChoice": "ParameterChoice",
    "ApiParameter": "ParameterInfo",
    "ApiKnownCommand": "CommandInfo",
    "ApiCommandRow": "CommandRow",
    "ApiCommand": "CommandAnswer",
    "ApiAuditEntry": "AuditAnswer",
    "ApiRecordType": "TypeAnswer",
    "ApiRecord": "RecordAnswer",
    "ApiAlert": "AlertAnswer",
    "ApiVehicleAlert": "VehicleAlertAnswer",
    "ApiToken": "TokenAnswer",
    "ApiNewToken": "NewTokenAnswer",
    "ApiShare": "ShareAnswer",
    "ApiReceivedShare": "ReceivedShare",
    "ApiNewVehicle": "MadeVehicle",
    "ApiConnection": "ConnectionAnswer",
    "ApiFailure": "FailureAnswer",
    "ApiDayUse": "DayUse",
    "ApiCarGroup": "GroupOfCars",
    "ApiGroupMember": "GroupMember",
    "ApiFeature": "FeatureAnswer",
    "ApiModuleParameter": "ParameterAnswer",
    "ApiSeriesField": "SeriesFieldAnswer",
    "ApiSeriesValues": "SeriesValues",
    "ApiSeries": "SeriesAnswer",
    "ApiTrackGeometry": "TrackGeometry",
    "ApiTrackProperties": "TrackProperties",
    "ApiTrack": "TrackAnswer",
    "ApiPositionLink": "LinkAnswer",
    "ApiNewPositionLink": "MadeLink",
    "ApiPosition": "PositionAnswer",
    "ApiPlace": "PositionAnswer",
    "ApiChannelKind": "ChannelKind",
    "ApiModuleCertificate": "CertificateAnswer",
    "ApiModuleServer": "ModuleServerAnswer",
    "ApiRefusedCall": "RefusedCallAnswer",
    "ApiPush": "PushAnswer",
    "ApiServer": "ServerAnswer",
    "ApiServerBackup": "ServerBackupAnswer",
    "ApiServerStorage": "StorageAnswer",
    "ApiServerCertificate": "ServerCertificateAnswer",
    "ApiOpenConnection": "ConnectionFactsAnswer",
    "ApiPushDevice": "PushDeviceAnswer",
    "ApiChannel": "ChannelAnswer",
    "ApiTrial": "TrialAnswer",
    "ApiAccount": "AccountAnswer",
    "ApiSession": "SessionAnswer",
    "ApiWho": "WhoAnswer",
    "ApiTicket": "TicketAnswer",
    "ApiProvision": "ProvisionAnswer",
    "ApiProvisionParameter": "ProvisionParameter",
    "ApiNewProvision": "MadeProvision",
    "ApiMap": "MapAnswer",
    "ApiDemo": "DemoAnswer",
    "ApiWeb": "WebAnswer",
    "ApiTotp": "TotpAnswer",
    "ApiTotpKey": "TotpKeyAnswer",
    "ApiPasskey": "PasskeyAnswer",
    "ApiOwner": "OwnerAnswer",
    "ApiServerVehicle": "AdminVehicleAnswer",
    "ApiTransfer": "TransferAnswer",
    "ApiSetup": "SetupAnswer",
    "ApiWheel": "WheelAnswer",
    "ApiCommandRange": "CommandRange",
    "ApiGroups": "StateGroups",
    "ApiState": "StateAnswer",
    "ApiArrivalSocAlert": "ArrivalSocAlert",
    "ApiChargeMissedAlert": "ChargeMissedAlert",
    "ApiChargeStoppedAlert": "ChargeStoppedAlert",
    "ApiJourneyAlerts": "JourneyAlerts",
    "ApiParkedLossAlert": "ParkedLossAlert",
    "ApiPlacesAlert": "PlacesAlert",
    "ApiServiceAlert": "ServiceAlert",
    "ApiBatteryHistory": "BatteryAnswer",
    "ApiBatteryMonth": "BatteryMonthAnswer",
    "ApiBatteryTemperature": "BatteryTemperatureAnswer",
    "ApiChargeFacts": "ChargeFacts",
    "ApiCurvePoint": "CurvePointAnswer",
    "ApiJourney": "JourneyAnswer",
    "ApiJourneyEdit": "EditAnswer",
    "ApiJourneyEnd": "JourneyEndAnswer",
    "ApiJourneyPage": "JourneyPage",
    "ApiMoney": "MoneyAnswer",
    "ApiParked": "ParkedFacts",
    "ApiPlaceName": "PlaceName",
    "ApiPositionPair": "PositionPair",
    "ApiTrip": "TripFacts",
    "ApiTripPoint": "TripPointAnswer",
    "ApiWholeJourney": "WholeJourney",
    "ApiOwnPlace": "PlaceAnswer",
    "ApiPlaceSuggestion": "PlaceSuggestion",
    "ApiTariff": "TariffAnswer",
    "ApiTariffBand": "BandBody",
    "ApiChargeSums": "ChargeSums",
    "ApiSum": "SumAnswer",
    "ApiSums": "SumsAnswer",
}
"""The body that each class of the library reads; of a group of the state, ``…Group``."""

MISSING = {"ApiPlace": {"name", "expires"}}
"""What a body has and a class has not."""

CLASSES = {
    name: found
    for name, found in vars(api).items()
    if isinstance(found, type) and issubclass(found, ApiModel)
}


@pytest.mark.parametrize("name", CLASSES)
def test_fields(name: str) -> None:
    """Each field of a class is one of its body, and ``None`` where that may have null."""
    kind: type[ApiModel] = CLASSES[name]
    body = SCHEMAS[NAMES.get(name) or f"{name.removeprefix('Api')}Group"]["properties"]
    fields = {each.encode_name: each for each in msgspec.structs.fields(kind)}
    assert fields.keys() == body.keys() - MISSING.get(name, set())
    for key in fields:
        may_be_null = {"type": "null"} in body[key].get("anyOf", ())
        assert (fields[key].default is None) == may_be_null, key


def test_a_newer_server() -> None:
    """What a newer server adds is passed over."""
    choice = msgspec.convert({"value": 1, "name": "on", "more": 2}, api.ApiParameterChoice)
    assert choice == api.ApiParameterChoice(value=1, name="on")
