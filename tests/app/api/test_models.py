"""What the library reads of an answer is what the description says that it holds."""

from __future__ import annotations

import msgspec
import pytest

from ovms.app.api.models import ApiModel, ApiVehicle
from tests.server.http.v1.test_openapi import SCHEMAS

MODELS: dict[str, type[ApiModel]] = {"VehicleAnswer": ApiVehicle}
"""The library's class for each body."""


@pytest.mark.parametrize("name", MODELS)
def test_fields(name: str) -> None:
    """Each class has the fields of its body, under the same names."""
    fields = {each.encode_name for each in msgspec.structs.fields(MODELS[name])}
    assert fields == SCHEMAS[name]["properties"].keys()
