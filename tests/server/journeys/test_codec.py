"""Journeys as bytes: nothing is lost, and what is not a journey is refused."""

from __future__ import annotations

import msgspec
import pytest

from ovms.server.journeys.codec import decode_journey, encode_journey, kind_of, without_points
from ovms.server.journeys.values import (
    Charge,
    ChargeEnding,
    CurvePoint,
    Journey,
    JourneyEnd,
    JourneyKind,
    Parked,
    Position,
    Trip,
    TripPoint,
)

START = JourneyEnd(time=1, position=Position(latitude=-0.5, longitude=179.999999), soc=50.5)
END = JourneyEnd(time=2)
TRACK = (TripPoint(time=1, position=Position(latitude=1.0, longitude=2.0)), TripPoint(time=2))
CURVE = (CurvePoint(time=1, power=7.4), CurvePoint(time=2, soc=80.0))


@pytest.mark.parametrize(
    "journey",
    [
        Trip(start=START, end=END, closed=3, track=TRACK, estimated=("distance", "start")),
        Charge(start=START, end=END, curve=CURVE, ending=ChargeEnding.FULL, plug="type2"),
        Parked(start=START, end=END, soc_lost=0.0),
    ],
)
def test_what_was_encoded_comes_back(journey: Journey) -> None:
    """Points, enums and what is unknown included."""
    assert decode_journey(kind_of(journey), encode_journey(journey)) == journey


def test_points_can_be_left_out() -> None:
    """A list of journeys needs no tracks."""
    assert without_points(Trip(start=START, end=END, track=TRACK)) == Trip(start=START, end=END)
    assert without_points(Charge(start=START, end=END, curve=CURVE)) == Charge(start=START, end=END)
    parked = Parked(start=START, end=END)
    assert without_points(parked) is parked


def test_other_bytes_are_no_journey() -> None:
    """Damaged rows are told from journeys."""
    with pytest.raises(msgspec.MsgspecError):
        decode_journey(JourneyKind.TRIP, b"\xc1damaged")
