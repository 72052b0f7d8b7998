from __future__ import annotations

from itertools import count
from random import Random

import pytest

from ovms.protocol import Role
from ovms.server.hub.member import Car
from ovms.server.hub.waiting import WAITING_CARS_LIMIT, WaitingCars
from tests.server.hub.fakes import FakeLine, Place, message

PLACE = Place()


class Queue:
    """Cars that wait, and how many calls there were."""

    def __init__(self, seed: int = 0) -> None:
        self.waiting = WaitingCars(Random(seed))  # noqa: S311 (repeatable)
        self._tokens = count()

    def calls(self, *, is_repeated: bool = False, token: str = "") -> tuple[Car, Car | None]:
        """Let a car wait; returns it, and who was closed for it."""
        car = PLACE.room.make_car(Role.CAR, FakeLine())
        token = token or f"token {next(self._tokens)}"
        return car, self.waiting.add(car, token, is_repeated)

    def fill(self, *, is_repeated: bool) -> list[Car]:
        """Take all places that are left."""
        left = WAITING_CARS_LIMIT - len(self.waiting.cars)
        calls = [self.calls(is_repeated=is_repeated) for _ in range(left)]
        assert [loser for _, loser in calls] == [None] * left
        return [car for car, _ in calls]


def test_a_car_waits_until_it_is_removed() -> None:
    """It is found while it waits, and removed once."""
    queue = Queue()
    car, loser = queue.calls()
    assert loser is None
    found = queue.waiting.find(car)
    assert found is not None
    assert found.car is car
    assert queue.waiting.remove(car)
    assert not queue.waiting.remove(car)
    assert queue.waiting.find(car) is None


def test_what_is_held() -> None:
    """Messages are held in order, and that something was said is known even if it is not held."""
    queue = Queue()
    car, _ = queue.calls()
    waiting = queue.waiting.find(car)
    assert waiting is not None
    assert not waiting.has_spoken
    waiting.hold(message("S" + "x" * 5000))
    assert waiting.has_spoken
    waiting.hold(message("a"))
    waiting.hold(message("L1"))
    assert waiting.held == [message("a"), message("L1")]


def test_who_repeats_the_cars_token_does_not_displace_it() -> None:
    """The first of several with one token stays, however often it is repeated, among any others."""
    queue = Queue()
    car, _ = queue.calls(token="car's", is_repeated=True)
    queue.fill(is_repeated=True)
    for _ in range(500):
        assert queue.calls(token="car's", is_repeated=True)[1] is not car
        assert queue.calls(is_repeated=True)[1] is not car
    assert car in queue.waiting.cars


def test_a_token_that_many_have_gives_way_first() -> None:
    """Whoever has overheard one or two welcomes displaces nobody with another token."""
    queue = Queue()
    for number in range(100):
        queue.calls(token=f"{number % 2}", is_repeated=True)
    car, _ = queue.calls(is_repeated=True)
    for number in range(500):
        assert queue.calls(token=f"{number % 2}", is_repeated=True)[1] is not car
    assert car in queue.waiting.cars


def test_a_repeated_token_displaces_no_fresh_one() -> None:
    """Where all that wait are fresh, a caller with a repeated token is closed itself."""
    queue = Queue()
    fresh = queue.fill(is_repeated=False)
    late, loser = queue.calls(is_repeated=True)
    assert loser is late
    assert queue.waiting.cars == fresh


def test_a_fresh_token_displaces_a_repeated_one_first() -> None:
    """A fresh caller always gets a place, of a repeated one while there is any."""
    queue = Queue()
    oldest, _ = queue.calls()
    repeated = queue.fill(is_repeated=True)
    for _ in repeated:
        car, loser = queue.calls()
        assert loser in repeated
        assert car in queue.waiting.cars
    car, loser = queue.calls()
    assert loser is oldest
    assert queue.waiting.cars[-1] is car


def test_a_fresh_car_waits_out_any_flood() -> None:
    """However many repeated welcomes come before and after it, it keeps its place."""
    queue = Queue()
    for _ in range(500):
        queue.calls(is_repeated=True)
    car, _ = queue.calls()
    for _ in range(500):
        assert queue.calls(is_repeated=True)[1] is not car
    assert car in queue.waiting.cars


@pytest.mark.parametrize("tokens", [1, 5, 40, 1000])
@pytest.mark.parametrize("is_known", [False, True], ids=["another token", "one of theirs"])
def test_a_repeated_car_has_a_fair_chance(tokens: int, is_known: bool) -> None:
    """Beside 46 repeated welcomes a second, a PIC that needs 300 ms gets in at every third try."""
    queue, tries, got_in = Queue(seed=1), 1000, 0
    flood = (f"overheard {number % tokens}" for number in count())
    for number in range(tries):
        token = f"overheard {number % tokens}" if is_known else "the car's"
        car, _ = queue.calls(token=token, is_repeated=True)
        for _ in range(round(46 * 0.3)):
            queue.calls(token=next(flood), is_repeated=True)
        got_in += queue.waiting.remove(car)
        for _ in range(46):
            queue.calls(token=next(flood), is_repeated=True)
    assert got_in > tries / 3
