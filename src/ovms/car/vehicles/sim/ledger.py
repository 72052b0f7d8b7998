"""What the simulated car truly did: its trips, charges and preheating, to compare reports with.

Times are Unix seconds, distances km, energies kWh, states of charge %, not rounded as a car shows
them. What was under way when the car was made begins then.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ovms.car.vehicles.sim.charging import Plug

if TYPE_CHECKING:
    from ovms.car.vehicles.sim.car import SimCar

LEDGER_LIMIT = 50
"""The newest entries of each kind that are kept, unless another number is given."""


class LedgerMoment(NamedTuple):
    """The car at the start or the end of an entry."""

    time: float
    latitude: float
    longitude: float
    soc: float
    odometer: float
    taken_out: float
    """Out of the battery since the car was made; so the next."""
    put_in: float
    charger_energy: float
    """Out of the charger in total; so the next."""
    grid_energy: float


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What the car did from one moment to another."""

    start: LedgerMoment
    end: LedgerMoment

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end.time - self.start.time

    @property
    def distance(self) -> float:
        """By the odometer."""
        return self.end.odometer - self.start.odometer

    @property
    def energy_used(self) -> float:
        """Out of the battery."""
        return self.end.taken_out - self.start.taken_out

    @property
    def energy_recovered(self) -> float:
        """Back into the battery."""
        return self.end.put_in - self.start.put_in


@dataclass(frozen=True, slots=True)
class LedgerCharge(LedgerEntry):
    """The charger was at work."""

    plug: Plug

    @property
    def energy(self) -> float:
        """Out of the charger: for the battery, and for what the car uses meanwhile."""
        return self.end.charger_energy - self.start.charger_energy

    @property
    def grid_energy(self) -> float:
        """From the grid."""
        return self.end.grid_energy - self.start.grid_energy


class Ledger:
    """The newest ``limit`` entries of each kind, the oldest first."""

    def __init__(self, limit: int = LEDGER_LIMIT) -> None:
        self.trips: deque[LedgerEntry] = deque(maxlen=limit)
        """From switching on to switching off; without those on which the car did not move."""
        self.charges: deque[LedgerCharge] = deque(maxlen=limit)
        self.preheats: deque[LedgerEntry] = deque(maxlen=limit)
        """Of the parked car: heating or cooling of the cabin."""
        self._trip: LedgerMoment | None = None
        self._charge: tuple[LedgerMoment, Plug] | None = None
        self._preheat: LedgerMoment | None = None

    def look(self, car: SimCar) -> None:
        """Note what has begun and ended since the last call. It is called after each step."""
        is_on = car.body.is_on
        if is_on != (self._trip is not None):
            self._note_trip(car)
        if car.charging.is_active != (self._charge is not None):
            self._note_charge(car)
        is_preheated = car.is_conditioned and not is_on
        if is_preheated != (self._preheat is not None):
            self._note_preheat(car)

    def begin_anew(self, car: SimCar) -> None:
        """Forget everything: the car was put elsewhere."""
        for entries in (self.trips, self.charges, self.preheats):
            entries.clear()
        self._trip = self._charge = self._preheat = None
        self.look(car)

    def _note_trip(self, car: SimCar) -> None:
        """Note that a trip has begun, or that the one under way has ended. So the next two."""
        begun, self._trip = self._trip, _moment(car) if self._trip is None else None
        if begun is not None and car.odometer > begun.odometer:
            self.trips.append(LedgerEntry(begun, _moment(car)))

    def _note_charge(self, car: SimCar) -> None:
        begun = self._charge
        if begun is None:
            self._charge = _moment(car), car.charging.plugged_to
            return
        self._charge = None
        self.charges.append(LedgerCharge(begun[0], _moment(car), begun[1]))

    def _note_preheat(self, car: SimCar) -> None:
        begun, self._preheat = self._preheat, _moment(car) if self._preheat is None else None
        if begun is not None:
            self.preheats.append(LedgerEntry(begun, _moment(car)))


def _moment(car: SimCar) -> LedgerMoment:
    pack, charging, place = car.pack, car.charging, car.place
    return LedgerMoment(
        time=car.time,
        latitude=place.latitude,
        longitude=place.longitude,
        soc=pack.soc,
        odometer=car.odometer,
        taken_out=pack.taken_out,
        put_in=pack.put_in,
        charger_energy=charging.energy_total,
        grid_energy=charging.grid_energy_total,
    )
