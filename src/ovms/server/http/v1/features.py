"""``/vehicles/…/features`` and ``/vehicles/…/parameters``: how the car's module is set up.

The server keeps none of it: each call asks the car.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Path
from pydantic import Field

from ovms.protocol.commands import BY_NAME, FEATURE_LIMIT, LONGEST_VALUE, PARAMETER_LIMIT, Result
from ovms.protocol.settings_names import (
    FEATURE_NAMES,
    HIDDEN_VALUE,
    PARAMETER_NAMES,
    PASSWORDS,
)
from ovms.server.http.field.commands import answer_text, setting_rows
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import CommandCall, Context, VehicleCall
from ovms.server.http.v1.commands import (
    car_room,
    check_rights,
    keep_asked,
    read_parameters,
    unanswered,
)
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody
from ovms.server.http.v1.routing import make_router
from ovms.server.hub.asking import Unanswered, ask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ovms.protocol.commands import Answer

REFUSALS: Final = {Result.UNSUPPORTED: "unsupported", Result.UNIMPLEMENTED: "unsupported"}
"""The code of an error by what the car has answered; any other is ``refused``."""

router = make_router("features and parameters")

FeatureNumber = Annotated[int, Path(ge=0, lt=FEATURE_LIMIT)]
ParameterNumber = Annotated[int, Path(ge=0, lt=PARAMETER_LIMIT)]


class FeatureAnswer(ApiAnswer):
    """A feature of a module."""

    number: int
    name: str | None
    """`null` where it has none that holds for all modules."""
    value: int | None
    """0 is off; `null` if the module says none, or no number."""


class ParameterAnswer(ApiAnswer):
    """A parameter of a module."""

    number: int
    name: str | None
    """`null` where it has none."""
    value: str | None
    """`null` if it is empty; of a password that is set only `*`."""
    is_secret: bool
    """It is a password, which is not told."""


class FeatureBody(CallBody):
    """What to set a feature to."""

    value: int = Field(ge=0, le=255)


class ParameterBody(CallBody):
    """What to set a parameter to."""

    value: str = Field(max_length=LONGEST_VALUE)
    """Printable text of at most 255 bytes; empty to clear it."""


def command_call(name: str) -> Callable[..., Awaitable[VehicleCall]]:
    """Return the dependency of a route that sends the car a command of that name."""

    async def check(call: CommandCall) -> VehicleCall:
        check_rights(call, BY_NAME[name])
        return call

    return check


ListFeatures = Annotated[VehicleCall, Depends(command_call("features"))]
SetFeature = Annotated[VehicleCall, Depends(command_call("set-feature"))]
ListParameters = Annotated[VehicleCall, Depends(command_call("parameters"))]
SetParameter = Annotated[VehicleCall, Depends(command_call("set-parameter"))]


@router.get("/vehicles/{vehicle_id}/features")
async def list_features(call: ListFeatures, context: Context) -> list[FeatureAnswer]:
    """Ask the car for its module's features."""
    rows = setting_rows(BY_NAME["features"], await _ask(context, call, "features", {}))
    return [FeatureAnswer.model_validate({**row, "value": _number(row["value"])}) for row in rows]


@router.get("/vehicles/{vehicle_id}/features/{number}")
async def get_feature(number: FeatureNumber, call: ListFeatures, context: Context) -> FeatureAnswer:
    """Ask the car for a feature of its module."""
    for each in await list_features(call, context):
        if each.number == number:
            return each
    raise ApiError(404, "The module has no such feature", "no_feature")


@router.put("/vehicles/{vehicle_id}/features/{number}")
async def set_feature(
    number: FeatureNumber, body: FeatureBody, call: SetFeature, context: Context
) -> FeatureAnswer:
    """Set a feature of the car's module."""
    await _ask(context, call, "set-feature", {"feature": number, "value": body.value})
    return FeatureAnswer(number=number, name=FEATURE_NAMES.get(number), value=body.value)


@router.get("/vehicles/{vehicle_id}/parameters")
async def list_parameters(call: ListParameters, context: Context) -> list[ParameterAnswer]:
    """Ask the car for its module's parameters; only the vehicle's owner may."""
    rows = setting_rows(BY_NAME["parameters"], await _ask(context, call, "parameters", {}))
    return [
        ParameterAnswer.model_validate({**row, "is_secret": row["number"] in PASSWORDS})
        for row in rows
    ]


@router.get("/vehicles/{vehicle_id}/parameters/{number}")
async def get_parameter(
    number: ParameterNumber, call: ListParameters, context: Context
) -> ParameterAnswer:
    """Ask the car for a parameter of its module."""
    for each in await list_parameters(call, context):
        if each.number == number:
            return each
    raise ApiError(404, "The module has no such parameter", "no_parameter")


@router.put("/vehicles/{vehicle_id}/parameters/{number}")
async def set_parameter(
    number: ParameterNumber, body: ParameterBody, call: SetParameter, context: Context
) -> ParameterAnswer:
    """Set a parameter of the car's module; only the vehicle's owner may."""
    await _ask(context, call, "set-parameter", {"parameter": number, "value": body.value})
    is_secret = number in PASSWORDS
    shown = HIDDEN_VALUE if is_secret and body.value else body.value or None
    name = PARAMETER_NAMES.get(number)
    return ParameterAnswer(number=number, name=name, value=shown, is_secret=is_secret)


async def _ask(
    context: Context, call: VehicleCall, name: str, given: Mapping[str, str | int | bool]
) -> list[Answer]:
    """Return the car's answer to a command. Raises :class:`ApiError`."""
    spec = BY_NAME[name]
    command = read_parameters(spec, given, context.clock.time(), "body")
    room = await car_room(context, call.id)
    if given:
        audit(context, call.caller, "command", vehicle_id=call.id, detail=name)
    try:
        keep = partial(keep_asked, context, call, spec)
        answers = await ask(room, command, context.answer_timeout, keep)
    except Unanswered as error:
        raise unanswered(error) from None
    for answer in answers:
        if answer.result != Result.OK:
            code = REFUSALS.get(Result(answer.result)) if answer.result in [*Result] else None
            text = answer_text(answer) or "The car could not do this"
            raise ApiError(409, text, code or "refused")
    return answers


def _number(value: str | int | None) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 10 else None
