from __future__ import annotations

import pytest

from ovms.protocol import Role
from ovms.protocol.commands import Answer, Result
from ovms.protocol.records.alert import AlertKind
from ovms.server.hub import pins as module
from ovms.server.hub.commands import ANSWER_PAUSE
from ovms.server.hub.pins import (
    CALM,
    FIRST_LOCK,
    LOCKED,
    LONGEST_LOCK,
    PIN_COMMANDS,
    WRONG_LIMIT,
    WRONG_WINDOW,
    PinLimiter,
    locked_for,
)
from tests.server.hub.fakes import Peer, Place
from tests.server.peers.servers import Net


def _wrong(pins: PinLimiter, now: float, number: int = 22, vehicle: str = "CAR1") -> float:
    return pins.take_answer(vehicle, Answer(number, Result.FAILED), now)


def _right(pins: PinLimiter, now: float, number: int = 22) -> None:
    assert pins.take_answer("CAR1", Answer(number, Result.OK), now) == 0


def _locked(pins: PinLimiter, now: float, number: int | None = 22) -> bool:
    return pins.refusal("CAR1", number, now) != ""


def _lock(pins: PinLimiter, now: float) -> float:
    """Try wrong PINs until there is a lock-out; returns its seconds."""
    for _ in range(WRONG_LIMIT):
        seconds = _wrong(pins, now)
        if seconds:
            return seconds
    raise AssertionError("no lock-out")


@pytest.mark.parametrize("number", sorted(PIN_COMMANDS))
def test_at_the_bound(number: int) -> None:
    """One wrong PIN less locks nothing; the last one locks all four commands and no other."""
    pins = PinLimiter()
    for n in range(WRONG_LIMIT - 1):
        assert _wrong(pins, float(n), number) == 0
    assert not _locked(pins, 4.0)
    assert _wrong(pins, 4.0, number) == FIRST_LOCK
    assert all(_locked(pins, 4.0, each) for each in PIN_COMMANDS)
    assert not any(_locked(pins, 4.0, each) for each in (None, 7, 11, 24, 26))
    assert pins.refusal("CAR2", number, 4.0) == ""
    assert pins.refusal("CAR1", number, 4.0) == f"{LOCKED}; the next in 10 min"
    assert _locked(pins, 4.0 + FIRST_LOCK - 1)
    assert not _locked(pins, 4.0 + FIRST_LOCK)


def test_within_an_hour() -> None:
    """Wrong PINs of an hour count together, and at its end not any more."""
    pins = PinLimiter()
    for n in range(100):
        assert _wrong(pins, n * WRONG_WINDOW / (WRONG_LIMIT - 1)) == 0
    assert _wrong(pins, 99 * WRONG_WINDOW / (WRONG_LIMIT - 1) + 1) > 0


def test_the_time_grows() -> None:
    """Each further lock-out is twice as long, up to a bound; a long calm forgets them."""
    pins, now, locks = PinLimiter(), 0.0, []
    for _ in range(20):
        locks.append(_lock(pins, now))
        now += locks[-1]
    assert locks[:3] == [FIRST_LOCK, 2 * FIRST_LOCK, 4 * FIRST_LOCK]
    assert locks[-1] == LONGEST_LOCK
    assert _lock(pins, now + CALM) == FIRST_LOCK


def test_other_results_are_no_wrong_pins() -> None:
    """A car that does not support a command, and other commands, say nothing about a PIN."""
    pins = PinLimiter()
    for _ in range(100):
        for result in (Result.UNSUPPORTED, Result.UNIMPLEMENTED):
            assert pins.take_answer("CAR1", Answer(22, result), 0.0) == 0
        assert pins.take_answer("CAR1", Answer(11, Result.FAILED), 0.0) == 0
    assert len(pins) == 0


def test_the_right_one_resets_all() -> None:
    """After the wait it works, wrong ones are forgotten, and the next lock-out is short again."""
    pins = PinLimiter()
    now = _lock(pins, 0.0)
    _right(pins, now)
    assert len(pins) == 0
    for _ in range(WRONG_LIMIT - 1):
        assert _wrong(pins, now) == 0
    assert _wrong(pins, now) == FIRST_LOCK


def test_a_success_of_another_command_proves_no_pin() -> None:
    """A locked car says ok to locking it with any PIN: that must not reset wrong unlockings."""
    pins = PinLimiter()
    for _ in range(WRONG_LIMIT - 1):
        assert _wrong(pins, 0.0, 22) == 0
        _right(pins, 0.0, 20)
    assert _wrong(pins, 0.0, 22) == FIRST_LOCK
    _right(pins, FIRST_LOCK, 20)
    assert _wrong(pins, FIRST_LOCK, 22) == 2 * FIRST_LOCK


def test_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the bound the vehicle whose last wrong PIN is the oldest is forgotten."""
    monkeypatch.setattr(module, "VEHICLES_LIMIT", 3)
    pins = PinLimiter()
    for vehicle in ("A", "B", "C", "A", "D"):
        _wrong(pins, 0.0, vehicle=vehicle)
    assert len(pins) == 3
    for _ in range(WRONG_LIMIT - 2):
        locked = [_wrong(pins, 0.0, vehicle=vehicle) for vehicle in ("A", "B")]
    assert locked == [FIRST_LOCK, 0.0]


# -- in a room ------------------------------------------------------------------------------


def _try(car: Peer, client: Peer, pin: int, result: str = "1") -> list[str]:
    """Ask for one unlocking; the car answers what it is asked."""
    client.says(f"C22,{pin}")
    for text in car.hears():
        if text.startswith("C22"):
            car.says(f"c22,{result}")
    return client.hears()


def test_a_vehicle_takes_no_further_pin() -> None:
    """Whoever asks is refused, the owner is alerted once, and other commands go on."""
    place = Place()
    car, clients = place.car(), [place.app(), place.app(Role.BATCH)]
    for n in range(WRONG_LIMIT):
        _try(car, clients[n % 2], n)
    (alert,) = place.alerts.raised
    assert alert.kind == AlertKind.ALERT.value
    assert "10 minutes" in alert.text
    for client in (*clients, place.app()):
        client.hears()
        assert _try(car, client, 9) == [f"c22,1,{LOCKED}; the next in 10 min"]
        client.says("C11")
        assert car.hears()[-1:] == ["C11"]
        car.says("c11,0")
    place.passes(FIRST_LOCK)
    car.hears()
    assert _try(car, clients[0], 1234, "0")[-1:] == ["c22,0"]
    assert len(place.alerts.raised) == 1
    for _ in range(WRONG_LIMIT - 1):
        _try(car, clients[0], 1)
    assert _try(car, clients[0], 1234, "0") == ["c22,0"]


def test_what_waits_when_the_lock_out_begins() -> None:
    """Guesses of many clients that wait for their turn are refused as well, and never sent."""
    place = Place()
    car, clients = place.car(), [place.app() for _ in range(WRONG_LIMIT + 3)]
    car.hears()
    for client in clients:
        client.says("C22,1")
    for _ in range(WRONG_LIMIT):
        assert [text for text in car.hears() if text.startswith("C")] == ["C22,1"]
        car.says("c22,1")
    assert [text for text in car.hears() if text.startswith("C")] == []
    for client in clients[WRONG_LIMIT:]:
        assert [text for text in client.hears() if text.startswith("c")] == [
            f"c22,1,{LOCKED}; the next in 10 min"
        ]


def test_leaving_hides_no_guess() -> None:
    """A wrong PIN counts whether its client waits for the answer or not."""
    place = Place()
    car = place.car()
    for _ in range(WRONG_LIMIT):
        client = place.app()
        client.says("C22,1")
        client.leaves()
        car.says("c22,1")
    assert len(place.alerts.raised) == 1


def test_late_answers_count() -> None:
    """So does one whose command others have passed."""
    place = Place()
    car, client, other = place.car(), place.app(), place.app()
    for _ in range(WRONG_LIMIT):
        client.says("C22,1")
        other.says("C11")
        place.passes(ANSWER_PAUSE + 1)
        car.says("a", "c11,0", "c22,1")
    assert len(place.alerts.raised) == 1


def test_what_nobody_asked_for() -> None:
    """Answers to no command lock nobody out."""
    place = Place()
    car = place.car()
    for _ in range(2 * WRONG_LIMIT):
        car.says("c22,1")
    assert place.alerts.raised == []
    assert _try(car, place.app(), 1234, "0") == ["c22,0"]


def test_all_leave_in_between() -> None:
    """Wrong PINs are remembered although car and client leave after each."""
    place = Place()
    for _ in range(WRONG_LIMIT):
        car, client = place.car(), place.app()
        _try(car, client, 1)
        car.leaves()
        client.leaves()
    assert len(place.alerts.raised) == 1


async def test_guesses_at_another_server() -> None:
    """They count where the car is, with those of the clients there; one alert is raised."""
    net = Net()
    one, two = net.server(), net.server()
    await net.join(one, two)
    car, near, far = await one.car(), await one.app(), await two.app()
    for n in range(WRONG_LIMIT):
        await (near, far)[n % 2].says("C22,1")
        await car.says("c22,1")
    far.hears()
    await far.says("C22,1234")
    assert far.hears() == [f"c22,1,{LOCKED}; the next in 10 min"]
    assert len(one.alerts.raised) + len(two.alerts.raised) == 1


def test_the_text_of_a_refusal_tells_how_long() -> None:
    """So does that of another server; no other text does."""
    assert locked_for(f"{LOCKED}; the next in 10 min") == 600
    assert locked_for(f"{LOCKED}; the next in 123456 min") is None
    assert locked_for("wrong PIN") is None
