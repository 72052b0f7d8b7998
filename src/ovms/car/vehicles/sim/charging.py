"""The simulated charger: plug, timer, mode, limit, and energy from the grid.

On alternating current (AC) the car's own charger works within the limit. A fast charger (DC) feeds
the battery directly: the car's own charger rests, and station and battery limit the power.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from ovms.car.vehicles.sim.battery import Pack

LINE_VOLTAGE = 230.0
EFFICIENCY = 0.9
"""The fraction of the grid's energy that the car's own charger passes on."""

FAST_POWER = 75.0
"""kW that a fast charger offers. A car does not see its losses."""

FAST_CURRENT = 200
"""A that a fast charger offers."""

LEAST_CURRENT, MOST_CURRENT = 6, 32
"""A that may be requested from a station."""

PREPARATION = 5.0
"""Seconds from the start of a charge until current flows."""

TOPPING_OFF_FROM = 95.0
RANGE = 3
"""The charge mode for a long way."""

TARGETS = {0: 80.0, 1: 50.0, RANGE: 100.0, 4: 100.0}
"""% at which a charge ends, by mode."""

ENOUGH = 0.005
"""% below the target at which a charge may end: a car that uses power is never quite full."""

MINUTES_A_DAY = 1440


class Plug(Enum):
    """What the car is plugged in to. The value is the plug type id that it reports."""

    AC = 2
    """Type 2."""
    DC = 7
    """CCS."""


NO_PLUG = 0
"""The plug type id while nothing is plugged in, which modules on the road send, too."""


class ChargePhase(IntEnum):
    """What the charger does, with the numbers that cars use."""

    CHARGING = 0x01
    TOPPING_OFF = 0x02
    DONE = 0x04
    INTERRUPTED = 0x0C
    PREPARING = 0x0D
    WAITING = 0x0E
    STOPPED = 0x15


WORDS = {
    ChargePhase.CHARGING: "charging",
    ChargePhase.TOPPING_OFF: "topoff",
    ChargePhase.DONE: "done",
    ChargePhase.PREPARING: "prepare",
}
"""The protocol's words; all others are ``stopped``."""

SCHEDULED, BY_REQUEST, TIMER_WAIT, NO_CABLE, RUNNING, BROKEN_OFF = 2, 3, 5, 7, 9, 13
"""Sub-states: why it charges, or does not."""

FLOWING = (ChargePhase.CHARGING, ChargePhase.TOPPING_OFF)


@dataclass(slots=True)
class Charging:
    """The charger of a car with ``pack``. Energies are of the present or last charge, in kWh."""

    pack: Pack
    mode: int = 0
    limit: int = MOST_CURRENT
    soc_limit: int | None = None
    """% at which it ends at the latest; ``None`` for no limit."""
    timer_mode: int = 0
    timer_start: int = 0
    """Minutes after midnight UTC."""
    phase: ChargePhase = ChargePhase.STOPPED
    substate: int = NO_CABLE
    is_plugged: bool = False
    plugged_to: Plug = Plug.AC
    """What it is or was last plugged in to."""
    seconds: float = 0.0
    energy: float = 0.0
    grid_energy: float = 0.0
    energy_total: float = 0.0
    """Of all charges; so the next."""
    grid_energy_total: float = 0.0
    ended: float | None = None
    """Unix seconds."""
    _prepared: float = 0.0

    @property
    def target(self) -> float:
        """% at which it ends."""
        target = TARGETS[self.mode]
        return target if self.soc_limit is None else min(target, self.soc_limit)

    @property
    def is_active(self) -> bool:
        """Whether it charges, or is about to."""
        return self.phase in (*FLOWING, ChargePhase.PREPARING)

    @property
    def power(self) -> float:
        """Power out of the charger, kW."""
        return min(self.offered, self.pack.accepts()) if self.phase in FLOWING else 0.0

    @property
    def offered(self) -> float:
        """Power that station and limit allow out of the charger, kW."""
        if self.is_fast:
            return FAST_POWER
        return LINE_VOLTAGE * self.limit * EFFICIENCY / 1000

    @property
    def is_fast(self) -> bool:
        """Whether a fast charger feeds the battery, past the car's own charger."""
        return self.plugged_to is Plug.DC

    @property
    def own_power(self) -> float:
        """Power out of the car's own charger, kW."""
        return 0.0 if self.is_fast else self.power

    @property
    def efficiency(self) -> float:
        """The fraction of the incoming energy that reaches the battery."""
        return 1.0 if self.is_fast else EFFICIENCY

    @property
    def limit_in_force(self) -> int:
        """A that limit the present charge: of the car's own charger, or of the station."""
        return FAST_CURRENT if self.is_plugged and self.is_fast else self.limit

    def plug(self, plug: Plug = Plug.AC) -> None:
        """Plug in: charge, or wait for the timer. Fast charging never waits."""
        self.is_plugged, self.plugged_to = True, plug
        if self.timer_mode and plug is Plug.AC:
            self.phase, self.substate = ChargePhase.WAITING, TIMER_WAIT
        else:
            self.start(RUNNING)

    def unplug(self, now: float) -> None:
        """Unplug."""
        if self.is_active:
            self._end(ChargePhase.INTERRUPTED, now)
        self.is_plugged = False
        self.substate = NO_CABLE

    def start(self, why: int) -> None:
        """Start a new charge. With a full battery it is done at once."""
        self.substate = why
        self.seconds = self.energy = self.grid_energy = self._prepared = 0.0
        self.phase = ChargePhase.DONE if self.pack.soc >= self.target else ChargePhase.PREPARING

    def skip_preparation(self) -> None:
        """Have the current of a charge flow at once: it has begun before."""
        if self.phase is ChargePhase.PREPARING:
            self.phase = ChargePhase.CHARGING

    def stop(self, now: float) -> None:
        """Stop a charge, or the waiting for one, on request."""
        self._end(ChargePhase.STOPPED, now)
        self.substate = BY_REQUEST

    def step(self, now: float, seconds: float) -> None:
        """Move forward by ``seconds``, until ``now`` in Unix seconds."""
        if self.phase is ChargePhase.WAITING and self._is_due(now, seconds):
            self.start(SCHEDULED)
        elif self.phase is ChargePhase.PREPARING:
            self._prepared += seconds
            if self._prepared >= PREPARATION:
                self.phase = ChargePhase.CHARGING

    def deliver(self, kwh: float, now: float, seconds: float) -> None:
        """Count what left the charger in the last ``seconds``. End the charge when it is enough."""
        self.seconds += seconds
        self.energy += kwh
        self.energy_total += kwh
        self.grid_energy += kwh / self.efficiency
        self.grid_energy_total += kwh / self.efficiency
        if self.pack.soc >= self.target - ENOUGH:
            self._end(ChargePhase.DONE, now)
        elif self.pack.soc >= TOPPING_OFF_FROM:
            self.phase = ChargePhase.TOPPING_OFF

    def _is_due(self, now: float, seconds: float) -> bool:
        """Return whether the timer's minute began within the last ``seconds``."""
        since = (now - 60 * self.timer_start) % (60 * MINUTES_A_DAY)
        return not self.timer_mode or since < seconds

    def _end(self, phase: ChargePhase, now: float) -> None:
        self.phase = phase
        self.ended = now
        if phase is ChargePhase.INTERRUPTED:
            self.substate = BROKEN_OFF
