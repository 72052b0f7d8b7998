"""``/vehicles/{vehicle_id}/journey-alerts``: what its owner is told of what the vehicle did."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import Context, ManageCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, GivenDate
from ovms.server.http.v1.routing import make_router
from ovms.server.journeys.rules import NAMES, RuleName, default_rules
from ovms.server.rights import VehicleRight
from ovms.server.storage import journey_rules

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.http.v1.callers import VehicleCall
    from ovms.server.journeys.rules import Rule

PLACES_LIMIT: Final = 200
"""Places that a rule names."""

PLACE_FIELDS: Final = {RuleName.PLACES: "places", RuleName.CHARGE_MISSED: "place"}
"""What a rule has that is about places: for those who may see where the vehicle is."""

router = make_router("journeys")


class PlacesAlert(ApiAnswer):
    """The vehicle enters or leaves a place of its owner."""

    is_on: bool
    entering: bool
    leaving: bool
    places: list[int] | None
    """The ids of those that count; null is all. Null without the right `location`, too."""


class ChargeStoppedAlert(ApiAnswer):
    """A charge ended before it was full or at its limit, and the plug is still in."""

    is_on: bool


class ChargeMissedAlert(ApiAnswer):
    """No charge had begun in a window of the day."""

    is_on: bool
    start: str
    """When the window begins, local time: `22:00`."""
    end: str
    """When it ends, past midnight if need be."""
    below: float
    """Percent: only if the SOC is below it."""
    place: int | None
    """Only if the vehicle is at the place with this id; null is wherever it is, and also what is
    told without the right `location`."""


class ArrivalSocAlert(ApiAnswer):
    """A trip ended with little SOC, and the vehicle was not plugged in at once."""

    is_on: bool
    below: float
    """Percent."""


class ParkedLossAlert(ApiAnswer):
    """The parked vehicle loses more SOC a day than it usually does."""

    is_on: bool
    days: float
    """After so many days without a charge or a trip."""
    factor: float
    """More than its usual loss times this."""


class ServiceAlert(ApiAnswer):
    """A service is due."""

    is_on: bool
    by_car: bool
    """What the car says counts."""
    every_km: float | None
    """km between two services; null if that does not matter."""
    every_months: int | None
    since_odometer: float | None
    """km at the last service."""
    since_date: date | None
    """The day of the last service."""
    ahead_km: float
    """km before, at which it is told."""
    ahead_days: int
    """Days before, at which it is told."""


class JourneyAlerts(ApiAnswer):
    """All that the vehicle's owner may be told of what it did."""

    places: PlacesAlert
    charge_stopped: ChargeStoppedAlert
    charge_missed: ChargeMissedAlert
    arrival_soc: ArrivalSocAlert
    parked_loss: ParkedLossAlert
    service: ServiceAlert


Amount = Annotated[float, Field(allow_inf_nan=False)]


class PlacesChanges(CallBody):
    """What to change of being told of places; what is not there stays."""

    is_on: bool = False
    entering: bool = True
    leaving: bool = True
    places: Annotated[list[int], Field(max_length=PLACES_LIMIT)] | None = None
    """The ids of those that count; null is all, also those to come."""


class ChargeStoppedChanges(CallBody):
    """What to change of being told of charges that stopped early."""

    is_on: bool = False


class ChargeMissedChanges(CallBody):
    """What to change of being told of charges that did not begin; what is not there stays."""

    is_on: bool = False
    start: str = "22:00"
    """When the window begins, local time."""
    end: str = "23:00"
    """When it ends, past midnight if need be."""
    below: Amount = 80.0
    """Percent: only if the SOC is below it."""
    place: int | None = None
    """Only if the vehicle is at the place with this id; null is wherever it is."""


class ArrivalSocChanges(CallBody):
    """What to change of being told of arriving with little SOC; what is not there stays."""

    is_on: bool = False
    below: Amount = 20.0
    """Percent."""


class ParkedLossChanges(CallBody):
    """What to change of being told of what is lost while parked; what is not there stays."""

    is_on: bool = False
    days: Amount = 1.0
    """After so many days without a charge or a trip."""
    factor: Amount = 2.0
    """More than its usual loss times this."""


class ServiceChanges(CallBody):
    """What to change of being told of services; what is not there stays."""

    is_on: bool = True
    by_car: bool = True
    """Whether what the car says counts."""
    every_km: Amount | None = None
    """km between two services; null if that does not matter."""
    every_months: int | None = None
    since_odometer: Amount | None = None
    """km at the last service."""
    since_date: GivenDate | None = None
    """The day of the last service."""
    ahead_km: Amount = 1000.0
    """km before, at which it is told."""
    ahead_days: int = 30
    """Days before, at which it is told."""


class JourneyAlertChanges(CallBody):
    """What to change; what is not there stays, and null is as if nobody had set it."""

    places: PlacesChanges | None = None
    charge_stopped: ChargeStoppedChanges | None = None
    charge_missed: ChargeMissedChanges | None = None
    arrival_soc: ArrivalSocChanges | None = None
    parked_loss: ParkedLossChanges | None = None
    service: ServiceChanges | None = None


@router.get("/vehicles/{vehicle_id}/journey-alerts")
async def get_journey_alerts(call: ManageCall, context: Context) -> JourneyAlerts:
    """Return what the vehicle's owner is told of what it did. The channels are those of alerts."""
    find = partial(journey_rules.list_rules, vehicle_id=call.id)
    return _answer(call.rights, await context.store.database.read(find))


@router.patch("/vehicles/{vehicle_id}/journey-alerts")
async def change_journey_alerts(
    body: JourneyAlertChanges, call: ManageCall, context: Context
) -> JourneyAlerts:
    """Change what the vehicle's owner is told of what it did.

    What names places needs the right `location`, too.
    """
    changes = {
        RuleName(name): None if part is None else part.model_dump(include=part.model_fields_set)
        for name in body.model_fields_set
        for part in [getattr(body, name)]
    }
    _check_places(call, changes)
    change = partial(_change, vehicle_id=call.id, changes=changes)
    rules = await context.store.database.write(change)
    if changes:
        names = ",".join(sorted(each.value for each in changes))
        audit(context, call.caller, "journey-alerts.change", vehicle_id=call.id, detail=names)
    return _answer(call.rights, rules)


def _check_places(call: VehicleCall, changes: dict[RuleName, dict[str, Any] | None]) -> None:
    """Raise :class:`ApiError` (403) if a caller changes places and may not see positions."""
    if VehicleRight.LOCATION in call.rights:
        return
    for name, field in PLACE_FIELDS.items():
        if name in changes and ((part := changes[name]) is None or field in part):
            raise ApiError(403, f"{field} needs the right location", "no_right")


def _change(
    connection: Connection, vehicle_id: str, changes: dict[RuleName, dict[str, Any] | None]
) -> dict[RuleName, Rule]:
    rules = journey_rules.list_rules(connection, vehicle_id)
    for name, part in changes.items():
        if part is None:
            rule = default_rules()[name]
        else:
            part = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in part.items()
            }
            rule = replace(rules[name], **part)
        rules[NAMES[type(rule)]] = journey_rules.set_rule(connection, vehicle_id, rule)
    return rules


def _answer(rights: VehicleRight, rules: dict[RuleName, Rule]) -> JourneyAlerts:
    facts: dict[str, Any] = {name.value: asdict(rule) for name, rule in rules.items()}
    if VehicleRight.LOCATION not in rights:
        for name, field in PLACE_FIELDS.items():
            facts[name.value][field] = None
    return JourneyAlerts.model_validate(facts)
