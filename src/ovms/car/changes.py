"""What has changed since it was sent, and is sent again at once. Pure.

Nothing is sent of a message until something of it is known. While only a part is, it waits a little
for the rest: what a module on a bus has read in its first second would replace better readings
that the server has from before. For the same reason what becomes known only later follows soon.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache

from ovms.car.reports import ORDER, Units
from ovms.car.settings import ModuleSettings
from ovms.car.state import DOORS, CarState

Watched = tuple[object, ...]

PATIENCE = 3.0
"""Seconds for which a message of which only a part is known waits for the rest, and after which
values follow that were unknown when it was sent."""

MADE_OF: dict[str, Callable[[CarState], Iterable[object]]] = {
    "S": lambda state: (
        state.soc, state.ideal_range, state.estimated_range, state.charge_state,
        state.charge_state_number, state.charge_substate, state.charge_mode, state.charge_limit,
        state.line_voltage, state.charge_current, state.charge_minutes, state.charge_energy,
        state.charger_b4, state.charge_timer_mode, state.charge_timer_start, state.cac,
        state.minutes_to_full, state.limit_range, state.limit_soc, state.cooldown,
        state.cooldown_temperature, state.cooldown_minutes, state.ideal_range_max,
        state.plug_type, state.charge_power, state.battery_voltage, state.soh,
        state.charge_power_input, state.charger_efficiency, state.battery_current,
        state.range_speed, state.grid_energy, state.grid_energy_total, state.capacity,
        state.charge_end_time,
    ),
    "D": lambda state: (
        *(getattr(state, name) for name in DOORS.values()), state.lock_told,
        state.temperature_pem, state.temperature_motor, state.temperature_battery, state.trip,
        state.odometer, state.speed, state.temperature_ambient, state.voltage_12v,
        state.voltage_12v_ref, state.temperature_charger, state.current_12v,
        state.temperature_cabin,
    ),
    "L": lambda state: (
        state.has_position or None, state.direction, state.altitude, state.drive_mode,
        state.battery_power, state.energy_used, state.energy_recovered, state.inverter_power,
        state.inverter_efficiency,
    ),
    "W": lambda state: (
        each for tyre in state.tyres.values() for each in (tyre.pressure, tyre.temperature)
    ),
}  # fmt: skip
"""What messages tell. Speed and trip are in ``D``, too, and no reason for a position."""


class ChangeWatch:
    """Compares a module's state and settings with those that it has sent."""

    def __init__(self, state: CarState, settings: ModuleSettings) -> None:
        self._state = state
        self._settings = settings
        self._sent = _watched(state)
        self._sent_settings = self._settings_in_use
        self._began: dict[str, float] = {}
        """When something of each message that waits became known."""
        self._ready = {code for code in ORDER if code not in MADE_OF}
        """The messages that need not wait any more. What becomes unknown later is told, too."""
        self._news: set[str] = set()
        """The messages that have become ready since they could be sent last."""
        self._told: dict[str, set[int]] = {code: set() for code in MADE_OF}
        """The values of each message that were ever told, by their place in it."""
        self._looked = -math.inf
        """When it was looked for more of them last."""

    def note_sent(self, codes: Iterable[str]) -> None:
        """Note that the present state is being sent in the messages of ``codes``."""
        self._sent = _watched(self._state)
        self._news.clear()
        for code in MADE_OF.keys() & set(codes):
            self._told[code] |= self._known(code)

    def ready(self, now: float, *, is_last: bool = False) -> set[str]:
        """Return the codes of the messages of which enough is known at the car's time ``now``.

        When it ``is_last``, there is nothing to wait for.
        """
        for code, made_of in MADE_OF.items():
            if code not in self._ready and any(value is not None for value in made_of(self._state)):
                began = self._began.setdefault(code, now)
                if is_last or is_known(code, self._state) or now - began >= PATIENCE:
                    self._ready.add(code)
                    self._news.add(code)
        return set(self._ready)

    def take(self, now: float) -> set[str]:
        """Return the codes of the messages that have changed since they were sent.

        The first reading of a value is no change, and may wait for the rest of its message. A
        change does not wait.
        """
        watched = _watched(self._state)
        self._ready |= self._changed(watched)
        ready = self.ready(now)
        codes = set(self._news)
        if watched != self._sent:
            codes.update(
                code
                for group in watched
                for code in group
                if watched[group] != self._sent[group] and code in ready
            )
        self._sent = watched
        self._news.clear()
        if now - self._looked >= PATIENCE:
            self._looked = now
            codes |= {code for code in MADE_OF if code in ready and self._has_more(code)}
        return codes | (self._take_settings() & ready)

    def _known(self, code: str) -> set[int]:
        """Return the places of the values of a message that are known."""
        values = MADE_OF[code](self._state)
        return {at for at, value in enumerate(values) if value is not None}

    def _has_more(self, code: str) -> bool:
        """Return whether a value of a message is known that was never told."""
        return not self._known(code) <= self._told[code]

    def _changed(self, watched: dict[str, Watched]) -> set[str]:
        """Return the codes of which a value that was known has changed to another."""
        return {
            code
            for codes, values in watched.items()
            if values != self._sent[codes]
            for before, value in zip(self._sent[codes], values, strict=True)
            if before is not None and value is not None and before != value
            for code in codes
            if any(each is not None for each in MADE_OF.get(code, _nothing)(self._state))
        }

    def _take_settings(self) -> set[str]:
        """Return the codes of the messages that the settings have changed."""
        before, self._sent_settings = self._sent_settings, self._settings_in_use
        units, can_write, groups = (
            a != b for a, b in zip(before, self._sent_settings, strict=True)
        )
        changed = "SDL" if units else "L" if groups and self._settings.groups else ""
        return set(changed) | set("FV" if can_write else "")

    @property
    def _settings_in_use(self) -> tuple[Units, bool, tuple[str, ...]]:
        settings = self._settings
        return settings.units, settings.can_write, settings.groups


def is_known(code: str, state: CarState) -> bool:
    """Return whether what matters most in a message is known, so that it need not wait."""
    match code:
        case "S":
            return state.soc is not None
        case "D":
            return state.doors_1 is not None or state.lock_told is not None
        case "L":
            return state.has_position or state.direction is not None
        case "W":
            return all(tyre.pressure is not None for tyre in state.tyres.values())
    return True


def _watched(state: CarState) -> dict[str, Watched]:
    """Return the values whose change is sent at once, by the codes of their messages.

    Values in :func:`_seen` are watched only for their first reading.
    """
    return {
        "F": (state.vin, state.network),
        "D": (state.doors_1, state.doors_2, state.lock_told, state.doors_3, state.doors_4,
              state.doors_5, _seen(state.odometer), _seen(state.trip), _seen(state.temperature_pem),
              _seen(state.temperature_ambient), *_bits_read(tuple(state.unread.items()))),
        "SL": (state.is_on,),
        "S": (state.charge_state_number, state.charge_state, state.charge_substate,
              state.charge_mode, state.charge_limit, state.charge_timer_mode,
              state.charge_timer_start, state.cooldown, _seen(state.soc), _seen(state.ideal_range)),
        "L": (_seen(state.direction), _seen(state.latitude), _seen(state.longitude)),
        "W": tuple(_seen(tyre.pressure) for tyre in state.tyres.values()),
    }  # fmt: skip


def _seen(value: float | None) -> bool | None:
    """Return ``True`` for every known value."""
    return None if value is None else True


@lru_cache(maxsize=64)
def _bits_read(unread: tuple[tuple[str, int], ...]) -> Watched:
    """Return ``True`` for each bit that was read of door states that are not read as a whole."""
    masks = dict(unread)
    return tuple(
        None if masks.get(name, 0xFF) >> at & 1 else True
        for name in DOORS.values()
        for at in range(8)
    )


def _nothing(state: CarState) -> Iterable[object]:
    return ()
