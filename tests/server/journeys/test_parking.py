"""Parked time: from the end of a trip to the start of the next."""

from __future__ import annotations

from ovms.server.journeys.fold import Fold
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.values import Parked

T = 1_700_000_000


def test_before_the_first_trip_parked_begins_with_the_first_record() -> None:
    """It goes on until a trip begins."""
    fold = Fold()
    assert fold.feed([Sample(time=T, soc=80.0), Sample(time=T + 600, is_on=False)]) == []
    (parked,) = fold.ongoing()
    assert isinstance(parked, Parked)
    assert (parked.start.time, parked.start.soc) == (T, 80.0)
