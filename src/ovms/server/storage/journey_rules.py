"""What owners want to be told of journeys, and what they were told: the queries.

Each takes a connection inside a transaction.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import insert, select, update

from ovms.server.journeys.rules import (
    NAMES,
    ChargeMissedRule,
    PlacesRule,
    Rule,
    RuleName,
    check_rule,
    decode_rule,
    default_rules,
    encode_rule,
)
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.schema import journey_rules, places, vehicles

if TYPE_CHECKING:
    from sqlalchemy import Connection


def list_rules(connection: Connection, vehicle_id: str) -> dict[RuleName, Rule]:
    """Return all rules of a vehicle: those that nobody set have their defaults."""
    r = journey_rules.c
    query = select(r.rule, r.data).where(r.vehicle_id == vehicle_id)
    rules = default_rules()
    for name, data in connection.execute(query):
        found = read_rule(name, data)
        if found is not None:
            rules[NAMES[type(found)]] = found
    return rules


def read_rule(name: str, data: str) -> Rule | None:
    """Return a rule of its row; ``None`` for one that another version of this program wrote."""
    try:
        return decode_rule(RuleName(name), data)
    except (ValueError, msgspec.MsgspecError):
        return None


def set_rule(connection: Connection, vehicle_id: str, rule: Rule) -> Rule:
    """Set a rule of a vehicle, and return it as it counts now.

    What was told by it before is forgotten. Raises :class:`InvalidValue` for settings that make no
    sense, and for places that its owner does not have.
    """
    try:
        check_rule(rule)
    except ValueError as error:
        raise InvalidValue(str(error)) from None
    if isinstance(rule, PlacesRule) and rule.places is not None:
        rule = replace(rule, places=tuple(sorted(set(rule.places))))
        _check_places(connection, vehicle_id, rule.places or ())
    if isinstance(rule, ChargeMissedRule) and rule.place is not None:
        _check_places(connection, vehicle_id, (rule.place,))
    name, r = NAMES[type(rule)].value, journey_rules.c
    is_it = (r.vehicle_id == vehicle_id, r.rule == name)
    values = {"data": encode_rule(rule), "state": "{}"}
    if not connection.execute(update(journey_rules).where(*is_it).values(values)).rowcount:
        row = {"vehicle_id": vehicle_id, "rule": name, **values}
        connection.execute(insert(journey_rules).values(row))
    return rule


def _check_places(connection: Connection, vehicle_id: str, ids: tuple[int, ...]) -> None:
    """Raise :class:`InvalidValue` for places that are not of the vehicle's owner."""
    p, v = places.c, vehicles.c
    query = select(p.id).join(vehicles, v.owner_id == p.owner_id)
    query = query.where(v.id == vehicle_id, p.id.in_(ids), p.name_key.is_not(None))
    missing = set(ids) - set(connection.scalars(query))
    if missing:
        raise InvalidValue(f"there is no place {min(missing)} of the vehicle's owner")
