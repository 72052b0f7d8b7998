"""What is worth an alert: charges that end, errors, an empty 12 V battery, thieves. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ovms.car.state import CarError, CarState
from ovms.protocol.records.alert import Alert, AlertKind
from ovms.protocol.records.environment import Doors2, Doors4

CHARGING = ("charging", "topoff", "heating", "prepare")
"""Charge states in which a charge is under way."""

INTERRUPTED = 0x0C
"""The charge state, as a number, of a charge that broke off by itself."""

LOW_12V, RECOVERED_12V = 1.0, 0.5
"""V below its reference at which the 12 V battery alerts, and above which it may alert again."""

MOVED, VALET_RADIUS = 0.2, 1.5
"""km from where a car was switched off, or where its valet mode was set, before it alerts. The
position of a parked car drifts."""

KM_A_DEGREE = 111.2


class AlertWatch:
    """Watches a car for what its owner should know. The first reading of a value is no alert."""

    def __init__(self, car_type: str) -> None:
        self._car_type = car_type
        self._charge: str | None = None
        self._error: CarError | None = None
        self._is_low = False
        self._sounds: bool | None = None
        self._off = _Fence(MOVED)
        self._valet = _Fence(VALET_RADIUS)

    def look(self, state: CarState) -> list[Alert]:
        """Return the alerts that are new since the last call."""
        return [
            *self._look_at_charge(state),
            *self._look_at_error(state),
            *self._look_at_12v(state),
            *self._look_for_thieves(state),
        ]

    def _look_at_charge(self, state: CarState) -> Iterator[Alert]:
        before, self._charge = self._charge, state.charge_state
        if before not in CHARGING or self._charge in CHARGING:
            return
        at = "" if state.soc is None else f" at {state.soc:.0f} %"
        if self._charge == "done":
            yield Alert(AlertKind.INFORMATION.value, f"Charging done{at}")
        elif self._charge == "stopped":
            is_broken = state.charge_state_number == INTERRUPTED
            word = "interrupted" if is_broken else "stopped"
            yield Alert(AlertKind.ALERT.value, f"Charging {word}{at}")

    def _look_at_error(self, state: CarState) -> Iterator[Alert]:
        before, self._error = self._error, state.error
        if state.error is not None and state.error != before:
            text = f"{self._car_type},{state.error.code},{state.error.data}"
            yield Alert(AlertKind.ERROR.value, text)

    def _look_at_12v(self, state: CarState) -> Iterator[Alert]:
        if state.voltage_12v is None or state.voltage_12v_ref is None:
            return
        lacking = state.voltage_12v_ref - state.voltage_12v
        if lacking >= LOW_12V and not self._is_low:
            self._is_low = True
            yield Alert(AlertKind.ALERT.value, f"12 V battery low: {state.voltage_12v:.1f} V")
        elif lacking < RECOVERED_12V:
            self._is_low = False

    def _look_for_thieves(self, state: CarState) -> Iterator[Alert]:
        sounds = state.bit(Doors4.ALARM)
        if sounds is not None:
            before, self._sounds = self._sounds, sounds
            if self._sounds and before is False:
                yield Alert(AlertKind.ALERT.value, "The alarm sounds")
        if self._off.is_left(state, state.is_on is False):
            yield Alert(AlertKind.ALERT.value, "The car is moved while it is off")
        if self._valet.is_left(state, bool(state.bit(Doors2.VALET))):
            text = f"In valet mode the car went further than {VALET_RADIUS} km"
            yield Alert(AlertKind.ALERT.value, text)


@dataclass(slots=True)
class _Fence:
    """A circle, ``radius`` km, around where a car is when it is set."""

    radius: float
    centre: tuple[float, float] | None = None
    has_told: bool = False

    def is_left(self, state: CarState, is_set: bool) -> bool:
        """Return whether the car has left the circle: once, and only with a known position."""
        if not is_set:
            self.centre, self.has_told = None, False
        elif state.gps_lock and state.latitude is not None and state.longitude is not None:
            here = state.latitude, state.longitude
            self.centre = self.centre or here
            if not self.has_told and _distance(self.centre, here) > self.radius:
                self.has_told = True
                return True
        return False


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the distance in km. It is exact enough for a few km."""
    east = (b[1] - a[1]) * math.cos(math.radians(a[0]))
    return KM_A_DEGREE * math.hypot(b[0] - a[0], east)
