"""``/vehicles/{vehicle_id}/state``: what a vehicle last reported, decoded."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from pydantic import Field, create_model
from starlette.responses import Response

from ovms.server.http.field.latest import view_of
from ovms.server.http.v1.callers import Context, VehicleCall, ViewCall
from ovms.server.http.v1.decoded import GROUPS, FactGroup, VehicleState
from ovms.server.http.v1.models import ApiAnswer, Time
from ovms.server.http.v1.routing import make_router
from ovms.server.rights import VehicleRight

router = make_router("state")


class GroupAnswer(ApiAnswer):
    """What one message says of one matter."""

    time: Time
    """When the server got it. What it had stored before it knew is as old, or older."""
    age: int
    """Seconds since then."""
    is_stale: bool
    """The car may be in another state by now: the module marks its readings as old, or the car
    should have said it again (telemetry within 20 minutes, the rest whenever it connects)."""
    old: list[str]
    """Readings that the module marks as made some time ago."""


class WheelAnswer(ApiAnswer):
    """A wheel."""

    name: str
    """`FL`, `FR`, `RL`, `RR`, or as the car calls it."""
    pressure: float | None
    """Pressure, kPa."""
    temperature: float | None
    """Temperature, °C."""
    health: float | None
    """Health, percent."""
    alert: str | None
    """`none`, `warning`, `alert`."""


class CommandRange(ApiAnswer):
    """Numbers of commands, both ends included."""

    first: int
    last: int


_LISTS: Final[dict[str, Any]] = {"wheels": list[WheelAnswer], "commands": list[CommandRange]}
"""The types of facts that are lists."""

_MADE: Final = {"use_attribute_docstrings": False}
"""Models that are made have no source, which Pydantic would look for in each module there is."""


def _model(group: FactGroup) -> type[GroupAnswer]:
    """Return the model of a group: the table's facts are its fields."""
    fields: dict[str, Any] = {}
    for fact in group.facts:
        kind: Any = Time if fact.type is datetime else fact.type
        kind = _LISTS[fact.name] if fact.name in _LISTS else kind | None
        fields[fact.name] = (kind, Field(description=fact.meaning))
    name = f"{group.name.title()}Group"
    return create_model(
        name, __base__=GroupAnswer, __doc__=group.meaning, __cls_kwargs__=_MADE, **fields
    )


StateGroups: Final = create_model(
    "StateGroups",
    __base__=ApiAnswer,
    __cls_kwargs__=_MADE,
    __doc__="What the vehicle reported, by matter. Null is what it never said, or sealed.",
    **{  # type: ignore[call-overload]
        group.name: (_model(group) | None, Field(description=group.meaning)) for group in GROUPS
    },
)


class StateAnswer(ApiAnswer):
    """What a vehicle last reported. Distances are in km, whatever unit the car is set to."""

    vehicle_id: str
    time: Time
    """The server's time of this answer: ages are those at it."""
    is_online: bool
    """The car is connected to this server, or to one that tells this one."""
    is_paranoid: bool
    """The car seals what it says: the server cannot read it."""
    heard: Time | None
    """When the newest message came; null if there is none."""
    distance_unit: str | None
    """What the car itself shows distances in, `km` or `mi`."""
    hidden: list[str]
    """Groups that the caller may not see; they are null."""
    groups: StateGroups


@router.get("/vehicles/{vehicle_id}/state", response_model=StateAnswer)
async def get_state(call: ViewCall, context: Context) -> Response:
    """Return what a vehicle last reported, whether or not it is connected."""
    view = await view_of(context, call.id)
    is_online = view.room is not None and view.room.car is not None
    state = VehicleState.of(call.id, view.latest, is_online=is_online)
    return _json(state.as_json(context.clock.time(), sees_location=_sees_location(call)))


def _sees_location(call: VehicleCall) -> bool:
    return VehicleRight.LOCATION in call.rights


def _json(content: object) -> Response:
    """Return an answer that is known to be as its model says; no model is made of it."""
    return Response(msgspec.json.encode(content), media_type="application/json")
