"""The trip log: a record ``*-LOG-Trip`` for the history when the car is switched off.

The columns are those of modules on the road, in their order, always metric:

1 GPS lock (0 or 1), 2 latitude, 3 longitude, 4 altitude (m), 5 name of the place (empty),
6 odometer (km), 7 trip as the car's meter has it, or how far it went if there is none (km),
8 seconds that the car was on, 9 drive mode, 10 state of charge (%),
11 estimated range (km), 12 ideal range (km), 13 range of a full battery (km),
14 energy used and 15 recovered on the trip (kWh), 16 and 17 the same in Ah, 18 state of health (%),
19 health in words (empty), 20 capacity (Ah), 21 to 24 like 14 to 17 over the car's life,
25 outside, 26 cabin, 27 battery, 28 inverter, 29 motor and 30 charger temperature (°C),
31 least and 32 highest tyre temperature (°C), 33 least and 34 highest tyre pressure (kPa),
35 and 36 least and highest tyre health (%).

What is unknown is empty. The record's number is the version of this format, and always the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from ovms.car.columns import LIFETIME, NO_WORD, numbers, place
from ovms.car.state import CarState
from ovms.protocol.records.history import HistoryRecord
from ovms.protocol.records.logs import TRIP_TYPE

TYPE = TRIP_TYPE
VERSION = 1
LEAST_TRIP = 0.2
"""km below which switching on and off is no trip."""


class _Trip:
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

    def distance(self, state: CarState) -> float:
        """Return the km of the trip, by the counter that has seen more of it; 0 without any."""
        counters = ((state.odometer, self._odometer), (state.trip, self._meter))
        return max((now - then for now, then in counters if now is not None and then is not None),
                   default=0.0)  # fmt: skip


class TripLog:
    """Watches whether a car is on or off. ``now`` is the car's time."""

    def __init__(self) -> None:
        self._trip: _Trip | None = None
        """``None`` while it is off."""

    def look(self, state: CarState, now: float) -> HistoryRecord | None:
        """Return the record of the trip that has ended since the last call, if one has."""
        if state.is_on:
            self._trip = self._trip or _Trip(now)
            self._trip.look(state)
            return None
        if self._trip is None or state.is_on is None:
            return None
        trip, self._trip = self._trip, None
        distance = round(trip.distance(state), 3)
        if distance < LEAST_TRIP:
            return None
        data = ",".join(_columns(state, distance, now - trip.began))
        return HistoryRecord(TYPE, VERSION, LIFETIME, data.encode())


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
