"""The trip log: a record ``*-LOG-Trip`` for the history when the car is switched off.

The car must stay off for a while: one that is switched on again soon goes on with its trip. The
record is written with what was read when the car was switched off.

The columns are those of :class:`~ovms.protocol.records.logs.TripRecord`, as modules on the road
write them. The trip is as the car's meter has it, or how far it went if there is none. What is
unknown is empty. The record's number is the version of this format, and always the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ovms.car.alert_limits import DEFAULTS, AlertLimits
from ovms.car.columns import LIFETIME, NO_WORD, LogEntry, numbers, place
from ovms.car.state import CarState
from ovms.protocol.records.history import HistoryRecord
from ovms.protocol.records.logs import TRIP_TYPE

TYPE = TRIP_TYPE
VERSION = 1


SHORT_STOP = 5.0
"""Seconds at the end of a recording that the car must be off for its trip to have ended."""


class _OpenTrip:
    """A trip that is under way. The car's counters may become known only after its start."""

    def __init__(self, began: float) -> None:
        self.began = began
        self._odometer: float | None = None
        self._meter: float | None = None

    def look(self, state: CarState) -> None:
        """Note where the counters start. A trip meter may go back to 0 after switching on."""
        if self._odometer is None:
            self._odometer = state.odometer
        if state.trip is not None:
            before = state.trip if self._meter is None else self._meter
            self._meter = min(state.trip, before)

    def distance(self, state: CarState, most: float) -> float:
        """Return the km of the trip, by the counter that has seen more of it; 0 without any.

        One that says more than ``most`` was read wrong.
        """
        counters = ((state.odometer, self._odometer), (state.trip, self._meter))
        seen = [now - then for now, then in counters if now is not None and then is not None]
        return max((each for each in seen if each <= most), default=0.0)


class _Stop(NamedTuple):
    """The car was switched off: when by both clocks, how far it had gone, and what it knew."""

    at: float
    real: float
    distance: float
    columns: str


class TripLog:
    """Watches whether a car is on or off."""

    def __init__(self, limits: AlertLimits = DEFAULTS) -> None:
        self._limits = limits
        self._ends = limits.trip.ends
        self._trip: _OpenTrip | None = None
        """``None`` while it is off."""
        self._stop: _Stop | None = None
        """It is off, and may be on again soon."""

    def look(self, state: CarState, now: float, real: float) -> LogEntry | None:
        """Return the record of a trip that has ended for good since the last call, if one has.

        ``now`` is the car's time, ``real`` that of the clock that never goes back.
        """
        if state.is_on:
            self._stop = None
            self._trip = self._trip or _OpenTrip(now)
            self._trip.look(state)
            return None
        if self._trip is None:
            return None
        if self._stop is None and state.is_on is not None:
            self._stop = self._stopped(self._trip, state, now, real)
        if self._stop is None or now - self._stop.at < self._ends:
            return None
        stop, self._trip, self._stop = self._stop, None, None
        if stop.distance < self._limits.trip.least:
            return None
        record = HistoryRecord(TYPE, VERSION, LIFETIME, stop.columns.encode())
        return LogEntry(record, stop.real)

    def finish(self) -> None:
        """Have a short stop end a trip: a recording is over, and nothing more comes."""
        self._ends = min(self._ends, SHORT_STOP)

    def _stopped(self, trip: _OpenTrip, state: CarState, now: float, real: float) -> _Stop:
        seconds = now - trip.began
        limits = self._limits.position
        most = limits.slack + limits.fastest * seconds / 3600
        distance = round(trip.distance(state, most), 3)
        return _Stop(now, real, distance, ",".join(_columns(state, distance, seconds)))


def _columns(state: CarState, distance: float, seconds: float) -> Iterator[str]:
    yield from place(state)
    meter = distance if state.trip is None else state.trip
    yield from numbers(state.odometer, meter, places=3)
    yield from numbers(seconds, state.drive_mode)
    yield from numbers(
        state.soc, state.estimated_range, state.ideal_range, state.ideal_range_max, places=1
    )
    yield from numbers(state.energy_used, state.energy_recovered, None, None, places=3)
    yield from numbers(state.soh)
    yield NO_WORD
    yield from numbers(state.cac, None, None, None, None, places=3)
    yield from numbers(
        state.temperature_ambient, state.temperature_cabin, state.temperature_battery,
        state.temperature_pem, state.temperature_motor, state.temperature_charger, places=1,
    )  # fmt: skip
    yield from _tyres(state)


def _tyres(state: CarState) -> Iterator[str]:
    tyres = state.tyres.values()
    for values in ([tyre.temperature for tyre in tyres], [tyre.pressure for tyre in tyres]):
        known = [value for value in values if value is not None]
        yield from numbers(min(known, default=None), max(known, default=None), places=1)
    yield from numbers(None, None)
