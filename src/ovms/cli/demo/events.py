"""What the cars of the demo do, a line an event, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ovms.car.state import CarState
from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4, Doors5
from ovms.protocol.records.status import PLUG_TYPES

SOON: Final = 5.0
"""Seconds after an event until a line says how far a car is; then twice as many each time."""

SELDOM: Final = 60.0
"""The most seconds between two such lines."""

DRIVEN: Final = 0.1
"""km from which switching on and off was a drive."""

FAST: Final = PLUG_TYPES[7]


class CarView(NamedTuple):
    """What is compared from one look to the next; ``None`` is unknown."""

    is_on: bool
    is_plugged: bool
    charge: str | None
    is_locked: bool
    is_valet: bool
    has_alarm: bool
    is_warmed: bool
    is_awake: bool
    is_watched: bool


@dataclass(slots=True)
class CarEvents:
    """The events of one car. Call :meth:`look` about each second."""

    state: CarState
    _last: CarView | None = None
    _told: float = 0.0
    """When something was told last."""
    _pause: float = SOON
    """Seconds after which it is told how far the car is."""
    _mark: float = 0
    """The km or the % that was told last."""
    _odometer: float | None = None
    """km at its departure; ``None`` if that was before the first look."""

    def look(self, watchers: int, now: float) -> list[str]:
        """Return what has happened since the last look, at first how the car is."""
        state = self.state
        if state.soc is None or state.doors_1 is None:
            return []
        last, self._last = self._last, _view(state, watchers)
        if last is None:
            self._note(now, SOON)
            return [_describe(state)]
        news = [*self._drive(last), *_charge(state, last), *_switches(self._last, last)]
        if news:
            self._note(now, SOON)
            return news
        return self._progress(now)

    def _drive(self, last: CarView) -> Iterator[str]:
        state = self.state
        if state.is_on and not last.is_on:
            self._odometer = state.odometer
            yield f"leaves, {_soc(state)}"
        elif last.is_on and not state.is_on:
            km = self._driven
            yield f"arrived, {km:.1f} km, {_soc(state)}" if km >= DRIVEN else "is switched off"

    @property
    def _driven(self) -> float:
        """The km of the present or last drive."""
        if self._odometer is None or self.state.odometer is None:
            return self.state.trip or 0.0
        return self.state.odometer - self._odometer

    def _progress(self, now: float) -> list[str]:
        """Return how far it is on its way or with its charge, if it has got on."""
        state = self.state
        if now - self._told < self._pause or self._reached == self._mark:
            return []
        if not (state.is_on or state.is_charging):
            return []
        self._note(now, min(2 * self._pause, SELDOM))
        if state.is_charging:
            return [_describe(state)]
        return [f"{self._driven:.1f} km on the way, {_speed(state)}, {_soc(state)}"]

    @property
    def _reached(self) -> float:
        return round(self._driven, 1) if self.state.is_on else round(self.state.soc or 0)

    def _note(self, now: float, pause: float) -> None:
        self._told, self._pause, self._mark = now, pause, self._reached


def _view(state: CarState, watchers: int) -> CarView:
    return CarView(
        bool(state.is_on),
        bool((state.doors_1 or 0) & Doors1.PILOT_PRESENT),
        state.charge_state,
        bool(state.is_locked),
        bool((state.doors_2 or 0) & Doors2.VALET),
        bool((state.doors_4 or 0) & Doors4.ALARM),
        bool((state.doors_5 or 0) & Doors5.HVAC) and not state.is_on,
        bool((state.doors_3 or 0) & Doors3.AWAKE),
        watchers > 0,
    )


def _describe(state: CarState) -> str:
    """Return what a car does at present."""
    if state.is_on:
        return f"is on the way, {_speed(state)}, {_soc(state)}"
    if state.is_charging:
        return _charging(state)
    words = "is parked" if state.doors_3 is None or state.doors_3 & Doors3.AWAKE else "is asleep"
    return f"{words}, {_soc(state)}"


def _charging(state: CarState) -> str:
    fast = " fast" if PLUG_TYPES.get(state.plug_type or 0) == FAST else ""
    power = "" if state.charge_power is None else f", {state.charge_power:.1f} kW"
    rest = state.minutes_to_full
    until = "" if rest is None else f", {rest:.0f} min to go"
    return f"charges{fast}{power}, {_soc(state)}{until}"


def _charge(state: CarState, last: CarView) -> Iterator[str]:
    """Yield what has changed of plug and charge."""
    was, now = last.charge, state.charge_state
    is_plugged = bool((state.doors_1 or 0) & Doors1.PILOT_PRESENT)
    if is_plugged and not last.is_plugged:
        yield "is plugged in"
    if now != was and now == "charging":
        yield _charging(state)
    elif now != was and now == "done" and is_plugged:
        yield f"is charged, {_soc(state)}{_energy(state)}"
    elif now != was and was in ("charging", "topoff", "prepare") and now == "stopped":
        yield f"stopped charging, {_soc(state)}{_energy(state)}"
    if last.is_plugged and not is_plugged:
        yield "is unplugged"


def _switches(now: CarView, last: CarView) -> Iterator[str]:
    """Yield what has changed of everything else."""
    words = (
        (last.is_locked, now.is_locked, "is locked", "is unlocked"),
        (last.is_valet, now.is_valet, "is in valet mode", "is out of valet mode"),
        (last.has_alarm, now.has_alarm, "sounds the alarm", "ends the alarm"),
        (last.is_warmed, now.is_warmed, "conditions the cabin", "has conditioned the cabin"),
        (last.is_awake, now.is_awake, "wakes up", "falls asleep"),
        (last.is_watched, now.is_watched, "is watched by an app", "is not watched any more"),
    )
    yield from (yes if after else no for before, after, yes, no in words if before != after)


def _energy(state: CarState) -> str:
    return f", {state.charge_energy:.1f} kWh" if state.charge_energy else ""


def _speed(state: CarState) -> str:
    return f"{state.speed or 0:.0f} km/h"


def _soc(state: CarState) -> str:
    return f"{state.soc:.0f} %"
