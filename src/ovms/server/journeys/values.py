"""What a vehicle did: a trip, a charge, a time parked; how it begins and ends, how sure it is.

Times are Unix seconds (UTC), distances km, energies kWh, powers kW, temperatures °C, heights m,
speeds km/h. Unknown is ``None``, never 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

ASIDE: Final = frozenset({"capacity"})
"""Fields that say nothing of how sure a journey is: the battery's capacity is hardly ever told."""

METRES_A_DEGREE: Final = 111_195.0
"""Of a great circle, on a sphere as large as the earth."""


class JourneyKind(Enum):
    """What a vehicle was doing."""

    TRIP = "trip"
    CHARGE = "charge"
    PARKED = "parked"


class Certainty(Enum):
    """How sure a journey is, the surest first."""

    MEASURED = "measured"
    """The car reported its start, its end and its counters."""
    ESTIMATED = "estimated"
    """Something was concluded: a time, a distance, an energy."""
    GAPS = "gaps"
    """Reports are missing within it."""


class ChargeEnding(Enum):
    """How a charge ended."""

    FULL = "full"
    LIMIT = "limit"
    """The limit of charge or range that was set was reached."""
    STOPPED = "stopped"
    """Somebody, or the car's timer, stopped it."""
    INTERRUPTED = "interrupted"
    """The power went away."""
    UNKNOWN = "unknown"


class Purpose(Enum):
    """What a trip was for."""

    BUSINESS = "business"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A point on earth, degrees, north and east positive."""

    latitude: float
    longitude: float

    def metres_to(self, other: Position) -> float:
        """Return about how far another one is, right to a part in a thousand where cars drive."""
        return math.hypot(*self.flat(other))

    def flat(self, other: Position) -> tuple[float, float]:
        """Return the metres to the east and to the north from here to another one."""
        east = (other.longitude - self.longitude + 180) % 360 - 180
        scale = math.cos(math.radians((other.latitude + self.latitude) / 2))
        return east * scale * METRES_A_DEGREE, (other.latitude - self.latitude) * METRES_A_DEGREE


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyEnd:
    """The start or the end of a journey."""

    time: int
    position: Position | None = None
    altitude: float | None = None
    soc: float | None = None
    odometer: float | None = None
    ideal_range: float | None = None
    estimated_range: float | None = None
    voltage_12v: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TripPoint:
    """The vehicle at one time of a trip."""

    time: int
    position: Position | None = None
    altitude: float | None = None
    speed: float | None = None
    distance: float | None = None
    """Since the trip's start."""
    soc: float | None = None
    energy_used: float | None = None
    """Since the trip's start; so the next."""
    energy_recovered: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """The vehicle at one time of a charge."""

    time: int
    soc: float | None = None
    power: float | None = None
    """Into the battery."""
    energy: float | None = None
    """Into the battery since the charge's start."""
    grid_energy: float | None = None
    """From the grid since the charge's start."""
    temperature_battery: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What all kinds have. ``estimated`` names the fields that were concluded, not reported."""

    start: JourneyEnd
    end: JourneyEnd
    """As last reported while it goes on."""
    closed: int | None = None
    """The time of the record that showed that it was over; ``None`` while it goes on."""
    has_gaps: bool = False
    estimated: tuple[str, ...] = ()
    """Sorted: ``start``, ``end`` (their times), or a field of its kind."""
    temperature_ambient: float | None = None
    """Mean over its time."""

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.closed is None

    @property
    def duration(self) -> int:
        """Seconds."""
        return self.end.time - self.start.time

    @property
    def certainty(self) -> Certainty:
        """How sure it is."""
        if self.has_gaps:
            return Certainty.GAPS
        is_estimated = any(name not in ASIDE for name in self.estimated)
        return Certainty.ESTIMATED if is_estimated else Certainty.MEASURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip(Journey):
    """The vehicle went from one place to another."""

    distance: float | None = None
    energy_used: float | None = None
    """Out of the battery, without what was recovered."""
    energy_recovered: float | None = None
    moving_time: int | None = None
    """Seconds in which it moved, stops at lights left out."""
    speed_max: float | None = None
    altitude_min: float | None = None
    altitude_max: float | None = None
    ascent: float | None = None
    descent: float | None = None
    temperature_battery: float | None = None
    """Mean, as that of the cabin."""
    temperature_cabin: float | None = None
    track: tuple[TripPoint, ...] = ()
    """Thinned: nowhere further than 10 m from what was reported."""

    @property
    def energy(self) -> float | None:
        """What the battery lost in all; ``None`` while that is unknown."""
        if self.energy_used is None:
            return None
        return self.energy_used - (self.energy_recovered or 0.0)

    @property
    def consumption(self) -> float | None:
        """KWh for 100 km."""
        if self.energy is None or not self.distance:
            return None
        return 100 * self.energy / self.distance


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Journey):
    """The battery was charged from outside."""

    plug: str | None = None
    """A word of :data:`~ovms.protocol.records.status.PLUG_TYPES`."""
    mode: str | None = None
    energy: float | None = None
    """Into the battery."""
    grid_energy: float | None = None
    """From the grid."""
    power_max: float | None = None
    ending: ChargeEnding = ChargeEnding.UNKNOWN
    temperature_battery: float | None = None
    """Mean."""
    capacity: float | None = None
    """Of the full battery, as the car or this charge says it."""
    cac: float | None = None
    """Ah, as the car says it."""
    soh: float | None = None
    """Percent, as the car says it."""
    curve: tuple[CurvePoint, ...] = ()
    """Thinned."""

    @property
    def efficiency(self) -> float | None:
        """Percent of the energy from the grid that is in the battery."""
        if self.energy is None or not self.grid_energy:
            return None
        return 100 * self.energy / self.grid_energy


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked(Journey):
    """The vehicle stood between two trips. Charges within it are journeys of their own."""

    soc_lost: float | None = None
    """Percent, while it was neither charged nor preheated."""
    range_lost: float | None = None
    """Ideal range, likewise."""
    idle_time: int | None = None
    """Seconds in which that was lost: losses a day are by these."""
    preheat_time: int | None = None
    """Seconds in which the cabin was heated or cooled."""
    preheat_soc: float | None = None
    """Percent that this took."""

    @property
    def soc_lost_a_day(self) -> float | None:
        """Percent."""
        return _a_day(self.soc_lost, self.idle_time)

    @property
    def range_lost_a_day(self) -> float | None:
        """Ideal range."""
        return _a_day(self.range_lost, self.idle_time)


def _a_day(lost: float | None, seconds: int | None) -> float | None:
    return lost * 86400 / seconds if lost is not None and seconds else None
