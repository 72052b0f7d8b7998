from __future__ import annotations

import pytest

from ovms.base.clock import ManualClock
from ovms.protocol import Role
from ovms.server.hub.member import Car, Member
from tests.server.hub.fakes import START, FakeLine, Place, message


class Elsewhere:
    """Another server in a room, for its clients or with its car, and the line to it."""

    def __init__(self, place: Place, claim: int | None = None) -> None:
        self.room = place.room
        self.line = FakeLine()
        self.member: Member
        if claim is None:
            self.member = place.room.relays.join(self.line)
        else:
            self.member = place.room.relays.join_upstream(self.line, claim)

    def says(self, *texts: str) -> None:
        """Send messages to the room."""
        for text in texts:
            self.room.receive(self.member, message(text))

    def hears(self) -> list[str]:
        """Return what the room has sent since the last call."""
        return self.line.take()


def test_a_relay_is_told_what_is_known() -> None:
    """First that the car is here and since when, then each stored message behind its age."""
    place = Place()
    car = place.car()
    car.says("S80", "L1,2")
    place.clock.advance(7)
    relay = Elsewhere(place)
    assert relay.hears() == [f"Z1,{int(START * 1000)}", "T7", "S80", "T7", "L1,2"]


def test_a_relay_hears_what_the_car_says() -> None:
    """All but pings and answers, sealed or not; those are for whoever has asked."""
    place = Place()
    car, relay = place.car(), Elsewhere(place)
    relay.hears()
    car.says("S80", "h1,0,*-LOG-Trip,1,60,x", "A", "a", "C1", "T5", "ETtoken", "EMDx", "EMcx", "Q1")
    assert relay.hears() == [
        "S80", "h1,0,*-LOG-Trip,1,60,x", "ETtoken", "EMDx",
        "EMcx",  # nobody asked for it, so it is for everybody
        "Q1",
    ]  # fmt: skip


def test_a_relay_asks() -> None:
    """It gets the answers to its commands, and its ping is answered in its turn."""
    place = Place()
    car, relay, app = place.car(), Elsewhere(place), place.app()
    relay.hears()
    car.hears()
    relay.says("C20", "A", "Q1", "S99")
    assert car.hears() == ["C20", "Q1"]
    assert relay.hears() == []
    car.says("c20,0")
    assert relay.hears() == ["c20,0", "a"]
    assert app.hears() == []


@pytest.mark.parametrize("text", ["z", "zx", "z-1", "z1234567"])
def test_apps_that_watch_elsewhere(text: str) -> None:
    """The car is told their number; nonsense does not change it, and they go with their server."""
    place = Place()
    car, relay = place.car(), Elsewhere(place)
    relay.says("z2", text)
    assert (place.room.watching, car.hears()) == (2, ["Z2"])
    place.room.leave(relay.member)
    assert (place.room.watching, car.hears()) == (0, ["Z0"])


def test_a_car_at_another_server_takes_over() -> None:
    """Commands of the one before are refused, and what is asked now goes to the other server."""
    place = Place()
    car, app = place.car(), place.app()
    app.says("C20")
    upstream = Elsewhere(place, claim=int(START * 1000) + 5)
    assert car.line.is_closed
    assert app.hears() == ["c20,1,car is not connected", "Z1"]
    app.says("C22")
    assert upstream.hears() == ["z1", "C22"]
    upstream.says("c22,0", "T30", "S80")
    assert app.hears() == ["c22,0", "S80", "T30"]
    assert place.room.relays.claim == int(START * 1000) + 5


def test_an_unproven_car_waits_for_its_proof() -> None:
    """It is asked nothing, waits beside a car at another server, and takes over with its proof."""
    place = Place()
    unproven, app = place.joins(Role.CAR), place.app()
    app.says("C20")
    Elsewhere(place, claim=1)
    assert app.hears() == ["c20,1,car is not connected", "Z1"]
    assert unproven.hears() == ["A"]
    unproven.says("a")
    assert place.room.car is unproven.member
    assert not unproven.line.is_closed
    app.says("C22")
    assert unproven.hears() == ["Z1", "C22"]


def test_a_command_that_was_refused_does_not_go_later() -> None:
    """What waited for a car that another one has replaced is not sent to it any more."""
    place = Place()
    car, app = place.car(), place.app()
    app.says(*["X" + "x" * 500] * 2, "C7," + "x" * 500)
    Elsewhere(place, claim=1)
    assert "c7,1,car is not connected" in app.hears()
    car.line.take()
    place.passes(10)
    assert not [text for text in car.hears() if text[0] == "C"]


def test_claims_grow() -> None:
    """A car that logs in when the clock stands still claims later than the one before."""
    place = Place()
    assert isinstance(place.clock, ManualClock)
    place.car()
    first = place.room.relays.claim
    place.car()
    assert (first, place.room.relays.claim) == (int(START * 1000), int(START * 1000) + 1)


def test_what_is_told_of_a_car_that_is_nowhere() -> None:
    """What only cars say is taken, with its age where it has one; anything else is not."""
    place = Place()
    app = place.app()
    relays = place.room.relays
    for text in ("S80", "C20", "EMDx", "Q1"):
        relays.take_replicated(FakeLine(), message(text))
    relays.take_stored(message("L1,2"), 90)
    relays.take_stored(message("H*-LOG-Trip,1,60,x"), 90)
    assert app.hears() == ["S80", "T0", "L1,2", "T90"]
    assert place.stored["L"].time == START - 90
    assert place.room.car is None
    assert not [each for each in place.room.members if isinstance(each, Car)]
