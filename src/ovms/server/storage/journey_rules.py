"""What owners want to be told of journeys, and what they were told: the queries.

Each takes a connection inside a transaction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import insert, or_, select, update

from ovms.protocol.messages import LatestMessage
from ovms.server.journeys.codec import decode_journey
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
from ovms.server.journeys.values import JourneyKind
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.schema import (
    journey_rules,
    journeys,
    messages,
    places,
    raw_journeys,
    vehicles,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from ovms.server.journeys.values import Journey

LIVE_CODES = ("D", "F", "L", "S")
"""The codes of the messages that a vehicle's live state is made of."""


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


# -- watching -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedVehicle:
    """A vehicle whose journeys are watched: its rules that are on, and its latest messages."""

    id: str
    owner_id: int
    rules: tuple[tuple[RuleName, Rule, str], ...]
    """Each with its state."""
    messages: dict[str, LatestMessage] = field(repr=False)
    """By their codes; sealed ones are left out."""


def watched_vehicles(
    connection: Connection, after: str, limit: int, *, of_all: bool
) -> tuple[list[WatchedVehicle], str | None]:
    """Return vehicles behind an id of which something may be to tell, and the last id looked at.

    That is ``None`` behind the last one. Without ``of_all`` those whose owners set a rule.
    """
    v, r = vehicles.c, journey_rules.c
    query = select(v.id, v.owner_id).where(v.id > after, v.type == "car")
    query = query.where(v.deleted.is_(None), v.journeys.is_(True), v.owner_id.is_not(None))
    if not of_all:
        query = query.where(v.id.in_(select(r.vehicle_id)))
    query = query.order_by(v.id).limit(limit)
    owners_of = {row.id: row.owner_id for row in connection.execute(query)}
    rules: dict[str, dict[RuleName, tuple[Rule, str]]] = {
        id_: {name: (rule, "{}") for name, rule in default_rules().items()} for id_ in owners_of
    }
    for row in connection.execute(select(journey_rules).where(r.vehicle_id.in_(owners_of))):
        rule = read_rule(row.rule, row.data)
        if rule is not None:
            rules[row.vehicle_id][NAMES[type(rule)]] = (rule, row.state)
    latest = _latest(connection, owners_of)
    found = [
        WatchedVehicle(
            id=id_,
            owner_id=owner_id,
            rules=tuple((name, *each) for name, each in rules[id_].items() if each[0].is_on),
            messages=latest[id_],
        )
        for id_, owner_id in owners_of.items()
        if id_ in latest
    ]
    last = max(owners_of) if len(owners_of) == limit else None
    return [each for each in found if each.rules], last


def _latest(
    connection: Connection, ids: Iterable[str]
) -> defaultdict[str, dict[str, LatestMessage]]:
    m = messages.c
    query = select(messages).where(m.vehicle_id.in_(ids), m.code.in_(LIVE_CODES), m.token == "")
    found: defaultdict[str, dict[str, LatestMessage]] = defaultdict(dict)
    for row in connection.execute(query):
        found[row.vehicle_id][row.code] = LatestMessage(row.code, row.data, row.time)
    return found


def recent_journeys(
    connection: Connection, vehicle_id: str, kinds: Iterable[JourneyKind], since: int
) -> list[Journey]:
    """Return the journeys of these kinds, as reported, that go on or were over since a time."""
    r = raw_journeys.c
    query = select(r.kind, r.data).where(
        r.vehicle_id == vehicle_id,
        or_(r.closed.is_(None), r.closed >= since),
        r.kind.in_(each.value for each in kinds),
    )
    rows = connection.execute(query.order_by(r.start))
    return [decode_journey(JourneyKind(row.kind), row.data) for row in rows]


def has_charged(connection: Connection, vehicle_id: str, start: int, end: int) -> bool:
    """Return whether a charge went on at some time of a span."""
    r = raw_journeys.c
    query = select(r.id).where(
        r.vehicle_id == vehicle_id, r.kind == JourneyKind.CHARGE.value, r.start < end, r.end > start
    )
    return connection.execute(query.limit(1)).first() is not None


def last_journeys(
    connection: Connection, vehicle_id: str, kind: JourneyKind, limit: int
) -> list[Journey]:
    """Return the last journeys of a kind that are over."""
    j = journeys.c
    query = select(j.data).where(j.vehicle_id == vehicle_id, j.kind == kind.value)
    query = query.where(j.is_open.is_(False)).order_by(j.start.desc()).limit(limit)
    return [decode_journey(kind, data) for data in connection.scalars(query)]


def note_states(
    connection: Connection,
    vehicle_id: str,
    rules: Sequence[tuple[RuleName, Rule, str]],
    states: Mapping[RuleName, str],
) -> None:
    """Store what rules remember now; a rule that was set meanwhile remembers nothing."""
    r = journey_rules.c
    for name, rule, before in rules:
        if name not in states:
            continue
        is_it = (r.vehicle_id == vehicle_id, r.rule == name.value)
        row = connection.execute(select(r.data, r.state).where(*is_it)).one_or_none()
        if row is None:
            values = {"vehicle_id": vehicle_id, "rule": name.value, "data": "{}"}
            connection.execute(insert(journey_rules).values(**values, state=states[name]))
        elif (read_rule(name.value, row.data), row.state) == (rule, before):
            connection.execute(update(journey_rules).where(*is_it).values(state=states[name]))
