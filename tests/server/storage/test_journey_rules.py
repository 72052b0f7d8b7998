from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select, update

from ovms.server.journeys.rules import (
    ArrivalSocRule,
    ChargeMissedRule,
    PlacesRule,
    RuleName,
    default_rules,
)
from ovms.server.storage import queries
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.journey_rules import list_rules, note_states, set_rule
from ovms.server.storage.schema import journey_rules, places

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database


def make_place(connection: Connection, owner: str, name: str) -> int:
    """Make a place, and return its id."""
    found = queries.get_owner(connection, owner)
    row = {"owner_id": found.id, "name": name, "name_key": name, "latitude": 50.0,
           "longitude": 8.0, "radius": 100.0, "created": 1.0, "changed": 1.0}  # fmt: skip
    made: int = connection.execute(insert(places).values(row).returning(places.c.id)).scalar_one()
    return made


def test_set(database: Database) -> None:
    """A rule that is set counts for its vehicle, and can be changed; others have defaults."""
    with database.writing() as connection:
        assert list_rules(connection, "CAR1") == default_rules()
        rule = ArrivalSocRule(is_on=True, below=15)
        assert set_rule(connection, "CAR1", rule) == rule
        assert list_rules(connection, "CAR1") == {
            **default_rules(), RuleName.ARRIVAL_SOC: rule
        }  # fmt: skip
        assert list_rules(connection, "CAR2") == default_rules()
        set_rule(connection, "CAR1", ArrivalSocRule())
        assert list_rules(connection, "CAR1") == default_rules()


def test_what_was_told_is_forgotten(database: Database) -> None:
    """A rule that is set anew remembers nothing of before."""
    with database.writing() as connection:
        set_rule(connection, "CAR1", ArrivalSocRule(is_on=True))
        connection.execute(update(journey_rules).values(state='{"told": 5}'))
        set_rule(connection, "CAR1", ArrivalSocRule(is_on=True, below=5))
        assert connection.scalars(select(journey_rules.c.state)).all() == ["{}"]


def test_what_makes_no_sense(database: Database) -> None:
    """Settings that make no sense are refused, and nothing changes."""
    with database.writing() as connection:
        with pytest.raises(InvalidValue, match="below must be"):
            set_rule(connection, "CAR1", ArrivalSocRule(below=0))
        assert list_rules(connection, "CAR1") == default_rules()


def test_places(database: Database) -> None:
    """Rules name places that the vehicle's owner has, each once, and no others."""
    with database.writing() as connection:
        queries.add_owner(connection, "alice", 1.0)
        home, work = make_place(connection, "bob", "home"), make_place(connection, "bob", "work")
        hers = make_place(connection, "alice", "home")
        told = set_rule(connection, "CAR1", PlacesRule(is_on=True, places=(work, home, work)))
        assert told == PlacesRule(is_on=True, places=(home, work))
        assert set_rule(connection, "CAR1", PlacesRule(places=())) == PlacesRule(places=())
        set_rule(connection, "CAR1", ChargeMissedRule(place=home))
        for place in (hers, 99):
            with pytest.raises(InvalidValue, match=f"there is no place {place} of the"):
                set_rule(connection, "CAR1", PlacesRule(places=(home, place)))
            with pytest.raises(InvalidValue, match=f"there is no place {place} of the"):
                set_rule(connection, "CAR1", ChargeMissedRule(place=place))


def test_rows_of_another_version(database: Database) -> None:
    """A row that this version cannot read counts as if it were not there."""
    with database.writing() as connection:
        for name, data in (("arrival_soc", '{"below": "much"}'), ("moon", "{}")):
            row = {"vehicle_id": "CAR1", "rule": name, "data": data, "state": "{}"}
            connection.execute(insert(journey_rules).values(row))
        assert list_rules(connection, "CAR1") == default_rules()
        set_rule(connection, "CAR1", ArrivalSocRule(below=5))
        assert list_rules(connection, "CAR1")[RuleName.ARRIVAL_SOC] == ArrivalSocRule(below=5)


def test_states(database: Database) -> None:
    """What is remembered belongs to the rule that was looked at, and to no one set meanwhile."""
    with database.writing() as connection:
        rule, name = ArrivalSocRule(is_on=True), RuleName.ARRIVAL_SOC

        def noted(before: str, state: str) -> list[str]:
            note_states(connection, "CAR1", [(name, rule, before)], {name: state})
            return [*connection.scalars(select(journey_rules.c.state))]

        set_rule(connection, "CAR1", rule)
        assert noted("{}", '{"until": 5}') == ['{"until": 5}']
        assert noted("{}", '{"until": 7}') == ['{"until": 5}']
        set_rule(connection, "CAR1", ArrivalSocRule(is_on=True, below=5))
        assert noted('{"until": 5}', '{"until": 7}') == ["{}"]
        service, default = RuleName.SERVICE, default_rules()[RuleName.SERVICE]
        note_states(connection, "CAR1", [(service, default, "{}")], {service: "[]"})
        rows = connection.execute(select(journey_rules.c.rule, journey_rules.c.state)).all()
        assert sorted(map(tuple, rows)) == [("arrival_soc", "{}"), ("service", "[]")]
        assert list_rules(connection, "CAR1")[service] == default
