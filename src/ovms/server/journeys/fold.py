"""The fold: a vehicle's samples in the order of time in, its journeys out.

It may be cut anywhere: what it knows is its :class:`FoldState`, of plain values, which is bytes and
back between two calls. Nothing in it depends on the time of processing.

A *tracker* keeps one kind of journey: ``step(sample, known)`` returns those that this sample showed
to be over, ``ongoing()`` the one that goes on. :mod:`.known` has what is known with that sample.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from ovms.server.journeys.charges import ChargeTracker
from ovms.server.journeys.cleaning import Cleaner
from ovms.server.journeys.known import Known
from ovms.server.journeys.parking import ParkingTracker
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.trips import TripTracker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ovms.server.journeys.values import Journey

FOLD_VERSION: Final = 1
"""Of the rules: a state of another version is refused, and what it told is folded again."""

EARLIEST: Final = 1_262_304_000
"""2010, before the first module. A clock that was never set is earlier."""

LEAP: Final = 2 * 86400
"""Seconds; a sample that comes later needs a second one soon: a lone one is a wrong clock."""

SUMMARY_LEAP: Final = 400 * 86400
"""The same of a car that sends only records of its trips: each of them may be a lone one."""

LEAP_PAIR: Final = 7 * 86400
"""Seconds within which the second one comes: a car that stands may report every few days."""


class FoldVersionError(ValueError):
    """The state was made by another version of the fold."""


@dataclass(slots=True)
class FoldState:
    """What the fold knows."""

    known: Known = field(default_factory=Known)
    cleaner: Cleaner = field(default_factory=Cleaner)
    trips: TripTracker = field(default_factory=TripTracker)
    charges: ChargeTracker = field(default_factory=ChargeTracker)
    parking: ParkingTracker = field(default_factory=ParkingTracker)
    held: Sample | None = None
    """One that came long after all others, until a second one confirms its time."""


class Fold:
    """Makes journeys of samples."""

    def __init__(self, state: FoldState | None = None) -> None:
        """Begin, or go on where a state was taken."""
        self.state = state or FoldState()

    def feed(self, samples: Iterable[Sample]) -> list[Journey]:
        """Return the journeys that samples, later than all before, showed to be over."""
        closed: list[Journey] = []
        for sample in samples:
            if sample.time >= EARLIEST:
                self._take(sample, closed)
        return closed

    def ongoing(self) -> list[Journey]:
        """Return the journeys that go on, as last reported."""
        state = self.state
        parked = state.parking.ongoing(state.known, state.trips)
        found = (parked, state.trips.ongoing(), state.charges.ongoing())
        return [each for each in found if each is not None]

    def _take(self, sample: Sample, closed: list[Journey]) -> None:
        state = self.state
        held, last = state.held, state.known.values.time
        if held is not None:
            state.held = None
            if sample.time - held.time <= LEAP_PAIR and self._confirms(sample):
                self._step(held, closed)
                last = held.time
        if last and sample.time - last > self._leap():
            state.held = sample
            return
        self._step(sample, closed)

    def _leap(self) -> int:
        """Return the seconds after which a sample is believed once a second one has come."""
        return LEAP if self._has_reports() else SUMMARY_LEAP

    def _confirms(self, sample: Sample) -> bool:
        """Return whether a sample shows that the time is right: records may all be wrong."""
        is_record = sample.is_trip_record or sample.is_grid_record
        return not (is_record and self._has_reports())

    def _has_reports(self) -> bool:
        """Return whether the car reports, not only by records, which have its own time."""
        times = self.state.known.times
        return "is_on" in times or "speed" in times

    def _step(self, sample: Sample, closed: list[Journey]) -> None:
        state = self.state
        known = state.known
        sample = state.cleaner.clean(sample)
        known.take(sample)
        trips = state.trips.step(sample, known)
        closed += state.parking.follow(sample, known, state.trips, trips)
        closed += trips
        closed += state.charges.step(sample, known)


_ENCODER: Final = msgspec.msgpack.Encoder()
_VERSIONED: Final = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw])
_STATE: Final = msgspec.msgpack.Decoder(FoldState)


def encode_state(state: FoldState) -> bytes:
    """Return a state as bytes."""
    return _ENCODER.encode((FOLD_VERSION, state))


def decode_state(data: bytes) -> FoldState:
    """Return the state that was encoded.

    Raises :class:`FoldVersionError` for one of another version.
    """
    version, state = _VERSIONED.decode(data)
    if version != FOLD_VERSION:
        raise FoldVersionError(f"state of version {version}, not {FOLD_VERSION}")
    return _STATE.decode(state)
