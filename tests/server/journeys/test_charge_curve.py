"""The curve of a charge: few points, and near to all that were reported."""

from __future__ import annotations

from bisect import bisect_right

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.server.journeys.charge_curve import CURVE_ENERGY, CURVE_LIMIT, CurveKeeper, CurveRow


def row(time: int, power: float, energy: float, soc: float | None = None) -> CurveRow:
    """Return a row of a charge with one counter."""
    return CurveRow(time, soc, power, None, energy, 0.0, 0.0, 0.0, 0.0)


def kept(rows: list[CurveRow]) -> CurveKeeper:
    """Return the keeper that has taken rows in."""
    keeper = CurveKeeper()
    for each in rows:
        keeper.add(each)
    return keeper


def energy_at(rows: list[CurveRow], time: int) -> float:
    """Return the energy at a time by straight lines between rows."""
    times = [each.time for each in rows]
    at = min(max(bisect_right(times, time) - 1, 0), len(rows) - 2)
    one, two = rows[at], rows[at + 1]
    return one.metered + (two.metered - one.metered) * (time - one.time) / (two.time - one.time)


def test_a_constant_charge_is_two_points() -> None:
    """Whatever lies between is on the line."""
    assert len(kept([row(60 * at, 7.0, 7.0 * at / 60) for at in range(600)]).all()) == 2


@settings(max_examples=30)
@given(st.lists(st.floats(0, 150), min_size=3, max_size=150))
def test_no_energy_is_further_off_than_promised(powers: list[float]) -> None:
    """Prices by time of day are right to the cent."""
    rows, energy = list[CurveRow](), 0.0
    for at, power in enumerate(powers):
        energy += power / 60
        rows.append(row(60 * at, power, energy))
    keeper = kept(rows)
    thin = keeper.all()
    for each in rows:
        off = abs(energy_at(thin, each.time) - each.metered)
        assert off <= 2 * keeper.factor * CURVE_ENERGY + 1e-9


def test_a_wild_charge_is_bounded() -> None:
    """The tolerances grow until it is."""
    rows = [row(60 * at, 100.0 * (at % 2), at * 0.8, 50.0) for at in range(5000)]
    keeper = kept(rows)
    assert len(keeper.all()) <= CURVE_LIMIT
    assert keeper.factor > 1


def test_a_value_that_is_unknown_for_a_time_is_kept_apart() -> None:
    """A line does not go through what nobody knows."""
    rows = [row(60 * at, 7.0, at, None if at == 5 else 50.0) for at in range(10)]
    assert rows[5] in kept(rows).all()


def test_rows_of_one_time_are_one() -> None:
    """The first counts."""
    rows = [row(0, 7.0, 0.0), row(0, 8.0, 0.0), row(60, 7.0, 0.1), row(60, 9.0, 0.1)]
    assert [each.power for each in kept(rows).all()] == [7.0, 7.0] or len(kept(rows).all()) == 2


def test_a_keeper_goes_through_bytes() -> None:
    """It goes on as before."""
    keeper = kept([row(60 * at, 7.0 + at % 5, at * 0.1) for at in range(50)])
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(keeper), type=CurveKeeper) == keeper
    assert keeper.all()[-1].metered == pytest.approx(4.9)
