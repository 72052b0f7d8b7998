from __future__ import annotations

from ovms.car.alert_limits import DEFAULTS
from ovms.car.error_watch import CODES_LIMIT, ErrorWatch
from ovms.car.state import CarError

Told = list[tuple[int, int, int]]


def told(*errors: tuple[int | None, int, int]) -> Told:
    """Return when which errors are told, of codes with their data and how long they are there."""
    watch, now, found = ErrorWatch(DEFAULTS.error), 0, Told()
    for code, data, seconds in errors:
        for _ in range(seconds):
            error = watch.look(None if code is None else CarError(code, data), now)
            if error is not None:
                found.append((now, error.code, error.data))
            now += 1
    return found


def test_one_sample_is_no_error() -> None:
    """An error that is there for two seconds is told, one that flickers is not."""
    assert told((None, 0, 5), (7, 1, 1), (None, 0, 5), (7, 1, 3)) == [(13, 7, 1)]
    assert told((8, 1, 20), (7, 1, 1), (8, 1, 20), (7, 1, 1), (8, 1, 20)) == [(2, 8, 1)]


def test_errors_in_turn() -> None:
    """A car with two errors shows each for a second, time and again: each is told once."""
    assert told(*[(7, 1, 1), (8, 1, 1)] * 50) == [(2, 7, 1), (3, 8, 1)]
    assert told(*[(7, 1, 1), (8, 1, 1), (None, 0, 1)] * 9) == []


def test_an_error_that_comes_and_goes() -> None:
    """It is told again only after it was gone for ten minutes."""
    assert told(*[(7, 1, 5), (None, 0, 60)] * 9) == [(2, 7, 1)]
    assert told((7, 1, 5), (None, 0, 600), (7, 1, 5)) == [(2, 7, 1), (607, 7, 1)]


def test_data_that_change() -> None:
    """Of data that go on changing one a minute is told."""
    found = told(*[(25, percent, 2) for percent in range(100)])
    assert [at for at, _, _ in found] == [2, 62, 122, 182]
    assert told((7, 1, 90), (7, 2, 9)) == [(2, 7, 1), (90, 7, 2)]


def test_a_restart_tells_no_error_again() -> None:
    """It goes on from what was told, with its ages."""
    before, after = ErrorWatch(DEFAULTS.error), ErrorWatch(DEFAULTS.error)
    before.look(CarError(7, 1), 0)
    assert before.look(CarError(7, 1), 2) == CarError(7, 1)
    after.resume(before.told(10), 110)
    assert [after.look(CarError(7, 1), now) for now in range(110, 120)] == 10 * [None]
    assert after.look(CarError(8, 1), 120) is None
    assert after.look(CarError(8, 1), 122) == CarError(8, 1)


def test_codes_are_bounded() -> None:
    """A bus that tells any number of codes takes no more memory; the oldest is forgotten."""
    watch = ErrorWatch(DEFAULTS.error)
    for code in range(CODES_LIMIT + 1):
        for second in (0, 2):
            watch.look(CarError(code, 0), 10 * code + second)
    assert len(watch._told) == CODES_LIMIT
    assert 0 not in watch._told
