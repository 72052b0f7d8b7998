"""Every operation of the API has its method, which sends and reads what the description says."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import httpx
import jsonschema_rs
import pytest

from ovms.app.api import (
    ApiArrivalSocAlert,
    ApiChargeMissedAlert,
    ApiChargeStoppedAlert,
    ApiCommand,
    ApiParkedLossAlert,
    ApiPlacesAlert,
    ApiServiceAlert,
    ApiTariffBand,
    ApiToken,
)
from ovms.app.api.client import ApiClient
from ovms.app.api.commands import Parameters
from ovms.app.api.journeys import KindWord, LanguageWord, PurposeWord
from ovms.app.api.link import PREFIX, ApiLink, convert
from ovms.app.api.provisioning import UnitsWord
from ovms.app.api.sums import SumWord
from tests.app.api.examples import example
from tests.server.http.v1.test_openapi import CALLS, DESCRIPTION, SCHEMAS

COMMAND = example(SCHEMAS["CommandAnswer"])

EVENTS = {
    "follow_vehicles": [("state", example(SCHEMAS["StateAnswer"]) | {"is_full": True})],
    "follow_vehicle": [("state", example(SCHEMAS["StateAnswer"]) | {"is_full": True})],
    "stream_command": [("row", example(SCHEMAS["CommandRow"])), ("end", COMMAND)],
    "follow_position": [("position", example(SCHEMAS["PositionAnswer"]))],
}
"""What the streams tell."""

CREDENTIAL = example(SCHEMAS["CredentialBody"])

VALUES: dict[Any, Any] = {
    str: "x",
    int: 1,
    float: 12.0,
    bool: True,
    datetime: datetime(2026, 11, 27, 2, 30, tzinfo=UTC),
    ApiCommand: convert(COMMAND, ApiCommand),
    ApiToken: convert(example(SCHEMAS["TokenAnswer"]), ApiToken),
    **{
        kind: convert(example(SCHEMAS[kind.__name__.removeprefix("Api")]), kind)
        for kind in (
            ApiPlacesAlert,
            ApiChargeStoppedAlert,
            ApiChargeMissedAlert,
            ApiArrivalSocAlert,
            ApiParkedLossAlert,
            ApiServiceAlert,
        )
    },
    Sequence[str]: ["view"],
    Sequence[int]: [1, 2],
    PurposeWord: "business",
    KindWord: "charge",
    LanguageWord: "de",
    SumWord: "day",
    UnitsWord: "K",
    date: date(2026, 11, 27),
    Decimal: Decimal("0.30"),
    Sequence[ApiTariffBand]: [
        ApiTariffBand(price=Decimal("0.2"), since="22:00", until="06:00", days=["mon"])
    ],
    Parameters: {"pin": "1"},
    Mapping[str, Any]: CREDENTIAL,
}
"""What the methods are called with, by type."""

METHODS = {
    name: method
    for name, method in inspect.getmembers(ApiClient, inspect.isfunction)
    if not name.startswith("_") and name not in ("call", "close")
}


def value_of(kind: Any) -> Any:
    """Return a value of a type; of several the first."""
    if get_origin(kind) in (UnionType, Union):
        return value_of(get_args(kind)[0])
    return VALUES.get(kind, lambda *_: None)


class DescribedServer:
    """Answers calls as the description says, and notes which were made."""

    def __init__(self) -> None:
        self.made: set[str] = set()

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Look at a call, and answer with the first success that is described."""
        call = self._find(request)
        self.made.add(call["operationId"])
        known = {each["name"]: each for each in call.get("parameters", ()) if each["in"] == "query"}
        assert request.url.params.keys() <= known.keys()
        needed = {name for name, each in known.items() if each.get("required")}
        assert needed <= request.url.params.keys()
        if "requestBody" in call:
            schema = call["requestBody"]["content"]["application/json"]["schema"]
            whole = schema | {"components": DESCRIPTION["components"]}
            jsonschema_rs.validate(whole, json.loads(request.content or b"null"))
        else:
            assert not request.content
        status = next(each for each in call["responses"] if each.startswith("2"))
        content = call["responses"][status].get("content", {})
        if call["operationId"] in EVENTS:
            told = EVENTS[call["operationId"]]
            text = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in told)
            return httpx.Response(200, text=text)
        if "application/json" not in content:
            return httpx.Response(int(status), content=b"x" if content else b"")
        body = example(content["application/json"]["schema"])
        if isinstance(body, dict) and {"items", "next"} <= body.keys():
            body["next"] = None
        return httpx.Response(int(status), json=body)

    def _find(self, request: httpx.Request) -> dict[str, Any]:
        """Return the operation that a call is; a word of a path comes before a parameter."""
        made = f"{request.method} {request.url.path.removeprefix(PREFIX)}"
        for name in sorted(CALLS, key=lambda name: name.count("{")):
            if re.fullmatch(re.sub("{[^}]+}", "[^/]+", name), made):
                return CALLS[name]
        raise AssertionError(f"no operation is {made}")


async def use(client: ApiClient, name: str, *, is_full: bool) -> None:
    """Call a method, with all that it takes or only what it needs."""
    method = getattr(client, name)
    hints = get_type_hints(METHODS[name])
    given: dict[str, Any] = {}
    for parameter in inspect.signature(method).parameters.values():
        if is_full or parameter.default is parameter.empty:
            given[parameter.name] = value_of(hints[parameter.name])
    result = method(**given)
    if isinstance(result, AsyncGenerator):
        assert await anext(result) is not None
        await result.aclose()
    else:
        await result


async def test_every_operation_has_a_method() -> None:
    """All methods together make every operation, with a right body, and read its answer."""
    server = DescribedServer()
    link = ApiLink("http://server", "x", transport=httpx.MockTransport(server.answer))
    client = ApiClient(link)
    for name in METHODS:
        for is_full in (False, True):
            try:
                await use(client, name, is_full=is_full)
            except Exception as error:
                error.add_note(f"in {name}")
                raise
    assert server.made == {call["operationId"] for call in CALLS.values()}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_described(name: str) -> None:
    """Each method has a docstring and the types of what it takes and returns."""
    method = METHODS[name]
    assert method.__doc__
    assert get_type_hints(method).keys() == {*inspect.signature(method).parameters, "return"} - {
        "self"
    }
