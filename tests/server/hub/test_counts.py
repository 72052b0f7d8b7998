from __future__ import annotations

from ovms.protocol import Role
from ovms.server.hub.commands import ANSWER_TIMEOUT, QUEUE_LIMIT
from ovms.server.hub.counts import CommandOutcome
from ovms.server.hub.pacing import LONGEST_COMMAND
from tests.server.hub.fakes import Place


def outcomes(place: Place) -> dict[str, int]:
    """Return what became of the commands."""
    counted = place.context.counts.commands
    return {outcome.value: count for outcome, count in counted.items() if count}


def test_an_answer_and_its_time() -> None:
    """A command counts once, with the time from its sending to the first row of its answer."""
    place = Place()
    car, app = place.car(), place.app()
    app.says("C1")
    place.passes(0.2)
    car.says("c1,0,1,2,3,a")
    place.passes(3)
    car.says("c1,0,2,2,3,b")
    assert app.hears() == ["c1,0,1,2,3,a", "c1,0,2,2,3,b"]
    assert outcomes(place) == {"answered": 1}
    trips = place.context.counts.round_trips
    assert (trips.count, round(trips.sum, 6)) == (1, 0.2)


def test_no_answer() -> None:
    """What is not answered in time counts as that, and an answer that comes later as nothing."""
    place = Place()
    car, app = place.car(), place.app()
    app.says("C5")
    place.passes(ANSWER_TIMEOUT + 1)
    car.says("c5,0", "a")
    assert outcomes(place) == {"no_answer": 1}
    assert place.context.counts.round_trips.count == 0


def test_a_car_that_is_away_or_leaves() -> None:
    """Nobody is there to be asked, or any longer."""
    place = Place()
    app = place.app()
    app.says("C5")
    car = place.car()
    app.says("C5")
    car.leaves()
    assert outcomes(place) == {"not_connected": 2}


def test_what_is_not_sent() -> None:
    """Too many, too long, without its text: each counts as what it is."""
    place = Place()
    place.car()
    app = place.app()
    app.says("C7", *["C5"] * QUEUE_LIMIT, "C5", "C5")
    assert outcomes(place) == {"refused": 1, "too_many": 1}
    place = Place()
    place.car()
    place.app().says("C7," + "x" * LONGEST_COMMAND)
    assert outcomes(place) == {"too_long": 1}


def test_an_asker_that_leaves() -> None:
    """What it had asked and was not sent yet is withdrawn; what was sent may be answered."""
    place = Place()
    car, app, other = place.car(), place.app(), place.app()
    other.says("C5")
    app.says("C6")
    app.leaves()
    other.leaves()
    car.says("c5,0")
    assert outcomes(place) == {"withdrawn": 1, "answered": 1}


async def test_the_servers_own_commands() -> None:
    """Those that the server answers count by themselves."""
    place = Place()
    place.app(Role.BATCH).says("C30")
    await place.settle()
    assert outcomes(place) == {"by_server": 1}


def test_the_time_of_an_acknowledgement() -> None:
    """It counts from the coming of the record to the sending, when its car can take it."""
    place = Place()
    car = place.car()
    car.says("h7,0,*-T,1,60,d")
    place.passes(0.25)
    place.storage.save()
    assert car.hears() == ["h7"]
    acknowledged = place.context.counts.acknowledgements
    assert (acknowledged.count, round(acknowledged.sum, 6)) == (1, 0.25)


def test_all_outcomes_have_names_of_their_own() -> None:
    """No two outcomes are shown as the same."""
    assert len({each.value for each in CommandOutcome}) == len(CommandOutcome)
