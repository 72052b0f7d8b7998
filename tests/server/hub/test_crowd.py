from __future__ import annotations

import pytest

from ovms.protocol import Role
from ovms.server.hub.crowd import CrowdedOut
from ovms.server.hub.limits import HubLimits
from tests.server.hub.fakes import Place

HERE, THERE = "192.0.2.1", "192.0.2.2"

THREE = HubLimits(apps=3, batch=3)


@pytest.mark.parametrize("role", [Role.APP, Role.BATCH])
def test_the_one_heard_longest_ago_gives_way(role: Role) -> None:
    """A newcomer finds a place, and who was silent for the longest time is told why it has none."""
    place = Place(limits=THREE)
    clients = []
    for _ in range(3):
        clients.append(place.joins(role))
        place.passes(1)
    clients[0].says("A")
    newcomer = place.joins(role)
    assert [client.line.is_closed for client in clients] == [False, True, False]
    assert isinstance(clients[1].line.error, CrowdedOut)
    assert place.room.clients == (clients[0].member, clients[2].member, newcomer.member)
    clients[1].leaves()  # its connection ends later
    assert len(place.room.clients) == 3


def test_apps_and_scripts_are_counted_by_themselves() -> None:
    """No number of batch clients closes an app."""
    place = Place(limits=THREE)
    app = place.joins(Role.APP)
    for _ in range(10):
        place.joins(Role.BATCH)
    assert not app.line.is_closed
    assert (place.room.apps, len(place.room.clients)) == (1, 4)


def test_a_crowd_pushes_out_its_own() -> None:
    """One machine that calls again and again closes nobody else's app, silent as it is."""
    place = Place(limits=THREE)
    mine = place.joins(Role.APP, HERE)
    place.passes(1)
    others = [place.joins(Role.APP, THERE) for _ in range(10)]
    assert not mine.line.is_closed
    assert [other.line.is_closed for other in others] == [True] * 8 + [False] * 2


def test_a_newcomer_counts_in_its_own_crowd() -> None:
    """Of two places with as many clients, the one that the newcomer comes from gives way."""
    place = Place(limits=HubLimits(apps=2))
    mine, theirs = place.joins(Role.APP, HERE), place.joins(Role.APP, THERE)
    place.joins(Role.APP, THERE)
    assert (mine.line.is_closed, theirs.line.is_closed) == (False, True)


def test_who_gives_way_leaves_in_order() -> None:
    """The car is told how many apps watch, and the one that went watches no group."""
    place = Place(limits=HubLimits(apps=1))
    car, first = place.car(), place.app()
    first.says("Gfriends")
    car.hears()
    place.joins(Role.APP)
    assert car.hears()[-1] == "Z1"
    car.says("gfriends,80")
    assert first.hears() == []
