"""A simulated Roadster on a bus, parked at a charging station, which obeys command frames.

It shows its state as the real car does, in status frames. HomeLink has none, so the garage door
that it moves is only reported to ``say``, like everything else that the car does. After a while it
falls asleep: it announces that and sends nothing more. Any frame with the dashboard unit's id wakes
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ovms.car.frames import Frame
from ovms.car.vehicles.roadster.encode import (
    BUS_DASHBOARD,
    BUS_TYRES,
    BUS_VDS,
    Signals,
    make_frame,
    vin_signals,
)

VIN = "5YJR0SIM0A1000001"

QUICK, SLOW = 1.0, 10.0
"""Seconds between frames with values that change quickly, and slowly."""

SLEEPS_AFTER = 600.0
"""Seconds without a command or a charge until the car sleeps."""

VOLTS, CAPACITY_KWH = 230, 53.0

FULL = {0: 90.0, 1: 50.0, 3: 100.0, 4: 100.0}
"""% at which a charge ends, by mode."""

CHARGING, DONE, WAITING, STOPPED = 0x01, 0x04, 0x0E, 0x15
"""Charger states."""

SCHEDULED, BY_REQUEST, TIMER_WAIT, RUNNING = 0x02, 0x03, 0x05, 0x09
"""Charger sub-states."""

NO_AMPS, NO_WORD = 0x7F, 0xFFFF

ALWAYS_SET, HANDBRAKE, CHARGE_PORT, PILOT, IS_CHARGING = 0x20, 0x40, 0x04, 0x08, 0x10
LOCKED, VALET = 0x08, 0x10
AWAKE = 0x01

QUESTION = 0x06
"""The first byte of frames that ask for data. They wake a car up, but do not keep it awake."""

MODES = frozenset(FULL)
MINUTE, DAY_MINUTES = 60, 1440


def _say_nothing(text: str) -> None:
    """Do nothing."""


class SimulatedRoadster:
    """See :class:`~ovms.car.vehicles.simulation.Simulation`; ``now`` is Unix time."""

    def __init__(
        self,
        *,
        pin: str = "1234",
        vin: str = VIN,
        soc: float = 60.0,
        pilot: int = 32,
        say: Callable[[str], object] = _say_nothing,
    ) -> None:
        """Make a car. ``pilot`` is what the station offers, A; 0 if none is plugged in."""
        self._pin = pin
        self._vin = vin
        self._soc = soc
        self._pilot = pilot
        self._say = say
        self._is_locked, self._is_valet = True, False
        self._mode, self._limit = 0, 32
        self._timer_mode, self._timer_start = 0, 0
        self._charger, self._substate = STOPPED, BY_REQUEST
        self._charged = self._charging_since = 0.0
        self._told_lock: int | None = None
        self._told_awake = False
        self._now: float | None = None
        self._used = 0.0
        self._quick = self._slow = -SLOW

    # -- time -------------------------------------------------------------------------------

    def poll(self, now: float) -> list[Frame]:
        """See :class:`~ovms.car.vehicles.simulation.Simulation`."""
        self._live(now)
        if not (self._is_awake(now) or self._told_awake):
            return []
        signals: list[tuple[int, Signals]] = []
        if now - self._slow >= SLOW:
            self._slow = now
            signals += self._slow_signals(now)
        if now - self._quick >= QUICK:
            self._quick, self._told_awake = now, self._is_awake(now)
            signals += self._quick_signals(now)
        return [make_frame(now, bus_id, each) for bus_id, each in signals]

    def _live(self, now: float) -> None:
        before, self._now = self._now, now
        if before is None:
            self._used = now
            return
        if self._charger == WAITING and self._is_time(before, now):
            self._start(now, SCHEDULED)
        if self._charger == CHARGING:
            self._charge(now - before, now)

    def _is_awake(self, now: float) -> bool:
        return self._charger == CHARGING or now - self._used < SLEEPS_AFTER

    def _is_time(self, before: float, now: float) -> bool:
        """Return whether the timer's minute has begun between two moments."""
        first, last = int(before // MINUTE) + 1, int(now // MINUTE)
        return any(minute % DAY_MINUTES == self._timer_start for minute in range(first, last + 1))

    def _charge(self, seconds: float, now: float) -> None:
        energy = VOLTS * self._amps * seconds / 3_600_000
        self._charged += energy
        self._soc = min(FULL[self._mode], self._soc + 100 * energy / CAPACITY_KWH)
        self._used = now
        if self._soc >= FULL[self._mode]:
            self._charger, self._substate = DONE, RUNNING
            self._say("charge done")

    @property
    def _amps(self) -> int:
        return min(self._limit, self._pilot)

    # -- what it shows ----------------------------------------------------------------------

    def _quick_signals(self, now: float) -> Iterator[tuple[int, Signals]]:
        is_charging, is_plugged = self._charger == CHARGING, bool(self._pilot)
        doors_1 = ALWAYS_SET | HANDBRAKE
        doors_1 |= (CHARGE_PORT | PILOT if is_plugged else 0) | (IS_CHARGING if is_charging else 0)
        doors_2 = (LOCKED if self._is_locked else 0) | (VALET if self._is_valet else 0)
        yield BUS_VDS, {"Kind": 0x96, "Doors1": doors_1, "Doors2": doors_2,
                        "Doors3": AWAKE if self._told_awake else 0, "Doors4": 0}  # fmt: skip
        if self._told_lock != self._is_locked:
            self._told_lock = self._is_locked
            yield BUS_DASHBOARD, {"DashKind": 0x0E, "Lock": 4 if self._is_locked else 5}
        yield BUS_VDS, {"Kind": 0x80, "Soc": round(self._soc), "IdealRange": round(self._soc * 2.4),
                        "EstimatedRange": round(self._soc * 2.1)}  # fmt: skip
        minutes = int(now - self._charging_since) // MINUTE
        yield BUS_VDS, {"Kind": 0x88, "ChargeCurrent": self._amps if is_charging else NO_AMPS,
                        "ChargeDuration": minutes if is_charging else NO_WORD,
                        "ChargeLimit": self._limit}  # fmt: skip
        yield BUS_VDS, {"Kind": 0x89, "Speed": 0, "LineVoltage": VOLTS if is_charging else NO_WORD,
                        "PilotCurrent": self._pilot or 0xFF}  # fmt: skip
        is_of_2008 = self._vin[9:10] == "8"
        yield BUS_VDS, {"Kind": 0x95, "ChargeState": self._charger,
                        "ChargeSubstate": self._substate, "ChargerB4": 100,
                        "ChargeModeOfSome": self._mode if is_of_2008 else 0,
                        "ChargeMode": 0 if is_of_2008 else self._mode,
                        "ChargeEnergy": int(self._charged)}  # fmt: skip
        yield BUS_VDS, {"Kind": 0x06, "TimerKind": 0x1B, "TimerMode": self._timer_mode}
        yield BUS_VDS, {"Kind": 0x06, "TimerKind": 0x1A,
                        "TimerStart": (self._timer_start - 1) % DAY_MINUTES}  # fmt: skip

    def _slow_signals(self, now: float) -> Iterator[tuple[int, Signals]]:
        yield from ((BUS_VDS, signals) for signals in vin_signals(self._vin))
        yield BUS_VDS, {"Kind": 0x81, "Time": int(now)}
        yield BUS_VDS, {"Kind": 0x82, "AmbientTemperature": 12}
        yield BUS_VDS, {"Kind": 0x83, "Latitude": 47.66035}
        yield BUS_VDS, {"Kind": 0x84, "Longitude": 9.17580}
        yield BUS_VDS, {"Kind": 0x85, "GpsLock": 1, "Direction": 95, "Altitude": 404}
        yield BUS_VDS, {"Kind": 0x97, "Odometer": 23456.7}
        yield BUS_VDS, {"Kind": 0x9C, "Trip": 4.2}
        pressures = {f"Pressure{wheel}": 29.0 for wheel in ("Fl", "Fr", "Rl", "Rr")}
        temperatures = {f"Temperature{wheel}": 14 for wheel in ("Fl", "Fr", "Rl", "Rr")}
        yield BUS_TYRES, pressures | temperatures

    # -- what it is told --------------------------------------------------------------------

    def receive(self, frame: Frame, now: float) -> list[Frame]:
        """See :class:`~ovms.car.vehicles.simulation.Simulation`."""
        if frame.id != BUS_DASHBOARD or frame.is_extended or not frame.data:
            return []
        self._live(now)
        if frame.data[0] != QUESTION or not self._is_awake(now):
            self._used = now
        data = frame.data.ljust(8, b"\0")
        match data[0]:
            case 0x05:
                self._set(data, now)
            case 0x06:
                return [make_frame(now, BUS_VDS, signals) for signals in _asked(frame.data)]
            case 0x09 if data[1] in (0, 2):
                self._say(f"HomeLink {data[2]} {'released' if data[1] else 'pressed'}")
            case 0x0A:
                self._say("woken up")
            case 0x0B if len(frame.data) == 8:
                self._turn(data[1], data[4:])
        return []

    def _set(self, data: bytes, now: float) -> None:
        what, value = data[1], data[4]
        if what == 0x03:
            self._start(now, BY_REQUEST) if value else self._stop()
        elif what == 0x02:
            self._limit = value
            self._say(f"charge current {value} A")
        elif what == 0x19 and value in MODES:
            self._mode = value
            self._say(f"charge mode {value}")
        elif what == 0x1B and value in (0, 1):
            self._timer_mode = value
            self._say(f"charge {'by the timer' if value else 'on plug-in'}")
            if value and self._pilot and self._charger != CHARGING:
                self._charger, self._substate = WAITING, TIMER_WAIT
        elif what == 0x1A:
            self._timer_start = (int.from_bytes(data[4:6], "big") + 1) % DAY_MINUTES
            self._say("charge timer set")

    def _start(self, now: float, substate: int) -> None:
        if self._pilot and self._soc < FULL[self._mode] and self._charger != CHARGING:
            self._charger, self._substate = CHARGING, substate
            self._charging_since, self._charged = now, 0.0
            self._say("charge started")

    def _stop(self) -> None:
        if self._charger in (CHARGING, WAITING):
            self._charger, self._substate = STOPPED, BY_REQUEST
            self._say("charge stopped")

    def _turn(self, what: int, packed: bytes) -> None:
        """Lock, unlock, begin or end valet mode, if the PIN is right."""
        number = int.from_bytes(packed, "little")
        pin = str(number & 0x0FFF_FFFF).zfill(number >> 28)
        if pin != self._pin:
            self._say("wrong PIN")
            return
        match what:
            case 0 | 1:
                self._is_valet = what == 0
                self._say(f"valet mode {'on' if self._is_valet else 'off'}")
            case 2 | 3:
                self._is_locked = what == 2
                self._say("locked" if self._is_locked else "unlocked")


def _asked(data: bytes) -> Iterator[Signals]:
    """Yield the values of the frames that answer a request."""
    if data == bytes.fromhex("06 2C 01 00 00 09 10 00"):
        yield {"Kind": 0xA3, "PemTemperature": 18, "MotorTemperature": 20, "BatteryTemperature": 17}
    elif data == bytes.fromhex("06 D0 07 00 00 80 00 08"):
        yield {"Kind": 0x8F, "CompressorSpeed": 0}
    elif data == bytes.fromhex("06 D0 07 00 00 00 00 40"):
        yield {"Kind": 0x9E, "Capacity": 148.5}
