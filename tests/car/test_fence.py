from __future__ import annotations

from ovms.car.alert_limits import DEFAULTS
from ovms.car.fence import FLICKER, RECENT, Fence, PositionWatch
from ovms.car.positions import Place, Verdict
from ovms.car.state import CarState, Topic

HERE, AWAY = (47.66, 9.17), (47.69, 9.17)


def left(fence: Fence, *looks: tuple[Place | None, bool, int], now: int = 0) -> list[int]:
    """Return when a fence is left: readings, whether it is set, and for how many seconds each."""
    found = []
    for here, is_set, seconds in looks:
        for _ in range(seconds):
            verdict = Verdict.REFUSED if here is None else Verdict.GOOD
            if fence.is_left(here, verdict, now, is_set=is_set):
                found.append(now)
            now += 1
    return found


def test_it_is_left_once() -> None:
    """Half a minute outside; again only when it was set anew."""
    fence = Fence(DEFAULTS.moved)
    assert left(fence, (HERE, True, 20), (AWAY, True, 100)) == [50]
    again = [(AWAY, False, 20), (AWAY, True, 20), (HERE, True, 40)]
    assert left(fence, *again, now=200) == [270]


def test_the_circle_is_where_the_car_was_switched_off() -> None:
    """A position of just before counts; an older one is from the way."""
    silent = round(FLICKER) + 1
    for seconds, expected in ((round(RECENT - FLICKER) - 1, [1]), (round(RECENT) + 1, [])):
        fence = Fence(DEFAULTS.moved)
        looks = [(HERE, False, 10), (None, False, seconds), (None, True, silent), (AWAY, True, 60)]
        assert len(left(fence, *looks)) == len(expected)


def test_a_wrong_first_reading() -> None:
    """If the car cannot have got from there to where it is by now, it was never there."""
    fence = Fence(DEFAULTS.moved)
    assert left(fence, (HERE, True, 20)) == []
    assert not fence.is_left(AWAY, Verdict.ELSEWHERE, 20, is_set=True)
    assert left(fence, (AWAY, True, 100), now=21) == []
    assert left(fence, (HERE, True, 31), now=121) == [151]


def test_a_place_that_it_cannot_have_got_to() -> None:
    """A car that stood is moved, however it got there: enough readings have told of it."""
    fence = Fence(DEFAULTS.moved)
    assert left(fence, (HERE, True, 60)) == []
    assert fence.is_left(AWAY, Verdict.ELSEWHERE, 60, is_set=True)
    assert left(fence, (AWAY, True, 100), now=61) == []


def test_readings_of_a_position() -> None:
    """A reading counts once, with the time that the vehicle notes, and only with a fix."""
    watch, state = PositionWatch(DEFAULTS), CarState()
    assert watch.look(state, 0) == (None, Verdict.REFUSED)
    state.latitude, state.longitude = HERE
    assert watch.look(state, 1) == (HERE, Verdict.GOOD)
    assert watch.look(state, 2) == (None, Verdict.REFUSED)
    state.updated[Topic.POSITION] = 3
    assert watch.look(state, 3) == (HERE, Verdict.GOOD)
    state.gps_lock, state.updated[Topic.POSITION] = False, 4
    assert watch.look(state, 4) == (None, Verdict.REFUSED)
    state.latitude, state.gps_lock = 0.0, True
    assert watch.look(state, 5) == ((0.0, HERE[1]), Verdict.REFUSED)
