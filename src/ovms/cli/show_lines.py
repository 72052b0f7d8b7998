"""What is known of a vehicle, in lines: a name, and words for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ovms.app.alerts import ALERT_DAYS
from ovms.app.snapshot import Snapshot
from ovms.cli.measures import AS_CAR, UNKNOWN, ShownUnits, number
from ovms.cli.text import clock_time, duration, fields_of, span
from ovms.protocol.codes import CODES
from ovms.protocol.records import (
    CarFirmware,
    Environment,
    Freshness,
    GroupPosition,
    Location,
    Record,
    ServerFirmware,
    Status,
    WheelPressures,
    legible,
)
from ovms.protocol.records.environment import Doors1, Doors2, Doors5
from ovms.protocol.records.field_types import BitSet
from ovms.protocol.records.status import CHARGE_UNDER_WAY
from ovms.protocol.records.tyres import PSI_PER_KPA

DRAWN = (CarFirmware, Environment, Location, ServerFirmware, Status, WheelPressures)
"""The records that have lines of their own."""

ALERTS_SHOWN = 3
"""The last alerts that are shown."""

OLD = " (old)"
"""Behind a value that the module has marked as stale."""

LOWEST_DBM, DBM_A_LEVEL, LEVELS = -113, 2, 31
"""What the levels of a signal mean."""

CLOCKS_DIFFER = 60.0
"""Seconds by which a module's clock may be ahead of ours: what it says of later is not yet."""

FOUR_WHEELS = ("fl", "fr", "rl", "rr")
"""The wheels of ``W``."""

TYRE_ALERTS = {1: "warning", 2: "ALERT"}


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of the view; ``style`` and ``link`` are for its value."""

    name: str
    value: str
    style: str = ""
    link: str = ""


def lines(snapshot: Snapshot, now: float, units: ShownUnits) -> Iterator[ShownLine]:
    """Yield all that is known of a vehicle but its state of charge, what counts most first."""
    view = _View(snapshot, now, units)
    if snapshot.is_paranoid:
        yield ShownLine("sealed", _sealed(snapshot))
    yield ShownLine("range", view.range())
    yield ShownLine("charge", view.charge())
    yield from view.charge_end()
    yield ShownLine("limits", view.limits())
    yield from view.timer()
    yield ShownLine("battery", view.battery())
    yield ShownLine("12 V", view.auxiliary())
    yield ShownLine("drive", view.drive())
    yield ShownLine("odometer", view.odometer())
    yield ShownLine("open", view.openings())
    yield view.lock()
    yield ShownLine("temperature", view.temperatures())
    yield ShownLine("position", place(snapshot.location, units))
    yield from view.map_link()
    yield ShownLine("tyres", view.tyres())
    yield from _alerts(snapshot, now)
    yield ShownLine("signal", view.signal())
    yield ShownLine("firmware", view.firmware())
    yield from _others(snapshot)


class _View:
    """The words for each line, of one vehicle at one moment."""

    def __init__(self, snapshot: Snapshot, now: float, units: ShownUnits) -> None:
        self._snapshot = snapshot
        self._now = now
        self._units = units
        self._status = snapshot.status
        self._environment = snapshot.environment
        self._location = snapshot.location
        self._unit = {"K": "km", "M": "mi"}.get(snapshot.status.units or "")
        self._is_charging = self._status.charge_state in CHARGE_UNDER_WAY

    def _distance(self, value: float | None) -> str:
        return self._units.distance(value, self._unit)

    def range(self) -> str:
        """Return the ranges."""
        status = self._status
        ideal = f"{self._distance(status.ideal_range)} ideal"
        return f"{self._distance(status.estimated_range)} estimated, {ideal}"

    # -- charge -----------------------------------------------------------------------------

    def charge(self) -> str:
        """Return the state of the charge, and what flows."""
        status = self._status
        words = [legible(status.charge_state or UNKNOWN), legible(status.charge_mode or "")]
        if self._is_charging:
            flow = f"{number(status.line_voltage, 'V')} {number(status.charge_current, 'A', 1)}"
            words.append(f"{number(self._charge_power(), 'kW', 1)} ({flow})")
        if _positive(status.charge_energy):
            words.append(number(status.charge_energy, "kWh"))
        if self._is_charging and (seconds := _positive(status.charge_duration)):
            words.append(f"for {span(seconds / 60)}")
        if self._is_charging and status.range_speed:
            words.append(f"range +{self._units.speed(status.range_speed, self._unit)}")
        return ", ".join(word for word in words if word)

    def _charge_power(self) -> float | None:
        """Return the kW that go into the battery, or else into the charger, if need be computed."""
        status = self._status
        for power in (status.charge_power, status.charge_power_input):
            if power:
                return power
        flow = self._location.battery_power
        if flow is not None and flow < 0:
            return -flow
        volts, amps = _positive(status.line_voltage), _positive(status.charge_current)
        return volts * amps / 1000 if volts and amps else None

    def charge_end(self) -> Iterator[ShownLine]:
        """Yield when the charge ends, while there is one, and when the last one ended."""
        status = self._status
        if self._is_charging:
            ends = {"full": status.minutes_to_full, "at the limit": status.minutes_to_limit}
            if not _positive(status.minutes_to_limit):
                soc, distance = status.minutes_to_soc_limit, status.minutes_to_range_limit
                ends |= {"at the limit": _positive(soc) or distance}
            known = [self._end(word, minutes) for word, minutes in ends.items() if minutes]
            yield ShownLine("done", ", ".join(filter(None, known)) or UNKNOWN)
        elif 0 < (ended := status.charge_end_time or 0) <= self._now + CLOCKS_DIFFER:
            yield ShownLine("last charge", f"ended {clock_time(ended, self._now)}")

    def _end(self, what: str, minutes: float) -> str:
        if minutes <= 0:
            return ""
        due = self._snapshot.messages["S"].time + minutes * 60
        left = (due - self._now) / 60
        wait = f"in {span(left)}, " if left >= 0.5 else "due "
        return f"{what} {wait}at {clock_time(due, self._now)}"

    def limits(self) -> str:
        """Return where the charge stops, and its current."""
        status = self._status
        words = [f"{number(_positive(status.charge_limit), 'A')}"]
        if _positive(status.limit_soc):
            words.append(f"stop at {number(status.limit_soc, '%')}")
        if _positive(status.limit_range):
            words.append(f"stop at {self._distance(status.limit_range)}")
        is_told = any(
            limit is not None and limit >= 0 for limit in (status.limit_soc, status.limit_range)
        )
        return ", ".join(words if len(words) > 1 or not is_told else [*words, "charge to full"])

    def timer(self) -> Iterator[ShownLine]:
        """Yield when the charge begins, if by a timer."""
        status = self._status
        if status.charge_timer_mode == 1 and status.charge_timer_start is not None:
            seconds = status.charge_timer_start % 86400
            start = self._now - self._now % 86400 + seconds
            start += 86400 if start < self._now else 0
            old = _old(status, "charge_timer_start")
            yield ShownLine("timer", f"charge at {clock_time(start, self._now).split()[-1]}{old}")

    def battery(self) -> str:
        """Return the battery's health, voltage, current and capacity."""
        status, environment = self._status, self._environment
        words = [f"SOH {number(_positive(status.soh), '%', 1)}"]
        if _positive(status.battery_voltage):
            flow = (
                f"{number(status.battery_voltage, 'V', 1)} {number(status.battery_current, 'A', 1)}"
            )
            words.append(flow)
        if _positive(status.battery_capacity):
            words.append(f"{number(status.battery_capacity, 'kWh')} usable")
        if _positive(status.cac):
            words.append(number(status.cac, "Ah"))
        heat = self._units.temperature(environment.temperature_battery)
        return ", ".join([*words, f"{heat}{_old(environment, 'temperature_battery')}"])

    def auxiliary(self) -> str:
        """Return the 12 V line."""
        environment = self._environment
        text = number(_positive(environment.voltage_12v), "V", 1)
        if _positive(environment.voltage_12v_ref):
            text += f" (reference {number(environment.voltage_12v_ref, 'V', 1)})"
        if environment.current_12v:
            text += f", {number(environment.current_12v, 'A', 1)}"
        return f"{text}, charging" if environment.is_set(Doors5.CHARGING_12V) else text

    # -- drive ------------------------------------------------------------------------------

    def drive(self) -> str:
        """Return whether the car is on, how fast it is, and its power."""
        environment = self._environment
        words = [_switched(environment.is_set(Doors1.CAR_ON))]
        words.append(self._units.speed(environment.speed, self._unit))
        power = self._location.battery_power
        if power and not self._is_charging:
            words.append(number(power, "kW", 1))
        if parked := _positive(environment.parking_time):
            age = self._now - self._snapshot.messages["D"].time
            words.append(f"parked for {duration(parked + max(0.0, age))}")
        if environment.is_set(Doors1.HANDBRAKE):
            words.append("hand brake")
        return ", ".join(words)

    def odometer(self) -> str:
        """Return the meters."""
        environment = self._environment
        trip = f"trip {self._distance(environment.trip)}"
        return f"{self._distance(_positive(environment.odometer))}, {trip}"

    # -- body -------------------------------------------------------------------------------

    def openings(self) -> str:
        """Return what is open, of every door, and of which that is not known."""
        states = [(name, self._environment.is_set(bit)) for bit, name in OPENINGS]
        unknown = [name for name, state in states if state is None]
        if len(unknown) == len(OPENINGS):
            return UNKNOWN
        is_open = [name for name, state in states if state]
        text = ", ".join(is_open) or "nothing"
        return f"{text} (unknown: {', '.join(unknown)})" if unknown else text

    def lock(self) -> ShownLine:
        """Return the lock and the alarm."""
        environment, alarm = self._environment, self._snapshot.alarm
        words = [_locked(environment)]
        words += ["valet mode"] if environment.is_set(Doors2.VALET) else []
        words += ["headlights on"] if environment.is_set(Doors2.HEADLIGHTS) else []
        if alarm:
            return ShownLine("lock", ", ".join([*words, "ALARM SOUNDS"]), "bold red")
        return ShownLine("lock", ", ".join([*words, f"alarm {_switched(alarm)}"]))

    def temperatures(self) -> str:
        """Return the temperatures; the battery's stands with the battery."""
        environment, write = self._environment, self._units.temperature
        old = _old(environment, "temperature_motor") or _old(environment, "temperature_pem")
        outside = write(environment.temperature_ambient)
        words = [f"outside {outside}{_old(environment, 'temperature_ambient')}"]
        if environment.temperature_cabin is not None:
            words.append(f"cabin {write(environment.temperature_cabin)}")
        words.append(f"motor {write(environment.temperature_motor)}{old}")
        words.append(f"electronics {write(environment.temperature_pem)}{old}")
        if environment.temperature_charger is not None:
            words.append(f"charger {write(environment.temperature_charger)}")
        climate = environment.is_set(Doors5.HVAC)
        if climate is not None:
            words.append(f"climate {_switched(climate)}")
        return ", ".join(words)

    def map_link(self) -> Iterator[ShownLine]:
        """Yield the address of a map, where there is a position."""
        location = self._location
        if place(location) != UNKNOWN:
            at = f"mlat={location.latitude:.5f}&mlon={location.longitude:.5f}"
            link = f"https://osm.org/?{at}&zoom=16"
            yield ShownLine("map", link, link=link)

    def tyres(self) -> str:
        """Return pressure and temperature of each wheel."""
        found = self._wheels()
        if found is None:
            return UNKNOWN
        names, pressures, heats, levels, stale = found
        written = [self._units.pressure(kpa, self._unit) for kpa in pressures]
        words = [
            " ".join(filter(None, (legible(name), text, TYRE_ALERTS.get(int(level or 0)))))
            for name, (text, _), level in zip(names, written, levels, strict=True)
        ]
        text = f"{', '.join(words)} {written[0][1]}"
        if any(heat is not None for heat in heats):
            text += f"; {', '.join(map(self._units.temperature, heats))}"
        return text + (OLD if stale == 0 else "")

    def _wheels(self) -> _Wheels | None:
        """Return the wheels as ``Y`` has them, or else ``W``; ``None`` where nothing is known."""
        tyres, wheels = self._snapshot.tyres, self._snapshot.wheels
        if tyres.names and tyres.pressure is not None:
            count = len(tyres.names)
            sections = (tyres.pressure, tyres.temperature, tyres.alert)
            values = [_padded(each.values if each else (), count) for each in sections]
            found = _Wheels(tyres.names, values[0], values[1], values[2], tyres.pressure.validity)
        else:
            psi = [getattr(wheels, f"{name}_pressure") for name in FOUR_WHEELS]
            heats = tuple(getattr(wheels, f"{name}_temperature") for name in FOUR_WHEELS)
            pressures = tuple(None if each is None else each / PSI_PER_KPA for each in psi)
            found = _Wheels(FOUR_WHEELS, pressures, heats, (None,) * 4, wheels.stale)
        return found if any(found.pressures) else None

    # -- module -----------------------------------------------------------------------------

    def signal(self) -> str:
        """Return how well the module hears its mobile network, and which that is."""
        firmware = self._snapshot.firmware
        level = firmware.gsm_signal
        if level is None or not 0 <= level <= LEVELS:
            text = UNKNOWN
        else:
            text = f"{level:g} of {LEVELS} ({LOWEST_DBM + DBM_A_LEVEL * level:g} dBm)"
        words = [text, *filter(None, (firmware.network, firmware.network_mode))]
        return ", ".join(map(legible, words))

    def firmware(self) -> str:
        """Return what the module is."""
        firmware = self._snapshot.firmware
        words = [firmware.firmware or UNKNOWN]
        words += [f"on {firmware.hardware}"] if firmware.hardware else []
        words += [f"type {firmware.car_type}"] if firmware.car_type else []
        words += [f"VIN {firmware.vin}"] if firmware.vin else []
        return legible(", ".join(words))


class _Wheels(NamedTuple):
    """What is known of each wheel, in kPa and °C."""

    names: tuple[str, ...]
    pressures: tuple[float | None, ...]
    temperatures: tuple[float | None, ...]
    levels: tuple[float | None, ...]
    stale: float | None


OPENINGS: tuple[tuple[BitSet, str], ...] = (
    (Doors1.LEFT_DOOR, "left door"),
    (Doors1.RIGHT_DOOR, "right door"),
    (Doors5.REAR_LEFT_DOOR, "rear left door"),
    (Doors5.REAR_RIGHT_DOOR, "rear right door"),
    (Doors1.CHARGE_PORT, "charge port"),
    (Doors2.BONNET, "bonnet"),
    (Doors5.FRUNK, "front trunk"),
    (Doors2.TRUNK, "trunk"),
)
"""What can be open, each after the bit that says so."""


def _old(record: Record, field: str) -> str:
    """Return what stands behind a value of some time ago."""
    return OLD if record.freshness(field) is Freshness.OLD else ""


def _switched(is_on: bool | None) -> str:
    return UNKNOWN if is_on is None else "on" if is_on else "off"


def _locked(environment: Environment) -> str:
    is_locked = environment.is_set(Doors2.LOCKED)
    if is_locked is not None:
        return "locked" if is_locked else "unlocked"
    return {4: "locked", 5: "unlocked"}.get(int(environment.lock_state or 0), UNKNOWN)


def _positive(value: float | None) -> float | None:
    """Return a value that cannot be 0 or less; ``None`` for a module that says so all the same."""
    return value if value is not None and value > 0 else None


def _padded(values: tuple[float | None, ...], count: int) -> tuple[float | None, ...]:
    return (*values, *[None] * count)[:count]


def place(position: Location | GroupPosition, units: ShownUnits = AS_CAR) -> str:
    """Return a position; a dash where there is none."""
    latitude, longitude = position.latitude, position.longitude
    if latitude is None or longitude is None:
        return UNKNOWN
    is_on_earth = abs(latitude) <= 90 and abs(longitude) <= 180
    if not is_on_earth or not (latitude or longitude):
        return UNKNOWN  # what a receiver without a position sends
    words = [f"{latitude:.5f} {longitude:.5f}", units.height(position.altitude)]
    if isinstance(position, Location) and position.satellites:
        words.append(f"{position.satellites:g} satellites")
    if not position.gps_lock:
        words.append("no GPS lock now")
    return ", ".join(words) + _old(position, "latitude")


def _others(snapshot: Snapshot) -> Iterator[ShownLine]:
    """Yield a line for each record that the lines above do not show."""
    for code, seen in sorted(snapshot.messages.items()):
        if isinstance(seen.content, Record) and not isinstance(seen.content, DRAWN):
            yield ShownLine(CODES[code].meaning, fields_of(seen))


def _alerts(snapshot: Snapshot, now: float) -> Iterator[ShownLine]:
    styles = {"A": "bold red", "E": "red"}
    shown: Sequence[str] = ["alerts", *[""] * ALERTS_SHOWN]
    last = snapshot.alert_log.alerts[-ALERTS_SHOWN:]
    if not last:
        is_known = snapshot.alert_log.is_loaded
        yield ShownLine("alerts", f"none in {ALERT_DAYS} days" if is_known else UNKNOWN)
    for name, told in zip(shown, reversed(last), strict=False):
        text = " / ".join(legible(told.alert.text).splitlines())
        yield ShownLine(
            name, f"{clock_time(told.time, now)}  {text}", styles.get(told.alert.kind, "")
        )


def _sealed(snapshot: Snapshot) -> str:
    """Return how far paranoid mode can be read."""
    if snapshot.opener.is_wrong:
        return "the paranoid password does not open it"
    codes = [code for code, seen in sorted(snapshot.messages.items()) if seen.is_sealed]
    if not codes:
        return "opened"
    hint = "" if snapshot.opener.has_password else "; it takes the paranoid password"
    return f"{' '.join(codes)} cannot be read{hint}"
