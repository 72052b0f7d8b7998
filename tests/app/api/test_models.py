"""What the library reads of an answer is what the description says that it holds."""

from __future__ import annotations

import msgspec
import pytest

from ovms.app.api import models, state
from ovms.app.api.models import ApiModel
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
    "ApiToken": "TokenAnswer",
    "ApiNewToken": "NewTokenAnswer",
    "ApiShare": "ShareAnswer",
    "ApiReceivedShare": "ReceivedShare",
    "ApiWheel": "WheelAnswer",
    "ApiCommandRange": "CommandRange",
    "ApiGroups": "StateGroups",
    "ApiState": "StateAnswer",
}
"""The body that each class of the library reads; of a group of the state, ``…Group``."""

CLASSES = {
    name: found
    for module in (models, state)
    for name, found in vars(module).items()
    if isinstance(found, type) and found.__module__ == module.__name__
    if name not in ("ApiModel", "ApiGroup")
}


@pytest.mark.parametrize("name", CLASSES)
def test_fields(name: str) -> None:
    """Each field of a class is one of its body, and ``None`` where that may have null."""
    kind: type[ApiModel] = CLASSES[name]
    body = SCHEMAS[NAMES.get(name) or f"{name.removeprefix('Api')}Group"]["properties"]
    fields = {each.encode_name: each for each in msgspec.structs.fields(kind)}
    assert fields.keys() <= body.keys()
    for key in fields:
        may_be_null = {"type": "null"} in body[key].get("anyOf", ())
        assert (fields[key].default is None) == may_be_null, key


def test_a_newer_server() -> None:
    """What a newer server adds is passed over."""
    choice = msgspec.convert({"value": 1, "name": "on", "more": 2}, models.ApiParameterChoice)
    assert choice == models.ApiParameterChoice(value=1, name="on")
