"""The battery over the years: what charges and trips show of it, month by month.

A charge of many percents shows the capacity: its energy by its percents. One charge is right to
some percents only, so months are weighted medians, and the loss is a robust trend of them. What the
car itself says of its battery stands beside it, untouched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING, Final

from ovms.server.journeys.charging import SOC_SPAN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ovms.server.journeys.values import Charge, Journey, JourneyEnd, Trip

TREND_MONTHS: Final = 6
"""Months with a capacity without which nothing is said of its loss."""
RANGE_SOC: Final = 30.0
"""Percent; a range at fewer says little of that of the full battery."""
BUCKET: Final = 5
"""°C of a step of temperature."""
PLAUSIBLE: Final = (0.5, 1.6)
"""What a capacity may be, as parts of the median of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryMonth:
    """The battery in one month. What nothing shows is ``None``."""

    month: str
    """``2026-11``."""
    capacity: float | None = None
    """KWh, as charges show it."""
    capacity_charges: int = 0
    """How many of them do."""
    car_capacity: float | None = None
    """KWh, as the car says it; so the next two."""
    cac: float | None = None
    soh: float | None = None
    full_range: float | None = None
    """Km; the ideal range of the full battery."""
    temperature: float | None = None
    """Mean of the battery while it was charged."""
    charges: int = 0
    energy: float = 0.0
    """KWh into the battery."""
    grid_energy: float = 0.0
    efficiency: float | None = None
    """Percent, of the charges of which both energies are known."""
    cycles: float = 0.0
    """What was charged, in full batteries."""
    distance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryTemperature:
    """The battery in a range of temperatures."""

    temperature: int
    """°C, the least of the range, which has :data:`BUCKET`; that of the battery for ``capacity``,
    that outside for the others."""
    capacity: float | None = None
    full_range: float | None = None
    consumption: float | None = None
    """KWh for 100 km."""
    distance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryHistory:
    """What is known of a battery."""

    months: tuple[BatteryMonth, ...] = ()
    """Those with a charge or a trip, in order."""
    temperatures: tuple[BatteryTemperature, ...] = ()
    """Those with something known, the coldest first."""
    capacity: float | None = None
    """KWh today, by the trend or the last months."""
    degradation: float | None = None
    """Percent that were lost since the first month, by charges; ``None`` while that is too few."""
    car_degradation: float | None = None
    """The same by what the car says of its capacity."""
    cac: float | None = None
    """As the car said it last; so the next."""
    soh: float | None = None
    full_range: float | None = None
    """Km, in the last month that shows it."""
    cycles: float = 0.0
    efficiency: float | None = None


@dataclass(slots=True)
class WeightedValues:
    """Values and how much each counts."""

    values: list[tuple[float, float]] = field(default_factory=list)

    def add(self, value: float | None, weight: float = 1.0) -> None:
        """Take in a value that is known."""
        if value is not None and weight > 0:
            self.values.append((value, weight))

    @property
    def median(self) -> float | None:
        """The value in the middle by weight; ``None`` of none."""
        ordered = sorted(self.values)
        half, seen = sum(weight for _, weight in ordered) / 2, 0.0
        for at, (value, weight) in enumerate(ordered):
            seen += weight
            if seen > half:
                return round(value, 2)
            if seen == half and at + 1 < len(ordered):
                return round((value + ordered[at + 1][0]) / 2, 2)
        return round(ordered[-1][0], 2) if ordered else None

    @property
    def mean(self) -> float | None:
        """The mean by weight; ``None`` of none."""
        whole = sum(weight for _, weight in self.values)
        return round(sum(v * w for v, w in self.values) / whole, 2) if whole else None


@dataclass(slots=True)
class _MonthSums:
    capacity: WeightedValues = field(default_factory=WeightedValues)
    car_capacity: WeightedValues = field(default_factory=WeightedValues)
    cac: WeightedValues = field(default_factory=WeightedValues)
    soh: WeightedValues = field(default_factory=WeightedValues)
    full_range: WeightedValues = field(default_factory=WeightedValues)
    temperature: WeightedValues = field(default_factory=WeightedValues)
    charges: int = 0
    energy: float = 0.0
    grid_energy: float = 0.0
    both: list[tuple[float, float]] = field(default_factory=list)
    cycles: float = 0.0
    distance: float = 0.0

    def made(self, month: str) -> BatteryMonth:
        return BatteryMonth(
            month=month,
            capacity=self.capacity.median,
            capacity_charges=len(self.capacity.values),
            car_capacity=self.car_capacity.median,
            cac=self.cac.median,
            soh=self.soh.median,
            full_range=self.full_range.median,
            temperature=self.temperature.mean,
            charges=self.charges,
            energy=round(self.energy, 3),
            grid_energy=round(self.grid_energy, 3),
            efficiency=_efficiency(self.both),
            cycles=round(self.cycles, 3),
            distance=round(self.distance, 2),
        )


@dataclass(slots=True)
class _TemperatureSums:
    capacity: WeightedValues = field(default_factory=WeightedValues)
    full_range: WeightedValues = field(default_factory=WeightedValues)
    energy: float = 0.0
    counted: float = 0.0
    distance: float = 0.0

    def made(self, temperature: int) -> BatteryTemperature:
        return BatteryTemperature(
            temperature=temperature,
            capacity=self.capacity.median,
            full_range=self.full_range.median,
            consumption=round(100 * self.energy / self.counted, 2) if self.counted else None,
            distance=round(self.distance, 2),
        )


def battery_history(
    charges: Iterable[Charge], trips: Iterable[Trip], *, zone: tzinfo = UTC
) -> BatteryHistory:
    """Return what charges and trips, in any order, show of a battery; months are of ``zone``."""
    charges, trips = sorted(charges, key=_time_of), sorted(trips, key=_time_of)
    months: dict[str, _MonthSums] = {}
    temperatures: dict[int, _TemperatureSums] = {}
    shown = _capacities(charges)
    usual = median(each for each, _ in shown.values()) if shown else None
    for charge in charges:
        sums = months.setdefault(_month(charge, zone), _MonthSums())
        _add_charge(sums, charge, shown.get(id(charge)), usual)
        if charge.temperature_battery is not None and id(charge) in shown:
            bucket = temperatures.setdefault(
                _bucket(charge.temperature_battery), _TemperatureSums()
            )
            bucket.capacity.add(*shown[id(charge)])
    for trip in trips:
        _add_trip(months.setdefault(_month(trip, zone), _MonthSums()), temperatures, trip)
    made = tuple(sums.made(month) for month, sums in sorted(months.items()))
    trend = _trend([(each.month, each.capacity) for each in made])
    car_trend = _trend([(each.month, each.car_capacity or each.cac or each.soh) for each in made])
    return BatteryHistory(
        months=made,
        temperatures=tuple(sums.made(each) for each, sums in sorted(temperatures.items())),
        capacity=round(trend[1], 2) if trend else _latest(made),
        degradation=_lost(trend),
        car_degradation=_lost(car_trend),
        cac=_last(each.cac for each in made),
        soh=_last(each.soh for each in made),
        full_range=_last(each.full_range for each in made),
        cycles=round(sum(each.cycles for each in made), 2),
        efficiency=_efficiency([each for sums in months.values() for each in sums.both]),
    )


def _capacities(charges: Sequence[Charge]) -> dict[int, tuple[float, float]]:
    """Return the capacity that each charge shows and its weight, by the id of its object.

    Those far from the others are left out: the car was driven meanwhile, or a counter was wrong.
    """
    shown: dict[int, tuple[float, float]] = {}
    for each in charges:
        start, end = each.start.soc, each.end.soc
        if start is None or end is None or not each.energy or "energy" in each.estimated:
            continue
        gained = end - start
        if gained >= SOC_SPAN:
            # A percent at both ends is what it may be wrong by: the more of them, the less.
            shown[id(each)] = 100 * each.energy / gained, gained * gained
    if not shown:
        return shown
    usual = median(value for value, _ in shown.values())
    least, most = (part * usual for part in PLAUSIBLE)
    return {key: each for key, each in shown.items() if least <= each[0] <= most}


def _add_charge(
    sums: _MonthSums, charge: Charge, shown: tuple[float, float] | None, usual: float | None
) -> None:
    sums.charges += 1
    sums.energy += charge.energy or 0.0
    sums.grid_energy += charge.grid_energy or 0.0
    if shown is not None:
        sums.capacity.add(*shown)
    if "capacity" not in charge.estimated:
        sums.car_capacity.add(charge.capacity)
    sums.cac.add(charge.cac)
    sums.soh.add(charge.soh)
    sums.temperature.add(charge.temperature_battery)
    for end in (charge.start, charge.end):
        _add_range(sums.full_range, end)
    is_measured = not {"energy", "grid_energy"} & {*charge.estimated}
    if charge.energy and charge.grid_energy and is_measured:
        sums.both.append((charge.energy, charge.grid_energy))
    if charge.start.soc is not None and charge.end.soc is not None:
        sums.cycles += max(0.0, charge.end.soc - charge.start.soc) / 100
    elif charge.energy and (charge.capacity or usual):
        sums.cycles += charge.energy / (charge.capacity or usual or 1.0)


def _add_trip(sums: _MonthSums, temperatures: dict[int, _TemperatureSums], trip: Trip) -> None:
    sums.distance += trip.distance or 0.0
    for end in (trip.start, trip.end):
        _add_range(sums.full_range, end)
    if trip.temperature_ambient is None:
        return
    bucket = temperatures.setdefault(_bucket(trip.temperature_ambient), _TemperatureSums())
    _add_range(bucket.full_range, trip.start)
    bucket.distance += trip.distance or 0.0
    if trip.energy is not None and trip.distance:
        bucket.energy += trip.energy
        bucket.counted += trip.distance


def _add_range(values: WeightedValues, end: JourneyEnd) -> None:
    if end.ideal_range and end.soc is not None and end.soc >= RANGE_SOC:
        values.add(100 * end.ideal_range / end.soc, end.soc)


def _efficiency(both: Sequence[tuple[float, float]]) -> float | None:
    into, out = sum(each for each, _ in both), sum(each for _, each in both)
    return round(100 * into / out, 1) if out else None


def _trend(values: Iterable[tuple[str, float | None]]) -> tuple[float, float] | None:
    """Return the first and the last value of the line of Theil and Sen; ``None`` of too few."""
    known = [(_number(month), value) for month, value in values if value is not None]
    if len(known) < TREND_MONTHS:
        return None
    slope = median((b - a) / (then - now) for (now, a), (then, b) in combinations(known, 2))
    level = median(value - slope * month for month, value in known)
    return level + slope * known[0][0], level + slope * known[-1][0]


def _lost(trend: tuple[float, float] | None) -> float | None:
    if trend is None or trend[0] <= 0:
        return None
    return round(100 * (1 - trend[1] / trend[0]), 2)


def _latest(months: Sequence[BatteryMonth]) -> float | None:
    """Return the capacity of the last three months that show one."""
    found = [each.capacity for each in months if each.capacity is not None][-3:]
    return round(median(found), 2) if found else None


def _last(values: Iterable[float | None]) -> float | None:
    return next((each for each in reversed([*values]) if each is not None), None)


def _bucket(temperature: float) -> int:
    return int(temperature // BUCKET) * BUCKET


def _month(journey: Journey, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(journey.start.time, zone):%Y-%m}"


def _number(month: str) -> int:
    year, _, of_year = month.partition("-")
    return int(year) * 12 + int(of_year)


def _time_of(journey: Journey) -> int:
    return journey.start.time
