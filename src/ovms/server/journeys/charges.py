"""Charges: from plugging in to the last kilowatt-hour, seen or not.

The car says that it is charged by a word (``S``, ``*-LOG-Grid``) or by a bit (``D``); which of them
a car has shows with the first charge. Interruptions that are short make no new charge. A state of
charge that has risen while the vehicle was parked and nobody saw it is a charge, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from ovms.protocol.records.status import CHARGE_UNDER_WAY
from ovms.server.journeys.charging import (
    REPORT_GAP,
    SOC_SPAN,
    SURE_GAP,
    CounterReadings,
    OpenCharge,
)
from ovms.server.journeys.marks import journey_end
from ovms.server.journeys.unseen import SocRun, made_unseen
from ovms.server.journeys.values import JourneyEnd

if TYPE_CHECKING:
    from ovms.server.journeys.known import Known
    from ovms.server.journeys.samples import Sample
    from ovms.server.journeys.values import Charge

INTERRUPTION_LIMIT: Final = 600
"""Seconds; a shorter interruption does not end a charge."""
PREPARE_LIMIT: Final = 3600
"""Seconds that a charge may be prepared, or the battery be heated for it."""
TELLING_LIMIT: Final = 7200
"""Seconds that a charge which has stopped waits for a status with its last counters."""
LAST_COUNTERS: Final = 120
"""Seconds after driving away in which a status tells what the charge took."""
MOVED: Final = 0.3
"""km; an odometer that has risen by more says that the car was driven."""
WALKING: Final = 5.0
"""km/h; a car that is faster is driven, and what flows into its battery is recovered."""

_FLOWING: Final = frozenset({"charging", "topoff"})
_PREPARING: Final = CHARGE_UNDER_WAY - _FLOWING


class ChargeSays(Enum):
    """What the car says of charging."""

    IDLE = "idle"
    PREPARING = "preparing"
    FLOWING = "flowing"


@dataclass(slots=True)
class ChargeTracker:
    """Follows a vehicle from charge to charge."""

    word: str | None = None
    """The last charge state, and when it was said; so the bit."""
    word_time: int = 0
    has_word: bool = False
    """The car has said by its word that it was charged."""
    bit: bool | None = None
    bit_time: int = 0
    bit_since: int | None = None
    """Since when the bit says that it is charged."""
    has_bit: bool = False
    has_plug: bool = False
    """The car has said that it was plugged in."""
    odometer_time: int = 0
    """When it was last reported; so the next."""
    position_time: int = 0
    idle: JourneyEnd | None = None
    """When the battery was last reported and not charged."""
    idle_time: int | None = None
    """The time of the last sample at which it was not charged."""
    silent_since: int | None = None
    """When the last silence began, if no status came since."""
    counters: CounterReadings = field(default_factory=CounterReadings)
    """As they were when the battery was last reported."""
    prepared: int | None = None
    """Since when a charge is prepared."""
    charge: OpenCharge | None = None
    run: SocRun | None = None
    """A rise of the state of charge that no charge explains yet."""
    learned: float | None = None
    """The capacity that charges show, kWh."""

    @property
    def is_charging(self) -> bool:
        """Whether a charge is under way, or stopped so lately that it may go on."""
        return self.charge is not None

    def step(self, sample: Sample, known: Known) -> list[Charge]:
        """Return the charges that a sample showed to be over."""
        is_news = self._listen(sample)
        phase = self._phase()
        charge = self.charge
        if _is_driving(sample, known):
            phase, is_news = ChargeSays.IDLE, True
        closed: list[Charge] = []
        if charge is not None:
            self._go_on(charge, sample, known, phase, closed, is_news=is_news)
        if self.charge is None:
            self._wait(sample, known, phase, closed, is_news=is_news)
        return closed

    def ongoing(self) -> Charge | None:
        """Return the charge that goes on."""
        if self.charge is not None:
            return self.charge.made(self.learned, None)
        return None if self.run is None else self._unseen(self.run, None)

    # -- What the car says ----------------------------------------------------------------------

    def _listen(self, sample: Sample) -> bool:
        """Take in what a sample says of charging; return whether it says something."""
        is_news = False
        word = sample.charge_state
        if word is not None:
            self.word, self.word_time, is_news = word, sample.time, True
            self.has_word = self.has_word or word in CHARGE_UNDER_WAY
        elif sample.soc is not None and not (sample.is_trip_record or sample.is_grid_record):
            self.word = None
        bit = sample.is_charging
        if bit is not None:
            if bit and not self.bit:
                self.bit_since = sample.time
            self.bit, self.bit_time = bit, sample.time
            self.has_bit = self.has_bit or (bit and not (sample.speed or 0) > WALKING)
            is_news = is_news or self.has_bit
        self.has_plug = self.has_plug or bool(sample.is_plugged)
        if sample.odometer is not None:
            self.odometer_time = sample.time
        if sample.position is not None:
            self.position_time = sample.time
        return is_news

    def _phase(self) -> ChargeSays:
        """Return what the car says: the word counts, until a later bit says that it is over."""
        word = self.word
        if word in CHARGE_UNDER_WAY:
            if self.bit is False and self.has_bit and self.bit_time > self.word_time:
                return ChargeSays.IDLE
            return ChargeSays.FLOWING if word in _FLOWING else ChargeSays.PREPARING
        if word is not None and self.has_word:
            return ChargeSays.IDLE
        return ChargeSays.FLOWING if self.bit else ChargeSays.IDLE

    # -- A charge that goes on ------------------------------------------------------------------

    def _go_on(
        self, charge: OpenCharge, sample: Sample, known: Known, phase: ChargeSays,
        closed: list[Charge], *, is_news: bool,
    ) -> None:  # fmt: skip
        if not _is_driving(sample, known):
            charge.place(sample)
        moved = _is_driving(sample, known) or _has_moved(charge.start.odometer, known)
        if moved and not charge.is_told and _is_early(charge, sample):
            charge.moved = charge.moved or sample.time
            return
        if moved or self._is_another(charge, sample):
            charge.halt(sample, journey_end(sample.time, known), moved=True)
            self._close(charge, sample, known, closed)
            return
        if _is_over(charge, sample, phase):
            self._close(charge, sample, known, closed)
        elif phase is not ChargeSays.IDLE and (is_news or _has_power(sample)):
            charge.take(sample, journey_end(sample.time, known))
        elif is_news or charge.stop is not None:
            charge.halt(sample, journey_end(sample.time, known), moved=False)
            if sample.is_plugged is False and charge.was_plugged:
                self._close(charge, sample, known, closed)

    def _is_another(self, charge: OpenCharge, sample: Sample) -> bool:
        """Return whether a sample after a silence is of a charge that began meanwhile."""
        if sample.time - charge.last.time <= REPORT_GAP:
            return False
        before, now = charge.last.soc, sample.soc
        if before is not None and now is not None and now < before - 2:
            return True
        duration = sample.charge_duration
        restarted = charge.grew and duration is not None and 0 < duration < (charge.duration or 0)
        last, energy = charge.energy.last, sample.charge_energy
        return restarted and last is not None and energy is not None and energy < last

    def _close(
        self, charge: OpenCharge, sample: Sample, known: Known, closed: list[Charge]
    ) -> None:
        made = charge.made(charge.capacity or self.learned, sample.time)
        self.charge = self.prepared = self.run = None
        end = charge.stop or charge.last
        self.idle, self.idle_time = end, max(end.time, charge.last.time, charge.heard)
        self.silent_since = None
        self.counters = replace(
            self.counters, time=end.time, energy=charge.energy.last, grid=charge.grid.last,
            total=charge.total.last, duration=charge.duration,
            end_time=known.values.charge_end_time,
        )  # fmt: skip
        if made is not None:
            closed.append(made)
            self._learn(made)

    def _learn(self, charge: Charge) -> None:
        start, end = charge.start.soc, charge.end.soc
        if start is None or end is None or not charge.energy or end - start < SOC_SPAN:
            return
        if "energy" not in charge.estimated:
            found = 100 * charge.energy / (end - start)
            self.learned = found if self.learned is None else 0.7 * self.learned + 0.3 * found

    # -- No charge, yet -------------------------------------------------------------------------

    def _wait(
        self, sample: Sample, known: Known, phase: ChargeSays, closed: list[Charge], *,
        is_news: bool,
    ) -> None:  # fmt: skip
        if phase is ChargeSays.FLOWING and is_news:
            self._open(sample, known, closed)
            return
        if phase is ChargeSays.PREPARING and is_news:
            if self.prepared is None:
                self.prepared = sample.time
            return
        if phase is ChargeSays.IDLE and (is_news or self.prepared is None):
            self.prepared = None
        if self.prepared is None:
            self._rest(sample, known, closed)

    def _open(self, sample: Sample, known: Known, closed: list[Charge]) -> None:
        """Begin a charge with the first sample that says it."""
        here, idle, earliest = journey_end(sample.time, known), self.idle, self.idle_time
        if idle is not None and _has_moved(idle.odometer, known):
            idle = None
        self._finish_run(sample.time, closed)
        prepared = self.prepared
        if prepared is not None and sample.time - prepared > PREPARE_LIMIT:
            prepared = None
        earliest = prepared or earliest
        gap = None if earliest is None else sample.time - earliest
        time, is_sure = sample.time, gap is not None and (gap <= SURE_GAP or sample.is_grid_record)
        if prepared is not None:
            time, is_sure = prepared, True
        elif self.bit and 0 <= sample.time - (self.bit_since or 0) <= SURE_GAP:
            time = self.bit_since or time
        if not is_sure and gap is not None and gap <= REPORT_GAP:
            time = sample.time - gap // 2
        start = replace(here if idle is None else idle, time=time, position=here.position,
                        altitude=here.altitude, odometer=here.odometer)  # fmt: skip
        values = known.values
        charge = OpenCharge(start=start, first=sample.time, earliest=earliest, last=here)
        charge.is_start_sure = is_sure
        charge.has_gaps = gap is not None and gap > REPORT_GAP and idle is not None
        for name in ("plug", "limit_soc", "limit_range", "capacity", "cac", "soh"):
            setattr(charge, name, getattr(values, name))
        charge.mode, charge.was_plugged = values.charge_mode, bool(values.is_plugged)
        charge.needs_odometer = sample.time - self.odometer_time > SURE_GAP
        charge.needs_position = sample.time - self.position_time > SURE_GAP
        charge.begin(self.counters)
        self.charge, self.prepared = charge, None
        charge.take(sample, here)
        self._place_start(charge, sample)

    def _place_start(self, charge: OpenCharge, sample: Sample) -> None:
        """Have a charge that began in a silence begin with the battery as it was then."""
        start, gap = charge.start, charge.first - (charge.earliest or charge.first)
        if gap <= REPORT_GAP or sample.soc is None or start.soc is None:
            return
        capacity = charge.capacity or self.learned
        if charge.energy.total > 0 and capacity:
            soc = max(0.0, sample.soc - 100 * charge.energy.total / capacity)
        else:
            soc = start.soc
        if start.time != charge.first and charge.energy.total == 0 and sample.soc <= start.soc + 3:
            soc = min(start.soc, sample.soc)
        charge.start = replace(start, soc=min(round(soc, 1), sample.soc))

    def _rest(self, sample: Sample, known: Known, closed: list[Charge]) -> None:
        """Note the battery while it is not charged, and look for what nobody saw."""
        time = sample.time
        tells = sample.soc is not None
        if not tells and sample.charge_energy is None and sample.grid_energy_total is None:
            if self.run is not None and _is_driving(sample, known):
                self._finish_run(time, closed)
            if not sample.is_connected:
                self._hear(sample)
            return
        here = journey_end(time, known)
        values = known.values
        readings = CounterReadings(
            time=time, energy=values.charge_energy, grid=values.grid_energy,
            total=values.grid_energy_total, duration=values.charge_duration,
            end_time=values.charge_end_time,
        )  # fmt: skip
        if self.idle is not None and self.idle_time is not None:
            heard = self.idle_time if self.silent_since is None else self.silent_since
            self._compare(self.idle, heard, here, readings, known, closed)
        self.idle, self.idle_time, self.counters = here, time, readings
        self.silent_since = None

    def _hear(self, sample: Sample) -> None:
        """Note that the vehicle was heard of and was not charged."""
        if self.idle_time is None or (sample.is_on is None and sample.position is None):
            return
        if self.silent_since is None and sample.time - self.idle_time > REPORT_GAP:
            self.silent_since = self.idle_time
        self.idle_time = sample.time

    def _compare(
        self, before: JourneyEnd, heard: int, here: JourneyEnd, readings: CounterReadings,
        known: Known, closed: list[Charge],
    ) -> None:  # fmt: skip
        """Begin, go on with or end a rise of the state of charge."""
        gap = here.time - heard
        is_moving = _has_moved(before.odometer, known) or bool(known.values.is_on)
        run = self.run
        if run is not None and (is_moving or run.is_over(here)):
            self._finish_run(here.time, closed)
            run = None
        if is_moving and gap <= REPORT_GAP:
            return
        if run is None:
            run = SocRun(start=replace(before, time=heard), end=here, before=self.counters,
                         after=readings)  # fmt: skip
            if not run.rises():
                return
            self.run = run
        run.capacity = known.values.capacity
        run.extend(here, readings, gap, is_plugged=known.values.is_plugged)
        if is_moving:
            run.was_moved = True
            self._finish_run(here.time, closed)

    def _finish_run(self, time: int, closed: list[Charge]) -> None:
        """End a rise of the state of charge; it is a charge if nothing speaks against it."""
        run, self.run = self.run, None
        made = None if run is None else self._unseen(run, time)
        if made is not None:
            closed.append(made)

    def _unseen(self, run: SocRun, closed: int | None) -> Charge | None:
        is_mute = not (self.has_word or self.has_bit)
        if run.gap <= REPORT_GAP and not is_mute:
            return None
        if run.gap <= REPORT_GAP and self.has_plug and not run.was_plugged:
            return None
        return made_unseen(run, self.learned, closed)


def _is_over(charge: OpenCharge, sample: Sample, phase: ChargeSays) -> bool:
    """Return whether a charge has stopped for so long that it is over."""
    if charge.stop is None or sample.time - charge.stop.time <= INTERRUPTION_LIMIT:
        return False
    since = sample.time - charge.stopped
    if phase is ChargeSays.IDLE:
        return charge.is_told or since > TELLING_LIMIT
    return since > INTERRUPTION_LIMIT


def _is_early(charge: OpenCharge, sample: Sample) -> bool:
    """Return whether a charge's last counters may still come, in the status after driving away."""
    if sample.soc is not None or sample.time - charge.last.time <= SURE_GAP:
        return False
    return charge.moved is None or sample.time - charge.moved <= LAST_COUNTERS


def _has_power(sample: Sample) -> bool:
    return sample.battery_power is not None


def _is_driving(sample: Sample, known: Known) -> bool:
    """Return whether the car is under way, so that what flows into the battery is recovered."""
    if sample.speed is not None and sample.speed > WALKING:
        return sample.is_on is not False
    values = known.values
    if values.is_on is False or (values.speed or 0) <= WALKING:
        return False
    return (known.age("speed") or 0) <= INTERRUPTION_LIMIT


def _has_moved(before: float | None, known: Known) -> bool:
    """Return whether the odometer has risen."""
    now = known.values.odometer
    return before is not None and now is not None and now - before > MOVED
