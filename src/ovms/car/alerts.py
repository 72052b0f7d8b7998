"""What is worth an alert: charges that end, errors, an empty 12 V battery, thieves. Pure.

One sample is no event: each alert has a duration and a hysteresis
(:mod:`~ovms.car.alert_limits`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ovms.car.alert_limits import DEFAULTS, AlertLimits
from ovms.car.charge_watch import DONE, ChargeWatch, CountedCharge
from ovms.car.error_watch import ErrorWatch
from ovms.car.fence import Fence, PositionWatch
from ovms.car.latch import Latch
from ovms.car.state import CarState
from ovms.protocol.records.alert import Alert, AlertKind
from ovms.protocol.records.environment import Doors2, Doors4

STOPPED = "stopped"

INTERRUPTED = 0x0C
"""The charge state, as a number, of a charge that broke off by itself."""

_ENDS = {
    DONE: AlertKind.INFORMATION,
    STOPPED: AlertKind.ALERT,
    "interrupted": AlertKind.ALERT,
}
"""The ends of a charge that are told."""


class AlertWatch:
    """Watches a car for what its owner should know. The first reading of a value is no alert."""

    def __init__(self, car_type: str, limits: AlertLimits = DEFAULTS) -> None:
        self._car_type = car_type
        self._limits = limits
        self._charge = ChargeWatch(limits.charge)
        self._end: str | None = None
        """How the charge has ended, if that is to be told."""
        self._told_ends: dict[str, float] = {}
        """When each end of a charge was told last."""
        self._is_finished = False
        self._errors = ErrorWatch(limits.error)
        self._low = Latch()
        self._alarm = Latch()
        self._was_silent = False
        """The alarm has been silent since the start."""
        self._positions = PositionWatch(limits)
        self._off = Fence(limits.moved)
        self._valet = Fence(limits.valet)

    def look(self, state: CarState, now: float) -> list[Alert]:
        """Return the alerts that are new since the last call. ``now`` is the car's time."""
        return [
            *self._look_at_charge(state, now),
            *self._look_at_error(state, now),
            *self._look_at_12v(state, now),
            *self._look_at_alarm(state, now),
            *self._look_at_place(state, now),
        ]

    def told(self, now: float) -> dict[str, Any]:
        """Return what need not be told again after a restart, as JSON can have it."""
        told = {
            "low_12v": self._low.is_on, "alarm": self._alarm.is_on,
            "moved": self._off.is_told, "valet": self._valet.is_told,
        }  # fmt: skip
        ends = {end: now - at for end, at in self._told_ends.items()}
        more = {"charge": self._charge.told(now), "ends": ends, "errors": self._errors.told(now)}
        return {name: value for name, value in (told | more).items() if value}

    def resume(self, told: Mapping[str, Any], now: float) -> None:
        """Go on from what :meth:`told` said before a restart. Ignore anything else."""
        self._low.is_on = told.get("low_12v") is True
        self._alarm.is_on = told.get("alarm") is True
        for name, fence in (("moved", self._off), ("valet", self._valet)):
            if told.get(name) is True:
                fence.resume()
        self._charge.resume(told.get("charge"), now)
        ends = told.get("ends")
        for end, age in ends.items() if isinstance(ends, dict) else ():
            if end in _ENDS and type(age) in (int, float):
                self._told_ends[end] = now - age
        self._errors.resume(told.get("errors"), now)

    def finish(self) -> None:
        """See :meth:`~ovms.car.charge_watch.ChargeWatch.finish`. What waits is told, too."""
        self._charge.finish()
        self._is_finished = True

    def _look_at_charge(self, state: CarState, now: float) -> Iterator[Alert]:
        phase = self._charge.look(state, now)
        if phase is not None:
            self._end = _end_of(phase) if self._charge.was_charge else None
        end = self._end
        if end is None:
            return
        told = self._told_ends.get(end)
        if told is None or self._is_finished or now - told >= self._limits.charge.again:
            self._end, self._told_ends[end] = None, now
            at = "" if state.soc is None else f" at {state.soc:.0f} %"
            yield Alert(_ENDS[end].value, f"Charging {end}{at}")

    def _look_at_error(self, state: CarState, now: float) -> Iterator[Alert]:
        error = self._errors.look(state.error, now)
        if error is not None:
            text = f"{self._car_type},{error.code},{error.data}"
            yield Alert(AlertKind.ERROR.value, text)

    def _look_at_12v(self, state: CarState, now: float) -> Iterator[Alert]:
        limits, volts = self._limits.low_12v, state.voltage_12v
        if not volts or not limits.drop:
            return
        lacking = round(max(limits.reference, state.voltage_12v_ref or 0) - volts, 3)
        is_low = self._low.look(
            now, begins=lacking >= limits.drop, ends=lacking < min(limits.recovered, limits.drop),
            lasting=limits.lasting, gone=limits.lasting,
            read=state.read.get("voltage_12v"), readings=limits.readings,
        )  # fmt: skip
        if is_low:
            yield Alert(AlertKind.ALERT.value, f"12 V battery low: {volts:.1f} V")

    def _look_at_alarm(self, state: CarState, now: float) -> Iterator[Alert]:
        limits, sounds = self._limits.alarm, state.bit(Doors4.ALARM)
        if sounds is None:
            return
        self._was_silent = self._was_silent or not sounds
        begins = self._alarm.look(
            now, begins=sounds and self._was_silent, ends=not sounds,
            lasting=limits.lasting, gone=limits.silent,
            read=state.read.get("doors_4"), readings=2, alone=limits.alone,
        )  # fmt: skip
        if begins:
            yield Alert(AlertKind.ALERT.value, "The alarm sounds")

    def _look_at_place(self, state: CarState, now: float) -> Iterator[Alert]:
        here, verdict = self._positions.look(state, now)
        is_off = None if state.is_on is None else not state.is_on
        if self._off.is_left(here, verdict, now, is_set=is_off):
            yield Alert(AlertKind.ALERT.value, "The car is moved while it is off")
        if self._valet.is_left(here, verdict, now, is_set=state.bit(Doors2.VALET)):
            text = f"In valet mode the car went further than {self._limits.valet.distance:g} km"
            yield Alert(AlertKind.ALERT.value, text)


def _end_of(phase: CountedCharge) -> str | None:
    """Return how a charge has ended, if the car's new state is an end that is told."""
    if phase.word == STOPPED and phase.number == INTERRUPTED:
        return "interrupted"
    return phase.word if phase.word in _ENDS else None
