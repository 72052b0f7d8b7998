"""A charge that is under way: what its samples say of it, and the charge they make."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ovms.server.journeys.charge_curve import CurveKeeper, CurveRow
from ovms.server.journeys.metering import ChargeMeter, PowerFlow
from ovms.server.journeys.values import Charge, ChargeEnding, CurvePoint, JourneyEnd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ovms.server.journeys.samples import Sample

SURE_GAP: Final = 90
"""Seconds between two reports between which a change needs no better time than the second's."""
REPORT_GAP: Final = 900
"""Seconds; with more between two reports some are missing: parked cars report each ten minutes."""
SOC_SPAN: Final = 20.0
"""Percent; a charge of fewer says nothing of the battery's capacity."""
CHARGER_EFFICIENCY: Final = 0.9
"""What a charger gives of what it takes, where nobody says it."""
FULL_SOC: Final = 97.0
LEAST_ENERGY: Final = 0.1
"""kWh; with less, nor a percent more, nor five minutes, it was no charge."""
LEAST_TIME: Final = 300

_STOPPED: Final = frozenset({"scheduledstop", "onrequest", "stopped", "timerwait"})
_INTERRUPTED: Final = frozenset({"interrupted", "powerwait"})


@dataclass(slots=True)
class CounterReadings:
    """What the counters of charges said at one time."""

    time: int = 0
    energy: float | None = None
    grid: float | None = None
    total: float | None = None
    duration: float | None = None
    end_time: int | None = None


@dataclass(slots=True)
class MeanValue:
    """The mean of what was reported."""

    sum: float = 0.0
    count: int = 0

    def add(self, value: float | None) -> None:
        """Take a value in."""
        if value is not None:
            self.sum, self.count = self.sum + value, self.count + 1

    @property
    def value(self) -> float | None:
        """The mean, to a hundredth."""
        return round(self.sum / self.count, 2) if self.count else None


@dataclass(slots=True)
class OpenCharge:
    """A charge that goes on, or has stopped and may go on."""

    start: JourneyEnd
    """With the best time known."""
    first: int
    """The time of the first sample that said it."""
    earliest: int | None
    """The time of the last sample before, when it had not begun; ``None`` if there was none."""
    last: JourneyEnd
    """At the last sample that said it."""
    needs_odometer: bool = False
    """What is known of it is of before a silence; so the next."""
    needs_position: bool = False
    is_start_sure: bool = False
    has_gaps: bool = False
    stop: JourneyEnd | None = None
    """Where it stopped; ``None`` while energy flows."""
    stopped: int = 0
    """The time of the first sample that said so, and of the last."""
    heard: int = 0
    is_stop_sure: bool = False
    is_told: bool = False
    """A status has come since it stopped: with the last counters, and why."""
    moved: int | None = None
    """When it was seen to be under way, while the last counters may still come."""
    was_interrupted: bool = False
    """It stopped and went on."""
    was_plugged: bool = False
    state: str | None = None
    """The last word for its state since it stopped; so the next."""
    substate: str | None = None
    plug: str | None = None
    mode: str | None = None
    limit_soc: float | None = None
    limit_range: float | None = None
    efficiency: float | None = None
    """Of the charger, as it says."""
    capacity: float | None = None
    cac: float | None = None
    soh: float | None = None
    power_max: float | None = None
    duration: float | None = None
    """As the car counts it, last."""
    grew: bool = False
    """The car does count it."""
    end_time_before: int | None = None
    energy: ChargeMeter = field(default_factory=ChargeMeter)
    grid: ChargeMeter = field(default_factory=ChargeMeter)
    total: ChargeMeter = field(default_factory=lambda: ChargeMeter(is_lifetime=True))
    charger: PowerFlow = field(default_factory=PowerFlow)
    battery: PowerFlow = field(default_factory=PowerFlow)
    input: PowerFlow = field(default_factory=PowerFlow)
    line: PowerFlow = field(default_factory=PowerFlow)
    battery_temperature: MeanValue = field(default_factory=MeanValue)
    ambient: MeanValue = field(default_factory=MeanValue)
    curve: CurveKeeper = field(default_factory=CurveKeeper)

    def begin(self, before: CounterReadings) -> None:
        """Take in what counters said before the charge."""
        for meter, value in (
            (self.energy, before.energy),
            (self.grid, before.grid),
            (self.total, before.total),
        ):
            meter.last, meter.time = value, before.time
        self.end_time_before = before.end_time

    # -- Samples --------------------------------------------------------------------------------

    def take(self, sample: Sample, here: JourneyEnd) -> None:
        """Take in a sample while energy flows."""
        time = sample.time
        if time - self.last.time > REPORT_GAP:
            self.has_gaps = True
        if self.stop is not None:
            self.stop, self.was_interrupted, self.state, self.substate = None, True, None, None
            self.is_told = False
        self._take_powers(sample)
        self._take_counters(sample)
        self._take_facts(sample)
        if not self.is_start_sure:
            self._find_start(sample)
        self.last = here
        soc, battery = here.soc, self.battery_temperature
        battery.add(sample.temperature_battery)
        self.ambient.add(sample.temperature_ambient)
        flowed = self.charger.total or self.battery.total
        grid_flowed = self.input.total or self.line.total
        power = self.charger.power or self.battery.power or self.line.power
        row = CurveRow(time, soc, power, sample.temperature_battery, self.energy.total, flowed,
                       self.grid.total, self.total.total, grid_flowed)  # fmt: skip
        # A counter is as old as the last status, so what comes between says nothing of energy.
        is_told = sample.soc is not None or sample.charge_energy is not None
        if is_told or (sample.battery_power is not None and not self.energy.total):
            self.curve.add(row)

    def place(self, sample: Sample) -> None:
        """Take in where the car is, as first reported while it is charged."""
        if self.needs_odometer and sample.odometer is not None:
            self.start = replace(self.start, odometer=sample.odometer)
            self.needs_odometer = False
        if self.needs_position and sample.position is not None:
            self.start = replace(self.start, position=sample.position, altitude=sample.altitude)
            self.needs_position = False

    def _take_powers(self, sample: Sample) -> None:
        time = sample.time
        power = None
        if sample.charge_power is not None and sample.charge_power > 0:
            power = sample.charge_power
            self.charger.add(power, time)
        if sample.battery_power is not None and sample.battery_power < 0:
            self.battery.add(-sample.battery_power, time)
            power = power if self.charger.first is not None else -sample.battery_power
        if sample.charge_power_input is not None and sample.charge_power_input > 0:
            self.input.add(sample.charge_power_input, time)
        if sample.line_voltage and sample.charge_current:
            line = sample.line_voltage * sample.charge_current / 1000
            self.line.add(line, time)
            if self.charger.first is None and self.battery.first is None and power is None:
                power = line * CHARGER_EFFICIENCY
        if power is not None:
            self.power_max = max(power, self.power_max or 0.0)

    def _take_counters(self, sample: Sample, *, is_end: bool = False) -> None:
        time = sample.time
        for meter, value in (
            (self.energy, sample.charge_energy),
            (self.grid, sample.grid_energy),
            (self.total, sample.grid_energy_total),
        ):
            if value is not None:
                expected = self._expected(sample) if meter.is_old else None
                meter.add(value, time, expected=expected, is_end=is_end)

    def _expected(self, sample: Sample) -> float | None:
        """Return about what has flowed until the first reading of a counter."""
        power = sample.charge_power or self.charger.power or self.battery.power
        if power:
            begun = (
                self.start.time if self.is_start_sure or self.earliest is None else self.earliest
            )
            if sample.charge_duration and sample.charge_duration <= sample.time - begun + 60:
                return power * sample.charge_duration / 3600
            return power * (sample.time - begun) / 3600
        if self.capacity and sample.soc is not None and self.start.soc is not None:
            return max(0.0, sample.soc - self.start.soc) * self.capacity / 100
        return None

    def _take_facts(self, sample: Sample) -> None:
        """Keep the last of what the car says of itself."""
        for name in ("plug", "limit_soc", "limit_range", "capacity", "cac", "soh"):
            value = getattr(sample, name)
            if value is not None:
                setattr(self, name, value)
        self.mode = sample.charge_mode or self.mode
        self.efficiency = sample.charger_efficiency or self.efficiency
        self.was_plugged = self.was_plugged or bool(sample.is_plugged)
        if sample.charge_duration is not None:
            self.grew = self.grew or 0 < (self.duration or 0) < sample.charge_duration
            self.duration = sample.charge_duration

    # -- When it began and stopped --------------------------------------------------------------

    def _find_start(self, sample: Sample) -> None:
        """Conclude the start from how long the car says, or the counter shows, it has charged."""
        if self.was_interrupted or sample.time - self.first > REPORT_GAP:
            self.is_start_sure = self.is_start_sure or self.earliest is None
            return
        earliest = sample.time - 14 * 86400 if self.earliest is None else self.earliest
        duration = sample.charge_duration
        if duration and earliest - 60 <= sample.time - duration <= self.first:
            self._begin_at(max(earliest, int(sample.time - duration)))
            self.is_start_sure = sample.time > self.first
            return
        power = self.charger.first or self.battery.first
        if power and self.energy.total > 0 and sample.charge_energy is not None:
            found = int(sample.time - 3600 * self.energy.total / power)
            self._begin_at(min(self.first, max(earliest, found)))

    def _begin_at(self, time: int) -> None:
        self.start = replace(self.start, time=time)

    def halt(self, sample: Sample, here: JourneyEnd, *, moved: bool) -> None:
        """Take in a sample that says that no energy flows."""
        if not moved:
            self.heard = sample.time
        if self.stop is None:
            self.stopped = sample.time
            self.state = self.substate = None
            grown = self.energy.total
            if not moved or self._is_of_this(sample):
                self._take_counters(sample, is_end=True)
            self._find_stop(sample, here, sample.time, self.energy.total - grown, moved=moved)
            for flow in (self.charger, self.battery, self.input, self.line):
                flow.stop()
        elif not moved or (not self.is_told and self._is_of_this(sample)):
            self._take_late(sample, here, moved=moved)
        self.is_told = self.is_told or sample.soc is not None
        if not moved:
            self.limit_soc = sample.limit_soc or self.limit_soc
            self.limit_range = sample.limit_range or self.limit_range
        if not moved and self.state != "done":
            self.state = sample.charge_state or self.state
            self.substate = sample.charge_substate or self.substate

    def _take_late(self, sample: Sample, here: JourneyEnd, *, moved: bool) -> None:
        """Take in what is told some time after it stopped."""
        grown = self.energy.total
        self._take_counters(sample, is_end=True)
        grown = self.energy.total - grown
        if not self.is_told and not self.is_stop_sure and sample.soc is not None:
            self._find_stop(sample, here, self.stopped, grown, moved=moved)
        elif not moved and self.stop is not None and (sample.soc or 0) > (self.stop.soc or 0):
            self.stop = replace(self.stop, soc=sample.soc, ideal_range=here.ideal_range,
                                estimated_range=here.estimated_range)  # fmt: skip

    def _is_of_this(self, sample: Sample) -> bool:
        """Return whether counters read after driving away are still those of the charge."""
        gap, duration = sample.time - self.last.time, sample.charge_duration
        if gap <= REPORT_GAP:
            return True
        if duration is None or not self.grew:
            return False
        return 0 <= duration - (self.duration or 0) <= gap

    def _find_stop(
        self, sample: Sample, here: JourneyEnd, now: int, grown: float, *, moved: bool
    ) -> None:
        """Conclude when it stopped; ``now`` is when that was seen first."""
        before = self.last.time
        gap = now - before
        told, duration = sample.charge_end_time, sample.charge_duration
        is_new = told is not None and told != self.end_time_before
        time, is_sure = now, gap <= SURE_GAP or sample.is_grid_record
        power = self.charger.power or self.battery.power
        if is_new and told is not None and before - 60 <= told <= now + 60:
            time, is_sure = min(told, now), True
        elif is_sure:
            pass
        elif self.grew and duration and 0 <= duration - (self.duration or 0) <= gap:
            time, is_sure = before + int(duration - (self.duration or 0)), True
        elif power and grown > 0:
            time = min(now, before + int(3600 * grown / power))
        elif gap > REPORT_GAP or moved:
            time = self._by_soc(here.soc, now)
        if gap > REPORT_GAP and not is_sure:
            self.has_gaps = True
        stop = self.last if moved else here
        if moved and grown > 0 and stop.soc is not None and self.capacity:
            stop = replace(stop, soc=min(100.0, round(stop.soc + 100 * grown / self.capacity, 1)))
        self.stop = replace(stop, time=max(time, self.start.time))
        self.is_stop_sure = is_sure

    def _by_soc(self, soc: float | None, now: int) -> int:
        """Return when a state of charge was reached that nobody saw being reached."""
        before, start = self.last, self.start
        if None in (soc, before.soc, start.soc):
            return before.time
        gained = (before.soc or 0) - (start.soc or 0)
        more = (soc or 0) - (before.soc or 0)
        if gained <= 0 or more <= 0:
            return before.time
        return min(now, before.time + int(more * (before.time - start.time) / gained))

    # -- The charge -----------------------------------------------------------------------------

    def made(self, learned: float | None, closed: int | None) -> Charge | None:
        """Return the charge; ``None`` if it was none. ``learned`` is the battery's capacity."""
        end = self.stop or self.last
        if end.time < self.start.time:
            end = replace(end, time=self.start.time)
        estimated: set[str] = set()
        capacity = self.capacity or learned
        energy = self._energy(end, capacity, estimated)
        grid = self._grid_energy(end, energy, estimated)
        gained = _gained(self.start, end)
        if not self._is_charge(end, energy, gained):
            return None
        if not self.is_start_sure:
            estimated.add("start")
        if closed is not None and not self.is_stop_sure:
            estimated.add("end")
        own = self.capacity
        if own is None and energy and "energy" not in estimated and gained >= SOC_SPAN:
            own = round(100 * energy / gained, 2)
            estimated.add("capacity")
        return Charge(
            start=self.start, end=end, closed=closed, has_gaps=self.has_gaps,
            estimated=tuple(sorted(estimated)), temperature_ambient=self.ambient.value,
            plug=self.plug, mode=self.mode, energy=_rounded(energy), grid_energy=_rounded(grid),
            power_max=_rounded(self.power_max), ending=self._ending(end, closed),
            temperature_battery=self.battery_temperature.value, capacity=own, cac=self.cac,
            soh=self.soh, curve=tuple(self._points(end, energy, grid, capacity)),
        )  # fmt: skip

    def _is_charge(self, end: JourneyEnd, energy: float | None, gained: float) -> bool:
        if energy is not None:
            return energy >= LEAST_ENERGY or gained >= 2
        return gained >= 1 or end.time - self.start.time >= LEAST_TIME

    def _whole(self, flow: PowerFlow, end: JourneyEnd) -> float | None:
        start = self.start.time
        before = max(0, self.first - start)
        after = max(0, end.time - max(flow.time, self.first)) if flow.power is not None else 0
        if self.stop is not None and flow.time:
            after = max(0, end.time - flow.time)
        return flow.whole(before, after, end.time - start)

    def _energy(self, end: JourneyEnd, capacity: float | None, estimated: set[str]) -> float | None:
        if self.energy.total >= LEAST_ENERGY / 2:
            return self.energy.total
        estimated.add("energy")
        found = self._whole(self.charger, end) or self._whole(self.battery, end)
        if found:
            return found
        gained = _gained(self.start, end)
        line = self._whole(self.line, end)
        if line:
            return line * (self.efficiency or 100 * CHARGER_EFFICIENCY) / 100
        if capacity and gained > 0:
            return gained * capacity / 100
        estimated.discard("energy")
        return None

    def _grid_energy(
        self, end: JourneyEnd, energy: float | None, estimated: set[str]
    ) -> float | None:
        for meter in (self.grid, self.total):
            if meter.total >= LEAST_ENERGY / 2:
                return meter.total
        found = self._whole(self.input, end) or self._whole(self.line, end)
        if not found and energy and self.efficiency:
            found = 100 * energy / self.efficiency
        if found:
            estimated.add("grid_energy")
        return max(found, energy or 0.0) if found else found

    def _points(
        self, end: JourneyEnd, energy: float | None, grid: float | None, capacity: float | None
    ) -> Iterator[CurvePoint]:
        """Yield the curve, with the energies by the source that counts, up to the charge's."""
        rows = [each for each in self.curve.all() if self.start.time < each.time < end.time]
        by_soc = False
        source = "metered" if self.energy.total >= LEAST_ENERGY / 2 else "flowed"
        most = max((getattr(each, source) for each in rows), default=0.0)
        if most <= 0 and energy is not None and capacity:
            by_soc = True
        grid_source = next(
            (name for name, meter in (("grid_metered", self.grid), ("grid_total", self.total))
             if meter.total >= LEAST_ENERGY / 2), "grid_flowed",
        )  # fmt: skip
        most_grid = max((getattr(each, grid_source) for each in rows), default=0.0)
        zero, grid_zero = (None if each is None else 0.0 for each in (energy, grid))
        yield CurvePoint(time=self.start.time, soc=self.start.soc, power=0.0, energy=zero,
                         grid_energy=grid_zero)  # fmt: skip
        for row in rows:
            if energy is None:
                value = None
            elif by_soc:
                value = max(0.0, (row.soc or 0) - (self.start.soc or row.soc or 0))
                value = min(energy, value * (capacity or 0) / 100)
            else:
                value = min(energy, getattr(row, source))
            from_grid = None
            if grid is not None:
                from_grid = min(grid, getattr(row, grid_source)) if most_grid > 0 else None
            yield CurvePoint(
                time=row.time, soc=row.soc, power=_rounded(row.power), energy=_rounded(value),
                grid_energy=_rounded(from_grid), temperature_battery=row.temperature,
            )  # fmt: skip
        if end.time > self.start.time:
            yield CurvePoint(time=end.time, soc=end.soc, power=0.0 if self.stop else
                             _rounded(self.charger.power), energy=_rounded(energy),
                             grid_energy=_rounded(grid))  # fmt: skip

    def _ending(self, end: JourneyEnd, closed: int | None) -> ChargeEnding:
        soc = end.soc
        if closed is None and self.stop is None:
            return ChargeEnding.UNKNOWN
        at_limit = (
            self.limit_soc is not None and self.limit_soc < 100 and soc is not None
            and soc >= self.limit_soc - 1
        ) or (
            self.limit_range is not None and end.ideal_range is not None
            and end.ideal_range >= self.limit_range - 2
        )  # fmt: skip
        if self.state == "done":
            is_full = soc is None or soc >= FULL_SOC or (self.limit_soc is None and soc >= 95)
            return ChargeEnding.FULL if is_full and not at_limit else ChargeEnding.LIMIT
        if at_limit:
            return ChargeEnding.LIMIT
        if self.substate in _INTERRUPTED:
            return ChargeEnding.INTERRUPTED
        if soc is not None and soc >= 99:
            return ChargeEnding.FULL
        if self.state == "stopped" or self.substate in _STOPPED:
            return ChargeEnding.STOPPED
        return ChargeEnding.UNKNOWN


def _gained(start: JourneyEnd, end: JourneyEnd) -> float:
    return 0.0 if start.soc is None or end.soc is None else end.soc - start.soc


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
