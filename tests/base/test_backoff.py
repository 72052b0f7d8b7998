"""Back-off: longer waits, spread out."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.base.backoff import Backoff


def seeded(seed: int) -> Random:
    """Return repeatable random numbers."""
    return Random(seed)  # noqa: S311 - they spread waits and guard nothing


@given(st.integers(), st.integers(1, 40))
def test_wait_is_between_half_and_whole_of_a_doubling_step(seed: int, count: int) -> None:
    """Each wait is drawn from its own step, and steps double up to the most."""
    backoff = Backoff(1.0, 60.0, random=seeded(seed))
    for number in range(count):
        step = min(2.0**number, 60.0)
        assert step / 2 <= backoff.next() <= step


def test_two_clients_wait_differently() -> None:
    """Clients with other random numbers come back at other times."""
    assert Backoff(random=seeded(1)).next() != Backoff(random=seeded(2)).next()


def test_reset_starts_over() -> None:
    """After a success the next wait is a first one."""
    backoff = Backoff(first=2.0, most=100.0, random=seeded(1))
    for _ in range(5):
        backoff.next()
    backoff.reset()
    assert 1.0 <= backoff.next() <= 2.0


@pytest.mark.parametrize(("first", "most"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0)])
def test_senseless_bounds_are_refused(first: float, most: float) -> None:
    """A back-off that would not wait, or starts above its most, cannot be made."""
    with pytest.raises(ValueError, match="first <= most"):
        Backoff(first, most, random=seeded(1))
