from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ovms.car.fleet.wheel import Wheel


class Thing:
    """Something that waits."""

    def __init__(self) -> None:
        self.due = 0


def test_each_is_due_once_and_never_early() -> None:
    """What waits is given at its tick, once; before it nothing is."""
    wheel: Wheel[Thing] = Wheel(0.1, 100.0)
    early, late = Thing(), Thing()
    wheel.set(late, 102.0)
    wheel.set(early, 101.0)
    assert wheel.turn(100.9) == []
    assert wheel.turn(101.0) == [early]
    assert wheel.turn(101.9) == []
    assert wheel.turn(110.0) == [late]
    assert wheel.turn(120.0) == []


def test_a_new_time_replaces_the_old_one() -> None:
    """A thing waits for one moment only: the last that was set, earlier or later."""
    wheel: Wheel[Thing] = Wheel(1.0, 0.0)
    thing = Thing()
    for when in (10, 20, 10, 5):
        wheel.set(thing, when)
    assert wheel.turn(5) == [thing]
    assert wheel.turn(30) == []
    wheel.set(thing, 40)
    wheel.set(thing, 50)
    assert wheel.turn(45) == []
    assert wheel.turn(50) == [thing]


def test_what_is_past_is_due_at_the_next_tick() -> None:
    """A time that is over is not lost, and a clock that stands gives nothing twice."""
    wheel: Wheel[Thing] = Wheel(1.0, 10.0)
    thing = Thing()
    wheel.set(thing, 3)
    assert wheel.turn(10) == []
    assert wheel.turn(9) == []
    assert wheel.turn(11) == [thing]


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 50)), max_size=40), st.floats(0.1, 9))
def test_nobody_is_forgotten(sets: list[tuple[int, float]], step: float) -> None:
    """However things are set and the wheel turned, each comes once, within a tick of its time."""
    wheel: Wheel[Thing] = Wheel(0.5, 0.0)
    things = [Thing() for _ in range(6)]
    wanted = {}
    for at, when in sets:
        wheel.set(things[at], when)
        wanted[at] = when
    now, found = 0.0, {}
    while now < 60:
        now += step
        for thing in wheel.turn(now):
            at = things.index(thing)
            assert at not in found
            assert wanted[at] <= now
            assert now - wanted[at] <= step + 1.0
            found[at] = now
    assert found.keys() == wanted.keys()
