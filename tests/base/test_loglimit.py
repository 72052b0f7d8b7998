"""How often the same is logged, and the count of what is left out."""

from __future__ import annotations

import pytest

from ovms.base import loglimit
from ovms.base.clock import ManualClock
from ovms.base.loglimit import (
    BUSIEST_LIMIT,
    DEBUG_RATES,
    FAILURE_RATES,
    KINDS_LIMIT,
    SOURCES_LIMIT,
    TELL_INTERVAL,
    USUAL_RATES,
    LogKind,
    LogLimiter,
    LogRates,
)

FLOOD = LogKind("ovms.test", "warning", "flood")
OTHER = LogKind("ovms.test", "warning", "other")


def passed(
    limiter: LogLimiter, count: int, kind: LogKind = FLOOD, source: str | None = None
) -> int:
    """Return how many of some lines pass."""
    return sum(limiter.passes(kind, source) for _ in range(count))


@pytest.mark.parametrize("rates", [USUAL_RATES, DEBUG_RATES, FAILURE_RATES])
@pytest.mark.parametrize("source", [None, "CAR1"])
def test_so_many_at_once_and_one_more_each_while(rates: LogRates, source: str | None) -> None:
    """A burst passes, then a line each refill; what was not used is not saved up beyond it."""
    clock = ManualClock()
    limiter = LogLimiter(clock.monotonic)
    rate = rates.kind if source is None else rates.source

    def pass_all() -> int:
        return sum(limiter.passes(FLOOD, source, rates) for _ in range(rate.burst + 5))

    assert pass_all() == rate.burst
    clock.advance(rate.refill * 1.01)
    assert pass_all() == 1
    clock.advance(rate.refill * rate.burst * 100)
    assert pass_all() == rate.burst


def test_a_source_leaves_out_no_line_of_another() -> None:
    """One that floods uses up its own lines, few of those of all together."""
    limiter = LogLimiter(ManualClock().monotonic)
    assert passed(limiter, 10_000, source="CAR1") == USUAL_RATES.source.burst
    assert passed(limiter, 1, source="CAR2") == 1
    assert passed(limiter, 1) == 1


def test_many_sources_share_the_rate_of_their_kind() -> None:
    """Strangers come with a new connection each, and are bounded together."""
    limiter = LogLimiter(ManualClock().monotonic)
    assert sum(passed(limiter, 1, source=f"peer {n}") for n in range(1000)) == 100
    assert passed(limiter, 1, OTHER) == 1


def test_the_same_error_does_not_hide_another() -> None:
    """Lines of one event are told apart by where the exception was raised, and by level."""
    limiter = LogLimiter(ManualClock().monotonic)
    one = LogKind("ovms.test", "error", "unexpected error", "KeyError a.py:1")
    assert passed(limiter, 1000, one) < 1000
    assert limiter.passes(one._replace(place="KeyError b.py:1"), None)
    assert limiter.passes(one._replace(level="warning"), None)


def test_the_count_is_told_after_a_while_and_once() -> None:
    """What was left out is returned when it is due, with the source of most of it."""
    clock = ManualClock()
    limiter = LogLimiter(clock.monotonic)
    burst = USUAL_RATES.source.burst
    passed(limiter, burst + 7, source="CAR1")
    passed(limiter, burst + 2, source="CAR2")
    assert limiter.collect() == []
    clock.advance(TELL_INTERVAL)
    told = limiter.collect()
    assert [(each.kind, each.count, each.busiest) for each in told] == [(FLOOD, 9, "CAR1")]
    assert limiter.collect(at_once=True) == []


def test_at_the_end_all_is_told() -> None:
    """What is not due yet is told at once when it is the last chance."""
    limiter = LogLimiter(ManualClock().monotonic)
    assert passed(limiter, 150) + sum(each.count for each in limiter.collect(at_once=True)) == 150


def test_nobody_is_the_busiest_of_many() -> None:
    """A source is named only for more than half of the lines, and few sources are counted."""
    limiter = LogLimiter(ManualClock().monotonic)
    passed(limiter, USUAL_RATES.kind.burst, source=None)
    for number in range(BUSIEST_LIMIT * 3):
        passed(limiter, 1, source=f"peer {number}")
    (told,) = limiter.collect(at_once=True)
    assert (told.count, told.busiest) == (BUSIEST_LIMIT * 3, None)
    assert len(told.sources) == BUSIEST_LIMIT


def test_its_memory_is_bounded() -> None:
    """Beyond the bounds kinds share one rate, the oldest sources go, and names are cut."""
    clock = ManualClock()
    limiter = LogLimiter(clock.monotonic)
    for number in range(SOURCES_LIMIT + 50):
        clock.advance(1)
        assert limiter.passes(FLOOD, f"{number:06d}" * 100)
    assert len(limiter._sources) == SOURCES_LIMIT
    kinds = [LogKind("ovms.test", "info", f"event {n}") for n in range(KINDS_LIMIT + 500)]
    assert sum(limiter.passes(kind, None) for kind in kinds) < KINDS_LIMIT + 200
    assert len(limiter._kinds) == KINDS_LIMIT + 1
    (told,) = limiter.collect(at_once=True)
    assert told.kind == loglimit.OTHERS
    assert max(len(str(source)) for source in limiter._sources) < 200
    assert passed(limiter, 1, FLOOD) == 1


def test_a_flood_is_known_beforehand() -> None:
    """A kind without lines is dropped and counted, with its busiest source; others are not."""
    limiter = LogLimiter(ManualClock().monotonic)
    assert not limiter.drops(FLOOD, "CAR1")
    passed(limiter, USUAL_RATES.kind.burst)
    assert [limiter.drops(FLOOD, "CAR1") for _ in range(3)] == [True] * 3
    assert not limiter.drops(OTHER, "CAR1")
    (told,) = limiter.collect(at_once=True)
    assert (told.kind, told.count, told.busiest) == (FLOOD, 3, "CAR1")
