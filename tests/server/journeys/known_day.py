"""A day of a car of which all is known: to work, back, charged in the evening; as its records.

20 km there from 7:00 on in half an hour, 20 km back from 17:00 on, 4 kWh each. Charged from 18:00
on for two hours with 4 kW into the battery and 4.4 kW from the grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ovms.protocol.records.environment import Doors1, Environment
from ovms.protocol.records.location import Location
from ovms.protocol.records.status import KM_PER_MILE, Status
from ovms.server.journeys.fold import Fold
from ovms.server.journeys.reading import read_samples
from ovms.server.journeys.samples import JourneyRecord
from ovms.server.journeys.values import Charge, Journey, Parked, Trip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HOUR, DAY = 3600, 86400
MIDNIGHT = 1_750_032_000
"""2025-06-16 00:00 UTC."""
CAPACITY = 50.0
TRIP_TIMES = ((7 * HOUR, 7 * HOUR + 1800), (17 * HOUR, 17 * HOUR + 1800))
CHARGE_TIMES = (18 * HOUR, 20 * HOUR)
DISTANCE, TRIP_ENERGY = 20.0, 4.0
POWER, GRID_POWER = 4.0, 4.4

Change = dict[str, Any]


@dataclass(frozen=True)
class Truth:
    """The car at a second of its day."""

    time: int
    """Since midnight."""

    @property
    def driven(self) -> float:
        """The part of the day's two ways that is behind it, 0 to 2."""
        return sum(
            min(1.0, max(0.0, (self.time - begin) / (end - begin))) for begin, end in TRIP_TIMES
        )

    @property
    def is_on(self) -> bool:
        """Whether it drives."""
        return any(begin <= self.time < end for begin, end in TRIP_TIMES)

    @property
    def charged(self) -> int:
        """The seconds of charging that are behind it."""
        begin, end = CHARGE_TIMES
        return min(end - begin, max(0, self.time - begin))

    @property
    def is_charging(self) -> bool:
        """Whether it is charged."""
        return CHARGE_TIMES[0] <= self.time < CHARGE_TIMES[1]

    @property
    def parked(self) -> int:
        """The seconds since it was switched off."""
        ends = [end for _, end in TRIP_TIMES if end <= self.time]
        return 0 if self.is_on else self.time - max(ends, default=-12 * HOUR)

    @property
    def soc(self) -> float:
        """Percent."""
        energy = POWER * self.charged / HOUR - TRIP_ENERGY * self.driven
        return 80 + 100 * energy / CAPACITY


@dataclass
class ReportedDay:
    """How the car reports its day: the interval, the unit, and what is changed in each record."""

    busy: int = 60
    idle: int = 600
    unit: str = "K"
    midnight: int = MIDNIGHT
    changes: dict[str, Callable[[Truth], Change]] = field(default_factory=dict)
    tells_events: bool = True
    odometer: float = 10_000.0

    def times(self) -> list[int]:
        """Return when it reports."""
        found, time = [], 0
        while time < DAY:
            found.append(time)
            truth = Truth(time)
            time += self.busy if truth.is_on or truth.is_charging else self.idle
        if self.tells_events:
            found += [each for span in (*TRIP_TIMES, CHARGE_TIMES) for each in span]
        return sorted({*found})

    def records(self) -> list[JourneyRecord]:
        """Return the records of the day, sorted."""
        made = (each for time in self.times() for each in self.report(Truth(time)))
        return sorted(made)

    def report(self, truth: Truth) -> list[JourneyRecord]:
        """Return the three records of a second."""
        factor = 1.0 if self.unit == "K" else 1 / KM_PER_MILE
        speed = 40.0 if truth.is_on else 0.0
        way = truth.driven if truth.driven <= 1 else 2 - truth.driven
        records = {
            "S": Status(
                soc=int(truth.soc),
                units=self.unit,
                charge_state="charging" if truth.is_charging else
                "done" if truth.charged else "stopped",
                charge_mode="standard",
                ideal_range=round(3 * truth.soc * factor),
                estimated_range=round(2.5 * truth.soc * factor),
                charge_duration=truth.charged,
                charge_energy=POWER * truth.charged / HOUR,
                grid_energy=GRID_POWER * truth.charged / HOUR,
                charge_power=POWER if truth.is_charging else 0,
                battery_capacity=CAPACITY,
                plug_type=2,
            ),
            "D": Environment(
                doors_1=(Doors1.CAR_ON if truth.is_on else Doors1(0))
                | (Doors1.CHARGING if truth.is_charging else Doors1(0))
                | (Doors1.PILOT_PRESENT if truth.time >= CHARGE_TIMES[0] else Doors1(0)),
                odometer=(self.odometer + DISTANCE * truth.driven) * factor,
                trip=DISTANCE * (truth.driven % 1 if truth.is_on else 0) * factor,
                speed=speed * factor,
                parking_time=truth.parked,
                voltage_12v=12.6,
            ),
            "L": Location(
                latitude=52 + DISTANCE * way / 111.195,
                longitude=13.0,
                altitude=100,
                gps_lock=True,
                gps_stale=1,
                speed=speed * factor,
                battery_power=8.0 if truth.is_on else -POWER if truth.is_charging else 0,
                energy_used=self._used(truth),
                energy_recovered=0.0,
            ),
        }  # fmt: skip
        return [
            JourneyRecord(self.midnight + truth.time, code, 0, self._changed(code, record, truth))
            for code, record in records.items()
        ]

    def _used(self, truth: Truth) -> float:
        """Return the energy used since the car was switched on last."""
        done = truth.driven - int(truth.driven)
        whole = truth.driven > 0 and done == 0
        return TRIP_ENERGY if whole else TRIP_ENERGY * done

    def _changed(self, code: str, record: Any, truth: Truth) -> bytes:
        change = self.changes.get(code)
        changed: Any = record if change is None else replace(record, **change(truth))
        data: bytes = changed.encode()
        return data


def journeys_of(records: Iterable[JourneyRecord], *, is_pic: bool = False) -> list[Journey]:
    """Return the journeys that records, in any order and repeated, tell of; the open ones last."""
    fold = Fold()
    closed = fold.feed(read_samples(sorted(set(records)), is_pic=is_pic))
    return [*closed, *fold.ongoing()]


@dataclass
class FoundDay:
    """The journeys of a day, by kind, in order."""

    trips: list[Trip]
    charges: list[Charge]
    parked: list[Parked]


def found(records: Iterable[JourneyRecord], *, is_pic: bool = False) -> FoundDay:
    """Return the journeys that records tell of, by kind."""
    journeys = sorted(journeys_of(records, is_pic=is_pic), key=lambda each: each.start.time)
    return FoundDay(
        [each for each in journeys if isinstance(each, Trip)],
        [each for each in journeys if isinstance(each, Charge)],
        [each for each in journeys if isinstance(each, Parked)],
    )
