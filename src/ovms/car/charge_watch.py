"""The charge state of a car without its flickering: what lasts counts. Pure.

A charge begins when the car has charged for a moment, and ends when it has not for half a
minute. So one whose charger lets go for two seconds, again and again, is one charge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ovms.car.alert_limits import ChargeLimits
from ovms.car.state import CarState
from ovms.protocol.records.status import CHARGE_UNDER_WAY

SHORT_END = 5.0
"""Seconds at the end of a recording without charging that end a charge."""

DONE, PREPARE = "done", "prepare"


@dataclass(slots=True)
class CountedCharge:
    """A charge state of the car: its word, its number where there is one, and since when."""

    word: str
    number: int | None
    since: float
    named: float
    """Since when it has this word."""

    @property
    def is_charging(self) -> bool:
        """A charge is under way."""
        return self.word in CHARGE_UNDER_WAY

    def differs(self, word: str, number: int | None) -> bool:
        """Return whether this is another state. An unknown number is none."""
        return word != self.word or (None not in (number, self.number) and number != self.number)


class ChargeWatch:
    """Watches one car. The first reading is no change, nor is one that becomes unknown."""

    def __init__(self, limits: ChargeLimits) -> None:
        self._limits = limits
        self._counted: CountedCharge | None = None
        self.pending: CountedCharge | None = None
        """A state that does not count yet."""
        self.was_charge = False
        """The charge that has ended last had lasted long enough to be one."""

    def look(self, state: CarState, now: float) -> CountedCharge | None:
        """Return the state that counts from now on, if it is another than before."""
        counted, word, number = self._counted, state.charge_state, state.charge_state_number
        if counted is None:
            self._counted = CountedCharge(word, number, now, now) if word else None
            return None
        if word:
            self._read(counted, word, number, now)
        pending = self.pending
        if pending is None or now - pending.since < self._lasting(counted, pending):
            return None
        self.was_charge = (
            counted.is_charging and pending.since - counted.since >= self._limits.begins
        )
        self._counted, self.pending = pending, None
        return pending

    def told(self, now: float) -> list[Any]:
        """Return the state that counts, its seconds, and the state that does not count yet."""
        counted, pending = self._counted, self.pending
        if counted is None:
            return []
        until = now
        next_: list[Any] = [None, None]
        if pending is not None:
            until, next_ = pending.since, [pending.word, pending.number]
        return [counted.word, counted.number, until - counted.since, *next_]

    def resume(self, told: object, now: float) -> None:
        """Go on from what :meth:`told` said before a restart. Ignore anything else."""
        match told:
            case [str() as word, int() | None as number, int() | float() as lasted, next_, other]:
                self._counted = CountedCharge(word, number, now - lasted, now - lasted)
                if isinstance(next_, str) and isinstance(other, int | None):
                    self.pending = CountedCharge(next_, other, now, now)

    def finish(self) -> None:
        """Count an end after a few seconds: a recording is over, and nothing more comes."""
        limits = self._limits
        self._limits = replace(limits, ends=min(limits.ends, SHORT_END))

    def _read(self, counted: CountedCharge, word: str, number: int | None, now: float) -> None:
        """Compare a reading with the state that counts."""
        pending = self.pending
        if not counted.differs(word, number):
            counted.number = counted.number if number is None else number
            self.pending = None
        elif pending is None or self._is_new(counted, pending, word, number):
            self.pending = CountedCharge(word, number, now, now)
        elif pending.differs(word, number) and not self._is_done(pending, now):
            pending.word, pending.number, pending.named = word, number, now

    def _is_new(
        self, counted: CountedCharge, pending: CountedCharge, word: str, number: int | None
    ) -> bool:
        """Return whether the time of a reading's state begins anew, not with the one before."""
        is_charging = word in CHARGE_UNDER_WAY
        if is_charging != pending.is_charging:
            return True
        return is_charging == counted.is_charging and pending.differs(word, number)

    def _is_done(self, pending: CountedCharge, now: float) -> bool:
        """Return whether a charge is done, whatever comes then: cars that are done let go."""
        return pending.word == DONE and now - pending.named >= self._limits.begins

    def _lasting(self, counted: CountedCharge, pending: CountedCharge) -> float:
        """Return how long a state has to last until it counts."""
        is_start = pending.is_charging and (not counted.is_charging or counted.word == PREPARE)
        return self._limits.begins if is_start else self._limits.ends
