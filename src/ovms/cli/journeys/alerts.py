"""``ovms journeys alerts``: what the owner of a vehicle is told of its journeys."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from ovms.cli.common import JsonOption, print_json, print_table, refuse
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.cli.journeys.places import find_owner, find_place
from ovms.cli.journeys.reader import VehicleArgument
from ovms.protocol.records.status import KM_PER_MILE
from ovms.server.journeys.rules import (
    ArrivalSocRule,
    ChargeMissedRule,
    ChargeStoppedRule,
    ParkedLossRule,
    PlacesRule,
    Rule,
    RuleName,
    ServiceRule,
)
from ovms.server.storage import queries
from ovms.server.storage.audit import note_operator
from ovms.server.storage.journey_rules import list_rules, set_rule
from ovms.server.storage.places import list_places

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.values import Owner

ON, OFF = "on", "off"
ANYWHERE: Final = "anywhere"

_DISTANCE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(km|mi)", re.ASCII)
_MONTHS: Final = re.compile(r"(\d+)\s*months?", re.ASCII)
_WINDOW: Final = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)", re.ASCII)


def alerts(
    vehicle: VehicleArgument,
    places: Annotated[
        str | None,
        typer.Option(
            metavar="on|off|NAME,NAME",
            help="Entering and leaving a place: all (on), or those that are named.",
        ),
    ] = None,
    charge_stopped: Annotated[
        str | None,
        typer.Option(metavar="on|off", help="A charge ended early, and the plug is still in."),
    ] = None,
    charge_missed: Annotated[
        str | None,
        typer.Option(
            metavar="on|off|FROM-UNTIL",
            help="No charge has begun in a window of the day, local times: 22:00-23:00.",
        ),
    ] = None,
    charge_below: Annotated[
        float | None,
        typer.Option(metavar="%", help="Of --charge-missed: only if the SOC is below."),
    ] = None,
    charge_place: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Of --charge-missed: only there; anywhere is wherever it is."
        ),
    ] = None,
    arrival_soc: Annotated[
        str | None, typer.Option(metavar="on|off|%", help="A trip ended with less SOC.")
    ] = None,
    parked_loss: Annotated[
        str | None,
        typer.Option(
            metavar="on|off|FACTOR",
            help="More lost a day while parked than usual, times FACTOR (2).",
        ),
    ] = None,
    service: Annotated[
        str | None,
        typer.Option(
            metavar="on|off", help="A service is due, as the car says or by --service-every."
        ),
    ] = None,
    service_every: Annotated[
        str | None,
        typer.Option(
            metavar="KM,MONTHS", help="20000km, 24months, or both; off for as the car says only."
        ),
    ] = None,
    service_last: Annotated[
        str | None,
        typer.Option(metavar="DATE,KM", help="The last service: 2025-05-01,41200km"),
    ] = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show what the owner is told of a vehicle's journeys, or change it.

    What is told goes where the vehicle's alerts go: see ovms notify.
    """
    with open_database(data, database, config, must_exist=True) as db, db.writing() as connection:
        known = queries.get_vehicle(connection, vehicle)
        owner = find_owner(connection, known.owner)
        rules = list_rules(connection, known.id)
        changed: list[Rule] = [
            _places(rules[RuleName.PLACES], places, connection, owner),
            _switched(rules[RuleName.CHARGE_STOPPED], charge_stopped, "--charge-stopped"),
            _missed(
                rules[RuleName.CHARGE_MISSED], charge_missed, charge_below, charge_place,
                connection, owner,
            ),
            _number(rules[RuleName.ARRIVAL_SOC], arrival_soc, "--arrival-soc", "below"),
            _number(rules[RuleName.PARKED_LOSS], parked_loss, "--parked-loss", "factor"),
            _service(rules[RuleName.SERVICE], service, service_every, service_last),
        ]  # fmt: skip
        new = [rule for rule in changed if rule not in rules.values()]
        for rule in new:
            set_rule(connection, known.id, rule)
        if new:
            detail = ", ".join(
                sorted(name.value for name, rule in rules.items() if rule not in changed)
            )
            note_operator(
                connection, time.time(), "journey-alerts.change", vehicle_id=known.id,
                detail=detail,
            )  # fmt: skip
        rules = list_rules(connection, known.id)
        names = {each.place.id: each.place.name for each in list_places(connection, owner.id)}
    if json:
        print_json({name.value: msgspec.to_builtins(rule) for name, rule in rules.items()})
        return
    print_table(
        ["alert", "", "when"],
        [
            [name.value.replace("_", "-"), ON if rule.is_on else OFF, _when(rule, names)]
            for name, rule in rules.items()
        ],
    )


# -- options -------------------------------------------------------------------------------------


def _switch(text: str | None) -> bool | None:
    """Return whether an option says on or off; ``None`` for something else."""
    return {ON: True, OFF: False}.get((text or "").strip().lower())


def _switched(rule: Rule, text: str | None, option: str) -> Rule:
    if text is None:
        return rule
    is_on = _switch(text)
    if is_on is None:
        refuse(f"{option} is on or off, not {text!r}")
    return replace(rule, is_on=is_on)


def _number(rule: Rule, text: str | None, option: str, name: str) -> Rule:
    if text is None:
        return rule
    is_on = _switch(text)
    if is_on is not None:
        return replace(rule, is_on=is_on)
    try:
        value = float(text.strip().rstrip("%"))
    except ValueError:
        refuse(f"{option} is on, off or a number, not {text!r}")
    changes: dict[str, Any] = {name: value}
    return replace(rule, is_on=True, **changes)


def _places(rule: Rule, text: str | None, connection: Connection, owner: Owner) -> Rule:
    if text is None:
        return rule
    assert isinstance(rule, PlacesRule)
    is_on = _switch(text)
    if is_on is not None:
        return replace(rule, is_on=is_on, places=None if is_on else rule.places)
    ids = [find_place(connection, owner, name).place.id for name in text.split(",")]
    return replace(rule, is_on=True, places=tuple(sorted(set(ids))))


def _missed(
    rule: Rule,
    text: str | None,
    below: float | None,
    place: str | None,
    connection: Connection,
    owner: Owner,
) -> Rule:
    assert isinstance(rule, ChargeMissedRule)
    if text is not None:
        is_on, window = _switch(text), _WINDOW.fullmatch(text.strip())
        if is_on is None and window is None:
            refuse(f"--charge-missed is on, off or a window such as 22:00-23:00, not {text!r}")
        rule = replace(rule, is_on=is_on is not False)
        if window is not None:
            rule = replace(rule, start=window[1], end=window[2])
    if below is not None:
        rule = replace(rule, below=below)
    if place is not None:
        is_anywhere = place.strip().lower() == ANYWHERE
        found = None if is_anywhere else find_place(connection, owner, place).place.id
        rule = replace(rule, place=found)
    return rule


def _service(rule: Rule, text: str | None, every: str | None, last: str | None) -> Rule:
    assert isinstance(rule, ServiceRule)
    rule = rule if text is None else replace(rule, is_on=_is_on(text, "--service"))
    if every is not None and _switch(every) is False:
        rule = replace(rule, every_km=None, every_months=None)
    elif every is not None:
        km, months = None, None
        for part in every.split(","):
            if found := _DISTANCE.fullmatch(part.strip()):
                km = _km(found)
            elif found := _MONTHS.fullmatch(part.strip()):
                months = int(found[1])
            else:
                refuse(f"--service-every: {part!r} is neither 20000km nor 24months")
        rule = replace(rule, is_on=True, every_km=km, every_months=months)
    for part in [] if last is None else last.split(","):
        if found := _DISTANCE.fullmatch(part.strip()):
            rule = replace(rule, since_odometer=_km(found))
            continue
        try:
            rule = replace(rule, since_date=date.fromisoformat(part.strip()))
        except ValueError:
            refuse(f"--service-last: {part!r} is neither 2025-05-01 nor 41200km")
    return rule


def _is_on(text: str, option: str) -> bool:
    is_on = _switch(text)
    if is_on is None:
        refuse(f"{option} is on or off, not {text!r}")
    return is_on


def _km(found: re.Match[str]) -> float:
    value = float(found[1])
    return round(value * KM_PER_MILE, 1) if found[2] == "mi" else value


# -- the table -----------------------------------------------------------------------------------


def _when(rule: Rule, names: dict[int, str]) -> str:
    """Write when a rule tells something."""
    match rule:
        case PlacesRule():
            what = [
                name
                for name, is_on in (("enters", rule.entering), ("leaves", rule.leaving))
                if is_on
            ]
            where = "any place" if rule.places is None else ", ".join(
                names.get(each, f"place {each}") for each in rule.places
            )  # fmt: skip
            return f"it {' or '.join(what) or 'never enters'} {where}"
        case ChargeStoppedRule():
            return "a charge ends early and the plug is still in"
        case ChargeMissedRule():
            where = "" if rule.place is None else f", at {names.get(rule.place, rule.place)}"
            return (
                f"no charge begins from {rule.start} until {rule.end}, "
                f"SOC below {rule.below:g} %{where}"
            )
        case ArrivalSocRule():
            return f"a trip ends with a SOC below {rule.below:g} %"
        case ParkedLossRule():
            return f"it loses {rule.factor:g} times what is usual, after {rule.days:g} days"
        case ServiceRule():
            return _service_words(rule)


def _service_words(rule: ServiceRule) -> str:
    words = ["a service is due as the car says"] if rule.by_car else []
    every = []
    if rule.every_km is not None:
        every.append(f"{rule.every_km:g} km (last at {rule.since_odometer:g} km)")
    if rule.every_months is not None:
        every.append(f"{rule.every_months} months (last on {rule.since_date})")
    if every:
        words.append(f"every {' and '.join(every)}")
    return ", or ".join(words) or "never"
