"""The charge log: a record ``*-LOG-Grid`` for the history at each change of the charge state.

A change counts once it has lasted (:mod:`~ovms.car.charge_watch`), and is written with what was
read when it happened. So a charge that flickers is one charge.

The columns are those of :class:`~ovms.protocol.records.logs.GridRecord`, as modules on the road
write them. What is unknown is empty. No car of ours feeds the grid, so those columns are. A
sub-state that has no word is its number. The record's number is the version of this format, and
always the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from ovms.car.alert_limits import DEFAULTS, ChargeLimits
from ovms.car.charge_watch import ChargeWatch, CountedCharge
from ovms.car.columns import LIFETIME, NO_WORD, LogEntry, numbers, place
from ovms.car.state import CarState
from ovms.protocol.commands import CHARGE_MODE_NUMBERS
from ovms.protocol.records.history import HistoryRecord
from ovms.protocol.records.logs import GRID_TYPE
from ovms.protocol.records.status import CHARGE_SUBSTATES, PLUG_TYPES

TYPE = GRID_TYPE
VERSION = 2

MODES = {number: word for word, number in CHARGE_MODE_NUMBERS.items()}

STATE, SUBSTATE = 6, 7
"""The columns of what may become known only while a state lasts, counted from 0."""


class ChargeLog:
    """Watches the charge state of a car: its word, and its number where the car has one."""

    def __init__(self, limits: ChargeLimits = DEFAULTS.charge) -> None:
        self._watch = ChargeWatch(limits)
        self._phase: CountedCharge | None = None
        self._columns: list[str] = []
        """The columns of the moment when that phase began."""
        self._began = 0.0

    def look(self, state: CarState, now: float, real: float) -> LogEntry | None:
        """Return the record of a change of the charge state that counts since the last call.

        ``now`` is the car's time, ``real`` that of the clock that never goes back.
        """
        counted = self._watch.look(state, now)
        phase = counted or self._watch.pending
        if phase is not self._phase:
            self._phase, self._columns = phase, [*_columns(state)] if phase else []
            self._began = real
        if counted is None:
            return None
        self._columns[STATE] = counted.word
        self._columns[SUBSTATE] = _substate(state.charge_substate)
        data = ",".join(self._columns).encode()
        return LogEntry(HistoryRecord(TYPE, VERSION, LIFETIME, data), self._began)

    def resume(self, told: object, now: float) -> None:
        """See :meth:`~ovms.car.charge_watch.ChargeWatch.resume`."""
        self._watch.resume(told, now)

    def finish(self) -> None:
        """See :meth:`~ovms.car.charge_watch.ChargeWatch.finish`."""
        self._watch.finish()


def _columns(state: CarState) -> Iterator[str]:
    yield from place(state)
    yield NO_WORD if state.plug_type is None else PLUG_TYPES.get(state.plug_type, NO_WORD)
    yield state.charge_state or NO_WORD
    yield _substate(state.charge_substate)
    yield NO_WORD if state.charge_mode is None else MODES.get(state.charge_mode, NO_WORD)
    yield from numbers(state.charge_limit, state.limit_range, state.limit_soc)
    yield from (NO_WORD,) * 4
    yield from numbers(None, None, None)
    yield from numbers(None if state.charge_minutes is None else 60 * state.charge_minutes)
    yield from numbers(state.charge_energy, state.grid_energy, state.grid_energy_total, places=3)
    yield from numbers(None, None, None, None)
    yield from numbers(
        state.soc, state.estimated_range, state.ideal_range, state.ideal_range_max,
        state.battery_voltage, state.temperature_battery, state.temperature_charger, None,
        state.temperature_ambient, state.temperature_cabin, places=1,
    )  # fmt: skip
    yield from numbers(state.soh)
    yield NO_WORD
    yield from numbers(state.cac, None, None, None, None, state.odometer, places=3)


def _substate(number: int | None) -> str:
    return NO_WORD if number is None else CHARGE_SUBSTATES.get(number, str(number))
