"""Parked time: from the end of a trip to the start of the next, and what was lost in it.

Losses are differences over the spans in which a car was neither charged nor preheated nor on, not
sums of steps: a state of charge that flaps loses nothing. While a trip may go on, what is lost
after it is kept apart until it is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from ovms.protocol.records.status import CHARGE_UNDER_WAY
from ovms.server.journeys.marks import Mark, journey_end
from ovms.server.journeys.meters import Mean
from ovms.server.journeys.trip_building import EARLY
from ovms.server.journeys.values import JourneyEnd, Parked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ovms.server.journeys.known import Known
    from ovms.server.journeys.samples import Sample
    from ovms.server.journeys.trips import TripTracker
    from ovms.server.journeys.values import Trip

LAG: Final = 30
"""Seconds in which a status still belongs to a change that was reported before it."""

UNSEEN_CHARGE: Final = 3.0
"""Percent by which the state of charge must rise to show a charge that nobody saw."""

PARKED_SILENCE: Final = 7200
"""Seconds of silence while parked; with more it has gaps."""

LOST_LIMIT: Final = 400 * 86400
"""Seconds of silence that end the time parked: nobody knows what was in them."""


class ParkedMode(Enum):
    """What a parked car does."""

    IDLE = "idle"
    HEATED = "heated"
    """Or cooled."""
    HEATED_CHARGED = "heated and charged"
    CHARGED = "charged"
    ON = "on"


@dataclass(slots=True)
class ParkedSpan:
    """A part of parked time in one mode."""

    mode: ParkedMode
    start: int
    soc: float | None = None
    """At its start; so the next."""
    ideal_range: float | None = None


@dataclass(slots=True)
class Losses:
    """What a parked car loses."""

    span: ParkedSpan
    previous: ParkedSpan | None = None
    """It ended with the start of the span, whose state of charge may still be reported."""
    low: ParkedSpan | None = None
    """Where the state of charge was lowest in the span."""
    time: int = 0
    """Of the last report; so the next."""
    last_soc: float | None = None
    last_range: float | None = None
    soc: float | None = None
    """Lost while idle; so the next."""
    ideal_range: float | None = None
    idle_time: int = 0
    preheat_soc: float | None = None
    preheat_time: int = 0
    ambient: Mean = field(default_factory=Mean)
    has_gaps: bool = False

    def read(self, sample: Sample, mode: ParkedMode) -> None:
        """Take in a report."""
        if sample.time - (self.time or self.span.start) > PARKED_SILENCE:
            self.has_gaps = True
        self.time = sample.time
        if mode is not self.span.mode:
            self.switch(mode, sample.time)
        if sample.temperature_ambient is not None:
            self.ambient.read(sample.temperature_ambient, sample.time)
        if sample.soc is not None:
            self._read_charge(sample.time, sample.soc, sample.ideal_range)
        if self.previous is not None and sample.time > self.span.start + LAG:
            self._settle()

    def _read_charge(self, time: int, soc: float, ideal: float | None) -> None:
        self.last_soc = soc
        ideal = self.last_range = self.last_range if ideal is None else ideal
        span, low = self.span, self.low
        if span.soc is None or (self.previous is not None and time <= span.start + LAG):
            span.soc, span.ideal_range = soc, ideal
            self._settle()
        elif span.ideal_range is None:
            span.ideal_range = ideal
        if low is None or low.soc is None or soc <= low.soc:
            self.low = ParkedSpan(span.mode, time, soc, ideal)
        elif span.mode is ParkedMode.IDLE and soc >= low.soc + UNSEEN_CHARGE:
            self._settle()
            self._add(span, low.start, low.soc, low.ideal_range)
            self.span, self.low = ParkedSpan(span.mode, time, soc, ideal), None

    def switch(self, mode: ParkedMode, time: int) -> None:
        """Begin a span in another mode."""
        self._settle()
        self.previous, self.low = self.span, None
        self.span = ParkedSpan(mode, time, self.last_soc, self.last_range)

    def until(self, end: JourneyEnd) -> Losses:
        """Return what is lost until an end."""
        losses = replace(self)
        losses._settle()
        losses._add(losses.span, end.time, end.soc, end.ideal_range)
        return losses

    def join(self, other: Losses | None, at: int) -> None:
        """Take in what was lost after the car was on from a time on."""
        self.switch(ParkedMode.ON, at)
        self._settle()
        if other is None:
            return
        self.soc = _sum(self.soc, other.soc)
        self.ideal_range = _sum(self.ideal_range, other.ideal_range)
        self.preheat_soc = _sum(self.preheat_soc, other.preheat_soc)
        self.idle_time += other.idle_time
        self.preheat_time += other.preheat_time
        self.span, self.previous, self.low = other.span, other.previous, other.low
        self.time, self.has_gaps = other.time, self.has_gaps or other.has_gaps
        self.last_soc = self.last_soc if other.last_soc is None else other.last_soc
        self.last_range = self.last_range if other.last_range is None else other.last_range

    def _settle(self) -> None:
        """Count the previous span, whose end is known now."""
        if self.previous is not None:
            self._add(self.previous, self.span.start, self.span.soc, self.span.ideal_range)
            self.previous = None

    def _add(self, span: ParkedSpan, end: int, soc: float | None, ideal: float | None) -> None:
        seconds = max(end - span.start, 0)
        lost = None if soc is None or span.soc is None else span.soc - soc
        if span.mode is ParkedMode.IDLE:
            self.idle_time += seconds
            self.soc = _sum(self.soc, lost)
            if ideal is not None and span.ideal_range is not None:
                self.ideal_range = _sum(self.ideal_range, span.ideal_range - ideal)
        elif span.mode in (ParkedMode.HEATED, ParkedMode.HEATED_CHARGED):
            self.preheat_time += seconds
            if span.mode is ParkedMode.HEATED:
                self.preheat_soc = _sum(self.preheat_soc, lost)


def _sum(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else one + other


def _lost(value: float | None) -> float | None:
    """Return a loss; a rise is none: a battery that cools or a value that flaps."""
    return None if value is None else max(value, 0.0)


@dataclass(slots=True)
class ParkingTracker:
    """Follows a car from one time parked to the next. Its fields are its state."""

    mode: ParkedMode = ParkedMode.IDLE
    start: JourneyEnd | None = None
    """The end of the last trip; before the first, the first report."""
    first: Mark | None = None
    """As first reported, before the first trip."""
    losses: Losses | None = None
    after: Losses | None = None
    """Of the time after a trip that has ended just now."""
    trip_start: int = 0
    """Of the trip that may go on."""
    is_over: bool = False
    """It was told to be over while the trip after it goes on."""
    is_start_estimated: bool = False
    has_gaps: bool = False

    def follow(
        self, sample: Sample, known: Known, tracker: TripTracker, trips: Iterable[Trip]
    ) -> list[Parked]:
        """Return the times parked that a sample, or the trips that it closed, showed to be over."""
        closed: list[Parked] = []
        for trip in trips:
            self._end_with(trip, sample.time, closed)
        if (
            sample.is_on is not None
            or sample.charge_state is not None
            or sample.is_charging is not None
        ):
            self.mode = _mode(known)
        mode = self.mode
        trip_now = tracker.trip
        if trip_now is None:
            self._stay(sample, mode, closed)
            return closed
        self.trip_start = trip_now.start.time
        if trip_now.end is None:
            self.after = None
            if trip_now.is_start_final and not self.is_over and trip_now.has_moved:
                start = trip_now.trip_start()
                self._close(start, sample.time, closed)
                self.start, self.is_over, self.is_start_estimated = start, True, False
        else:
            if self.after is None:
                mark = trip_now.after
                span = ParkedSpan(mode, trip_now.end, mark.soc, mark.ideal_range)
                self.after = Losses(span, last_soc=mark.soc, last_range=mark.ideal_range)
            self.after.read(sample, mode)
        return closed

    def ongoing(self, known: Known, tracker: TripTracker) -> Parked | None:
        """Return the time parked that goes on, or whose end is not sure yet."""
        trip = tracker.trip
        if self.start is None or self.losses is None or self.is_over:
            return None
        if trip is None or not trip.has_moved:
            return self._parked(
                self.start,
                self.losses,
                journey_end(known.values.time, known),
                None,
                is_estimated=False,
            )
        if trip.start.time <= self.start.time:
            return None
        return self._parked(
            self.start, self.losses, trip.trip_start(), None, is_estimated=trip.is_start_estimated
        )

    def _stay(self, sample: Sample, mode: ParkedMode, closed: list[Parked]) -> None:
        """Take in a report of a car that is parked."""
        if self.trip_start:
            self._go_on_parked()
        losses = self.losses
        if losses is not None and losses.time and sample.time - losses.time > LOST_LIMIT:
            last = JourneyEnd(time=losses.time, soc=losses.last_soc, ideal_range=losses.last_range)
            self._close(last, sample.time, closed)
            self.start = self.first = self.losses = losses = None
        if losses is None:
            losses = self.losses = Losses(ParkedSpan(mode, sample.time))
        if self.start is None or (self.first and sample.time <= self.first.time + EARLY):
            self.first = self.first or Mark(time=sample.time)
            self.first.fill(sample)
            self.start = self.first.at(self.first.time, self.first.odometer)
        losses.read(sample, mode)

    def _go_on_parked(self) -> None:
        """Go on after the car was on and went nowhere."""
        if self.is_over or self.losses is None:
            self.losses, self.is_over = self.after, False
        else:
            self.losses.join(self.after, self.trip_start)
        self.after, self.trip_start = None, 0

    def _end_with(self, trip: Trip, time: int, closed: list[Parked]) -> None:
        """End it with the start of a trip, and begin another with its end."""
        if not self.is_over:
            is_estimated = "start" in trip.estimated
            self._close(trip.start, time, closed, is_estimated=is_estimated)
        end, losses = trip.end, self.after
        if losses is None:
            losses = Losses(ParkedSpan(ParkedMode.IDLE, end.time))
        if losses.span.soc is None:
            losses.span.soc, losses.span.ideal_range = end.soc, end.ideal_range
        if losses.last_soc is None:
            losses.last_soc, losses.last_range = end.soc, end.ideal_range
        self.start, self.first, self.losses = end, None, losses
        self.is_start_estimated = "end" in trip.estimated
        self.after, self.trip_start, self.is_over = None, 0, False

    def _close(
        self, end: JourneyEnd, time: int, closed: list[Parked], *, is_estimated: bool = False
    ) -> None:
        start, losses = self.start, self.losses
        if start is not None and losses is not None and end.time > start.time:
            closed.append(self._parked(start, losses, end, time, is_estimated=is_estimated))

    def _parked(
        self,
        start: JourneyEnd,
        losses: Losses,
        end: JourneyEnd,
        closed: int | None,
        *,
        is_estimated: bool,
    ) -> Parked:
        losses = losses.until(end)
        estimated = {"start": self.is_start_estimated, "end": is_estimated}
        return Parked(
            start=start,
            end=end,
            closed=closed,
            has_gaps=losses.has_gaps,
            estimated=tuple(sorted(name for name, is_so in estimated.items() if is_so)),
            temperature_ambient=losses.ambient.value(end.time),
            soc_lost=_lost(losses.soc),
            range_lost=_lost(losses.ideal_range),
            idle_time=losses.idle_time,
            preheat_time=losses.preheat_time,
            preheat_soc=_lost(losses.preheat_soc),
        )


def _mode(known: Known) -> ParkedMode:
    """Return what a car does, as last reported."""
    values = known.values
    is_charged = bool(values.is_charging)
    if values.charge_state is not None:
        by_state = values.charge_state in CHARGE_UNDER_WAY
        if by_state != is_charged:
            times = known.times
            is_charged = by_state == (times["charge_state"] >= times.get("is_charging", 0))
    if values.is_conditioning and not values.is_on:
        return ParkedMode.HEATED_CHARGED if is_charged else ParkedMode.HEATED
    if is_charged:
        return ParkedMode.CHARGED
    return ParkedMode.ON if values.is_on else ParkedMode.IDLE
