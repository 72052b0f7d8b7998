"""What a vehicle's latest messages say, in groups, with one unit for each kind of value. Pure.

:data:`GROUPS` is the table: which message a group is from, and what each of its facts is. Answers,
their description and the events of live state are made from it.

Distances are in kilometres, whatever unit the car is set to; without that unit they are unknown. A
group is stale if its module marks what it holds as read some time ago, or if the car should have
said it again by now: telemetry within :data:`STALE_AGE`, the rest whenever it connects.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from ovms.protocol.codes import CODES, parse_content
from ovms.protocol.commands import CHARGE_MODE_NUMBERS
from ovms.protocol.messages import Message
from ovms.protocol.modules import ModuleKind, module_kind
from ovms.protocol.records import Capabilities, Freshness, Record, Tyres, WheelPressures, legible
from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4, Doors5
from ovms.protocol.records.status import (
    CHARGE_SUBSTATES,
    CHARGE_UNDER_WAY,
    KM_PER_MILE,
    PLUG_TYPES,
)
from ovms.protocol.records.tyres import PSI_PER_KPA

if TYPE_CHECKING:
    from ovms.protocol.messages import LatestMessage
    from ovms.protocol.records import Content
    from ovms.protocol.records.field_types import BitSet
    from ovms.protocol.records.tyres import Readings
    from ovms.server.hub.latest import LatestMessages

    Latest = Mapping[str, LatestMessage]
    """A vehicle's latest messages by code."""

STALE_AGE: Final = 1200.0
"""Seconds after which telemetry is stale: a car that nobody watches reports every ten minutes."""

KEPT_READINGS: Final = 2000
"""Messages whose facts are remembered, some 3 kB each; the ones asked for longest ago give way."""

KEPT_LENGTH: Final = 1024
"""Bytes of the longest message that is; a real one has some 300."""

WHEELS_LIMIT: Final = 64
"""Wheels that are told; the longest lorry has some thirty."""

RANGES_LIMIT: Final = 1000
"""Ranges of commands that are told; a module has some ten."""

FIELD_GENERATIONS: Final = ("1", "2", "3")
"""What the firmware of the modules on the road begins with: they send the alarm in one bit."""

_CHARGE_MODES: Final = {number: word for word, number in CHARGE_MODE_NUMBERS.items()}

ALERT_WORDS: Final[Mapping[float, str]] = {0: "none", 1: "warning", 2: "alert"}
"""The levels of a tyre's alert."""

Value = str | float | bool | list[dict[str, Any]] | None


@dataclass(frozen=True, slots=True)
class Source:
    """A message that is read: its content without what its sender does not know, and what it means.

    ``km`` are kilometres in one of its distances, ``None`` if that is not known.
    """

    content: Any
    km: float | None
    alarm: BitSet


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of a group: its name in JSON, its type, what it is with its unit, and where from."""

    name: str
    type: type
    meaning: str
    read: Callable[[Source], Value]
    field: str = ""
    """The record's field, whose stale mark counts."""
    kind: str = ""
    """How it is read, for who reads it in another language; its own name if no other is so."""
    bit: BitSet | None = None
    limit: float | None = None
    """A value is unknown that is farther from 0."""
    words: Mapping[int, str] | None = None


@dataclass(frozen=True, slots=True)
class FactGroup:
    """What one message says of one matter."""

    name: str
    code: str
    meaning: str
    facts: tuple[Fact, ...]
    stale_by: tuple[str, ...] = ()
    """Facts whose mark makes the whole group stale."""


def _round(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None


def _reader(field: str) -> Callable[[Source], Value]:
    """Return what reads a field as it is."""
    return lambda source: getattr(source.content, field)


def _number(name: str, field: str, meaning: str) -> Fact:
    return Fact(name, float, meaning, _reader(field), field, "value")


def _distance(name: str, field: str, meaning: str) -> Fact:
    def read(source: Source) -> Value:
        value = getattr(source.content, field)
        return None if value is None or source.km is None else _round(value * source.km)

    return Fact(name, float, meaning, read, field, "distance")


def _minutes(name: str, field: str, meaning: str) -> Fact:
    """Return a fact that is a time in minutes on the wire; one below 0 stands for unknown."""

    def read(source: Source) -> Value:
        value = getattr(source.content, field)
        return None if value is None or value < 0 else _round(value * 60)

    return Fact(name, float, meaning, read, field, "minutes")


def _angle(name: str, limit: float, meaning: str) -> Fact:
    def read(source: Source) -> Value:
        value = getattr(source.content, name)
        return value if value is not None and abs(value) <= limit else None

    return Fact(name, float, meaning, read, name, "angle", limit=limit)


def _text(name: str, field: str, meaning: str) -> Fact:
    def read(source: Source) -> Value:
        value = getattr(source.content, field)
        return None if value is None else legible(value)

    return Fact(name, str, meaning, read, field, "text")


def _word(name: str, field: str, words: Mapping[int, str], meaning: str) -> Fact:
    """Return a fact that has a number on the wire; one without a word stays a number, as text."""

    def read(source: Source) -> Value:
        value = getattr(source.content, field)
        return None if value is None else words.get(value, f"{value:g}")

    return Fact(name, str, meaning, read, field, "word", words=words)


def _flag(name: str, field: str, meaning: str) -> Fact:
    return Fact(name, bool, meaning, _reader(field), field, "value")


def _bit(name: str, bit: BitSet, meaning: str) -> Fact:
    return Fact(name, bool, meaning, lambda source: source.content.is_set(bit), kind="bit", bit=bit)


def _time(name: str, field: str, meaning: str) -> Fact:
    def read(source: Source) -> Value:
        value = getattr(source.content, field)
        return None if value is None else iso(value)

    return Fact(name, datetime, meaning, read, field, "time")


def iso(time: float) -> str | None:
    """Return Unix seconds as a time of the API; ``None`` for 0, and for what is no time."""
    try:
        text = datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return None
    return text.replace("+00:00", "Z") if time > 0 else None


def _is_charging(source: Source) -> bool | None:
    state = source.content.charge_state
    return None if state is None else state in CHARGE_UNDER_WAY


def _charge_mode(source: Source) -> str | None:
    word, number = source.content.charge_mode, source.content.charge_mode_number
    return legible(word) if word else _CHARGE_MODES.get(number)


def _is_timed(source: Source) -> bool | None:
    mode = source.content.charge_timer_mode
    return None if mode is None else bool(mode)


def _is_cooling(source: Source) -> bool | None:
    active = source.content.cooldown_active
    return None if active is None else active >= 0


def _command_ranges(source: Source) -> Value:
    ranges = source.content.commands[:RANGES_LIMIT]
    return [{"first": first, "last": last} for first, last in ranges]


def _wheels(source: Source) -> Value:
    content = source.content
    return _wheels_of_w(content) if isinstance(content, WheelPressures) else _wheels_of_y(content)


def _wheels_of_w(content: WheelPressures) -> Value:
    wheels: list[dict[str, Any]] = []
    for name in ("fl", "fr", "rl", "rr"):
        psi = getattr(content, f"{name}_pressure")
        pressure = None if psi is None else _round(psi / PSI_PER_KPA)
        temperature = getattr(content, f"{name}_temperature")
        wheels.append({"name": name.upper(), "pressure": pressure, "temperature": temperature,
                       "health": None, "alert": None})  # fmt: skip
    return wheels


def _wheels_of_y(content: Tyres) -> Value:
    def at(section: str, place: int) -> float | None:
        readings: Readings | None = getattr(content, section)
        values = readings.values if readings is not None else ()
        return values[place] if place < len(values) else None

    wheels: list[dict[str, Any]] = []
    for place, name in enumerate(content.names[:WHEELS_LIMIT]):
        level = at("alert", place)
        alert = None if level is None else ALERT_WORDS.get(level, f"{level:g}")
        wheels.append({"name": legible(name), "pressure": at("pressure", place),
                       "temperature": at("temperature", place), "health": at("health", place),
                       "alert": alert})  # fmt: skip
    return wheels


GROUPS: Final = (
    FactGroup("battery", "S", "The traction battery.", (
        _number("soc", "soc", "State of charge, percent."),
        _number("soh", "soh", "State of health, percent."),
        _number("voltage", "battery_voltage", "Voltage, V."),
        _number("current", "battery_current", "Current, A."),
        _number("capacity", "battery_capacity", "Usable capacity, kWh."),
        _number("cac", "cac", "Calculated amp-hour capacity, Ah."),
        _distance("ideal_range", "ideal_range", "Range under ideal conditions, km."),
        _distance("estimated_range", "estimated_range", "Range as the car estimates it, km."),
        _distance("ideal_range_max", "ideal_range_max", "Ideal range of a full battery, km."),
    )),
    FactGroup("charge", "S", "The charge, or the last one.", (
        _text("state", "charge_state", "`charging`, `topoff`, `done`, `prepare`, `heating`,"
              " `stopped`, or another word of the car's."),
        Fact("is_charging", bool, "A charge is under way.", _is_charging),
        _word("substate", "charge_substate", CHARGE_SUBSTATES, "Why it is in that state:"
              " `scheduledstop`, `scheduledstart`, `onrequest`, `timerwait`, `powerwait`,"
              " `stopped`, `interrupted`, or the car's own number."),
        Fact("mode", str, "`standard`, `storage`, `range`, `performance`.", _charge_mode,
             "charge_mode"),
        _word("plug", "plug_type", PLUG_TYPES, "`type1`, `type2`, `chademo`, `roadster`,"
              " `teslaus`, `supercharger`, `ccs`, or the car's own number."),
        _number("voltage", "line_voltage", "At the charger's inlet, V."),
        _number("current", "charge_current", "Current, A."),
        _number("current_limit", "charge_limit", "Limit of the current, A."),
        _number("power", "charge_power", "Power into the battery, kW."),
        _number("power_input", "charge_power_input", "Power into the charger, kW."),
        _number("efficiency", "charger_efficiency", "Of the charger, percent."),
        _distance("range_speed", "range_speed", "Range gained in an hour, km/h."),
        _number("duration", "charge_duration", "Time of this charge, seconds."),
        _number("energy", "charge_energy", "Energy of this charge, kWh."),
        _number("grid_energy", "grid_energy", "Energy from the grid of this charge, kWh."),
        _number("grid_energy_total", "grid_energy_total", "Energy from the grid in all, kWh."),
        _minutes("time_to_full", "minutes_to_full", "Until the battery is full, seconds."),
        _minutes("time_to_limit", "minutes_to_limit", "Until a limit is reached, seconds."),
        _minutes("time_to_range_limit", "minutes_to_range_limit",
                 "Until the limit of the range is reached, seconds."),
        _minutes("time_to_soc_limit", "minutes_to_soc_limit",
                 "Until the limit of the state of charge is reached, seconds."),
        _minutes("time_estimate", "charge_estimate",
                 "A charge takes so long with this charger, seconds."),
        _distance("range_limit", "limit_range", "Range at which to stop, km."),
        _number("soc_limit", "limit_soc", "State of charge at which to stop, percent."),
        Fact("is_timed", bool, "The charge begins by the timer.", _is_timed, "charge_timer_mode"),
        _number("timer_start", "charge_timer_start",
                "When the timer starts it, seconds after midnight UTC."),
        Fact("is_cooling", bool, "The battery is cooled down.", _is_cooling),
        _number("cooling_temperature", "cooldown_temperature", "Cooling ends below this, °C."),
        _minutes("cooling_time", "cooldown_time", "Cooling ends after this, seconds."),
        _time("ended", "charge_end_time", "When the last charge ended."),
    )),
    FactGroup("driving", "D", "How it is driven or parked.", (
        _bit("is_on", Doors1.CAR_ON, "The car is switched on."),
        _bit("is_awake", Doors3.AWAKE, "Its systems are awake."),
        _bit("is_braked", Doors1.HANDBRAKE, "The hand brake is applied."),
        _distance("speed", "speed", "Speed, km/h."),
        _distance("odometer", "odometer", "Odometer, km."),
        _distance("trip", "trip", "Trip meter, km."),
        _number("parking_time", "parking_time", "Parked for so long, seconds; 0 is not parked."),
    )),
    FactGroup("temperatures", "D", "Temperatures, and what changes them.", (
        _number("ambient", "temperature_ambient", "Outside, °C."),
        _number("cabin", "temperature_cabin", "Cabin, °C."),
        _number("battery", "temperature_battery", "Traction battery, °C."),
        _number("motor", "temperature_motor", "Motor, °C."),
        _number("power_electronics", "temperature_pem", "Power electronics, °C."),
        _number("charger", "temperature_charger", "Charger, °C."),
        _bit("is_hvac_on", Doors5.HVAC, "Heating or air conditioning is on."),
        _bit("is_pump_on", Doors3.COOLING_PUMP, "The cooling pump is on."),
    ), ("battery", "ambient")),
    FactGroup("doors", "D", "Doors, lock and lights.", (
        _bit("is_locked", Doors2.LOCKED, "The car is locked."),
        _bit("is_valet_on", Doors2.VALET, "Valet mode is active."),
        Fact("is_alarm_on", bool, "The alarm sounds.", lambda s: s.content.is_set(s.alarm)),
        _bit("is_front_left_open", Doors1.LEFT_DOOR, "The front left door is open."),
        _bit("is_front_right_open", Doors1.RIGHT_DOOR, "The front right door is open."),
        _bit("is_rear_left_open", Doors5.REAR_LEFT_DOOR, "The rear left door is open."),
        _bit("is_rear_right_open", Doors5.REAR_RIGHT_DOOR, "The rear right door is open."),
        _bit("is_bonnet_open", Doors2.BONNET, "The bonnet is open."),
        _bit("is_frunk_open", Doors5.FRUNK, "The front trunk is open."),
        _bit("is_trunk_open", Doors2.TRUNK, "The trunk is open."),
        _bit("is_charge_port_open", Doors1.CHARGE_PORT, "The charge port is open."),
        _bit("is_plugged_in", Doors1.PILOT_PRESENT, "A charger's pilot signal is there."),
        _bit("are_headlights_on", Doors2.HEADLIGHTS, "The headlights are on."),
    )),
    FactGroup("auxiliary", "D", "The 12 V battery.", (
        _number("voltage", "voltage_12v", "Voltage, V."),
        _number("voltage_reference", "voltage_12v_ref", "Voltage of the battery at rest, V."),
        _number("current", "current_12v", "Current, A."),
        _bit("is_charging", Doors5.CHARGING_12V, "It is charged."),
        _bit("is_on", Doors5.AUX_12V, "What hangs on it is supplied."),
    )),
    FactGroup("location", "L", "Where it is. Needs the right `location`.", (
        _angle("latitude", 90, "Degrees, north positive."),
        _angle("longitude", 180, "Degrees, east positive."),
        _angle("direction", 360, "Degrees: 0 is north, 90 east."),
        _number("altitude", "altitude", "Metres."),
        _distance("speed", "speed", "Speed, km/h."),
        _flag("has_fix", "gps_lock", "The receiver has a position."),
        _number("satellites", "satellites", "Satellites in use."),
        _number("hdop", "hdop", "Horizontal dilution of precision."),
        _number("quality", "gps_quality", "Percent; below 30 it is not to be trusted."),
        _distance("gps_speed", "gps_speed", "Speed as the receiver measures it, km/h."),
        _text("gps_mode", "gps_mode", "A letter for each receiver, of `NADPRFEMS`."),
    ), ("latitude",)),
    FactGroup("energy", "L", "Power and energy of the drive.", (
        _number("battery_power", "battery_power", "Out of the battery, kW; charging is negative."),
        _number("inverter_power", "inverter_power", "Through the inverter, kW."),
        _number("inverter_efficiency", "inverter_efficiency", "Percent."),
        _number("used", "energy_used", "Energy used on this trip, kWh."),
        _number("recovered", "energy_recovered", "Energy recovered on this trip, kWh."),
        _distance("trip", "trip", "Trip meter, km."),
        _number("drive_mode", "drive_mode", "As the car numbers it."),
    )),
    FactGroup("tyres", "Y", "Tyres.", (
        Fact("wheels", list, "The wheels, each with its tyre.", _wheels),
    )),
    FactGroup("export", "X", "Power out of the car: vehicle to load, home or grid.", (
        _flag("is_exporting", "generating", "The car gives power."),
        _flag("has_pilot", "pilot", "The other end's pilot signal is there."),
        _text("type", "type", "Kind of connection, as the car calls it."),
        _text("state", "state", "State, as the car calls it."),
        _text("substate", "substate", "Sub-state, as the car calls it."),
        _text("mode", "mode", "Mode, as the car calls it."),
        _number("voltage", "voltage", "Voltage, V."),
        _number("current", "current", "Current, A."),
        _number("current_limit", "current_limit", "Limit of the current, A."),
        _number("power", "power", "Power, kW."),
        _number("efficiency", "efficiency", "Percent."),
        _number("energy", "energy", "Energy of this export, kWh."),
        _number("grid_energy", "grid_energy", "Energy to the grid, kWh."),
        _number("grid_energy_total", "grid_energy_total", "Energy to the grid in all, kWh."),
        _number("duration", "duration", "Time of this export, seconds."),
        _distance("range_limit", "limit_range", "Range at which to stop, km."),
        _number("soc_limit", "limit_soc", "State of charge at which to stop, percent."),
        _minutes("time_to_empty", "minutes_to_empty", "Until the battery is empty, seconds."),
        _minutes("time_to_range_limit", "minutes_to_range_limit",
                 "Until the limit of the range is reached, seconds."),
        _minutes("time_to_soc_limit", "minutes_to_soc_limit",
                 "Until the limit of the state of charge is reached, seconds."),
        _number("timer_start", "timer_start",
                "When the timer starts it, seconds after midnight UTC."),
        _number("temperature", "temperature", "Inverter, °C."),
        _time("read", "time", "When the car read this."),
    )),
    FactGroup("module", "F", "The module, its firmware and its network.", (
        _text("firmware", "firmware", "Version of the firmware."),
        _text("hardware", "hardware", "Version of the hardware."),
        _text("vin", "vin", "The car's identification number."),
        _text("vehicle_type", "car_type", "Vehicle type; `TR` is the Tesla Roadster."),
        _number("signal", "gsm_signal", "Level of the mobile network's signal, 0 to 31."),
        _text("network", "network", "Mobile network."),
        _text("network_mode", "network_mode", "Mode of the mobile network."),
        _flag("may_write", "write_enabled", "The firmware may write to the car's bus."),
        _number("service_distance", "service_range", "Until the next service, km."),
        _time("service_time", "service_time", "When the next service is due."),
    )),
    FactGroup("capabilities", "V", "What the car can be told.", (
        Fact("commands", list, "The numbers of the commands that it knows.", _command_ranges),
    )),
)  # fmt: skip
"""All groups, in the order of the answers."""

LOCATION_GROUPS: Final = ("location",)
"""Those that nobody sees without the right ``location``."""

_BY_CODE: Final = {
    code: tuple(group for group in GROUPS if group.code == ("Y" if code == "W" else code))
    for code in (*dict.fromkeys(group.code for group in GROUPS), "W")
}


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What a message says of one matter: the same for everybody who asks, never changed."""

    values: dict[str, Value]
    old: list[str]
    """Facts that the module marks as read some time ago."""
    is_old: bool
    """Its marks make the group stale."""


@dataclass(frozen=True, slots=True)
class GroupReading:
    """A group as a vehicle's messages have it; ``time`` is when they came, Unix seconds."""

    code: str
    time: float
    facts: GroupFacts

    def is_stale(self, now: float, *, is_online: bool) -> bool:
        """Return whether the car may be in another state by now; see the head of this module."""
        if self.facts.is_old:
            return True
        if CODES[self.code].is_telemetry:
            return now - self.time > STALE_AGE
        return not is_online

    def as_json(self, now: float, *, is_online: bool) -> dict[str, Any]:
        """Return the group as it is answered."""
        return {
            "time": iso(self.time),
            "age": max(0, int(now - self.time)),
            "is_stale": self.is_stale(now, is_online=is_online),
            "old": self.facts.old,
            **self.facts.values,
        }


def decode(latest: Latest) -> dict[str, GroupReading | None]:
    """Return all groups of a vehicle; ``None`` of what was never said or is sealed."""
    plain = {code: each for code, each in latest.items() if not each.token}
    firmware, status = plain.get("F"), plain.get("S")
    module = module_kind(firmware.data if firmware is not None else None)
    is_field = firmware is not None and firmware.data[:1].decode("latin-1") in FIELD_GENERATIONS
    alarm = is_field or module is ModuleKind.OURS
    unit = distance_unit(status.data) if status is not None else None
    found: dict[str, GroupReading | None] = {group.name: None for group in GROUPS}
    for code in _BY_CODE.keys() & plain.keys() - {_worse_tyres(plain)}:
        message = plain[code]
        read = _facts if len(message.data) <= KEPT_LENGTH else _facts.__wrapped__
        for name, facts in read(code, message.data, module, unit, alarm).items():
            found[name] = GroupReading(code, message.time, facts)
    return found


def _worse_tyres(plain: Latest) -> str:
    """Return which of the two messages on tyres says less, or is of an older module."""
    if "Y" not in plain or "W" not in plain:
        return ""
    return "Y" if plain["W"].time - plain["Y"].time > STALE_AGE else "W"


def distance_unit(status: bytes) -> str | None:
    """Return what a car with this ``S`` is set to, ``km`` or ``mi``; ``None`` if it is unknown."""
    unit = status.split(b",", 2)[1:2]
    return {b"K": "km", b"M": "mi"}.get(unit[0]) if unit else None


@lru_cache(maxsize=KEPT_READINGS)
def _facts(
    code: str, data: bytes, module: ModuleKind, unit: str | None, alarm: bool
) -> dict[str, GroupFacts]:
    """Return what a message says, by group; ``alarm`` if the alarm is in the bit of modules."""
    content = parse_content(Message(code, data), module)
    if content is None:
        return {}
    km = {"km": 1.0, "mi": KM_PER_MILE}.get(unit or "")
    known = content.known() if isinstance(content, Record | Tyres) else content
    source = Source(known, km, Doors4.ALARM_SENT if alarm else Doors4.ALARM)
    return {group.name: _read(group, source, content) for group in _BY_CODE[code]}


def _read(group: FactGroup, source: Source, content: Content) -> GroupFacts:
    values = {fact.name: fact.read(source) for fact in group.facts}
    if isinstance(content, Capabilities):
        return GroupFacts(values, [], is_old=False)
    if isinstance(content, Tyres | WheelPressures):
        is_old = _are_old(content)
        return GroupFacts(values, ["wheels"] if is_old else [], is_old=is_old)
    record = cast("Record", content)
    old = [
        fact.name
        for fact in group.facts
        if fact.field and record.freshness(fact.field) is Freshness.OLD
    ]
    return GroupFacts(values, old, is_old=not set(group.stale_by).isdisjoint(old))


def _are_old(content: Tyres | WheelPressures) -> bool:
    if isinstance(content, WheelPressures):
        return content.stale == 0
    sections = (content.pressure, content.temperature)
    return any(each is not None and each.validity == 0 and each.values for each in sections)


@dataclass(frozen=True, slots=True)
class VehicleState:
    """A vehicle as its messages tell it, for everybody who may see it."""

    id: str
    is_online: bool
    is_paranoid: bool
    heard: float | None
    """When the newest message came."""
    unit: str | None
    groups: dict[str, GroupReading | None]

    @classmethod
    def of(cls, vehicle_id: str, latest: LatestMessages, *, is_online: bool) -> VehicleState:
        """Return the state of a vehicle with these latest messages."""
        status = latest.by_code.get("S")
        unit = distance_unit(status.data) if status is not None and not status.token else None
        groups = decode(latest.by_code)
        return cls(vehicle_id, is_online, latest.is_sealed, latest.newest, unit, groups)

    def as_json(
        self, now: float, *, sees_location: bool, only: Collection[str] | None = None
    ) -> dict[str, Any]:
        """Return the state as it is answered; ``only`` some groups if they are given."""
        names = self.groups if only is None else [name for name in self.groups if name in only]
        hidden = [] if sees_location else [*LOCATION_GROUPS]
        return {
            "vehicle_id": self.id,
            "time": iso(now),
            "is_online": self.is_online,
            "is_paranoid": self.is_paranoid,
            "heard": None if self.heard is None else iso(self.heard),
            "distance_unit": self.unit,
            "hidden": hidden,
            "groups": {name: self._group(name, now, hidden) for name in names},
        }

    def _group(self, name: str, now: float, hidden: Collection[str]) -> dict[str, Any] | None:
        reading = self.groups[name]
        if reading is None or name in hidden:
            return None
        return reading.as_json(now, is_online=self.is_online)
