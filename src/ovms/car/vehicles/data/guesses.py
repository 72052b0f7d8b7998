"""Guesses which signals of a DBC file fill which fields, by their names and units.

A guess is a line of a mapping that its author still has to check: names lie, and files have several
signals of one meaning. Only those are made that pass the checks of a mapping.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ovms.car.vehicles.data.dbc import BusFile, BusSignal
from ovms.car.vehicles.data.fields import FIELDS, Holds, StateField
from ovms.car.vehicles.data.problems import Document
from ovms.car.vehicles.data.targets import read_targets
from ovms.car.vehicles.data.units import is_no_unit

MOST_PER_FIELD = 6
"""Guesses for one field."""


class Guess(NamedTuple):
    """A signal that may fill a field, and the entry for it."""

    signal: BusSignal
    key: str
    """Its shortest unique name."""
    entry: dict[str, Any]

    def line(self) -> str:
        """Return the line of a mapping."""
        inner = ", ".join(f"{key} = {_toml(value)}" for key, value in self.entry.items())
        return f"{_key(self.key)} = {{ {inner} }}"

    def remark(self) -> str:
        """Return where the signal is, and what it says."""
        message, signal = self.signal.message, self.signal.signal
        (least, most), unit = self.signal.range, signal.unit or "no unit"
        bounds = f", {least:g} to {most:g}" if most != float("inf") else ""
        return f"{message.name} ({message.frame_id:#x}), {signal.length} bits, {unit}{bounds}"


_BATTERY = r"(?:batt?|pack|hv|bms|traction|accu|akku)"
_WHEELS = {
    "fl": r"(?:fl|lf|front ?left|left ?front)", "fr": r"(?:fr|rf|front ?right|right ?front)",
    "rl": r"(?:rl|lr|rear ?left|left ?rear)", "rr": r"(?:rr|rear ?right|right ?rear)",
}  # fmt: skip

_NAMES: dict[str, str] = {
    "soc": r"\bsoc\b|state ?of ?charge|charge ?level|batt?\w* ?level",
    "soh": r"\bsoh\b|state ?of ?health",
    "odometer": r"\bodo\b|odometer|mileage|total ?dist|kilometerstand",
    "trip": r"\btrip\b",
    "estimated_range": r"\brange\b|distance ?to ?empty|\bdte\b|reichweite",
    "speed": r"(?:^|veh\w* ?|car ?|disp\w* ?|abs ?)(?:speed|spd|velocity|geschw\w*)\b|\bvspd\b",
    "battery_voltage": rf"{_BATTERY}.*volt|volt\w* ?{_BATTERY}",
    "battery_current": rf"{_BATTERY}.*(?:curr|amps?\b)|curr\w* ?{_BATTERY}",
    "battery_power": rf"{_BATTERY}.*(?:power|pwr)",
    "voltage_12v": r"(?:\b12 ?v\b|\blv\b|aux|starter|kl ?30|board).*(?:volt|batt|\bu\b)|\b12 ?v\b",
    "capacity": rf"{_BATTERY}.*capac",
    "line_voltage": r"(?:\bac\b|line|mains|grid|input).*volt",
    "charge_current": r"(?:charg|chrg|chg|obc|\bac\b).*(?:curr|amps?\b)",
    "charge_power": r"(?:charg|chrg|chg|obc).*(?:power|pwr)",
    "charge_state": r"(?:charg|chrg|chg).*(?:stat|mode)",
    "minutes_to_full": r"(?:charg|chrg|chg).*(?:time|remain)|time ?to ?full",
    "temperature_battery": rf"(?:{_BATTERY}|cell).*temp|temp\w* ?(?:{_BATTERY}|cell)",
    "temperature_motor": r"(?:motor|\bmot\b|\bedu\b).*temp",
    "temperature_pem": r"(?:inverter|\binv\b|\bpem\b|\bmcu\b|power ?electr).*temp",
    "temperature_charger": r"(?:charger|\bobc\b).*temp",
    "temperature_ambient": r"(?:ambient|amb\b|outside|outdoor|extern|aussen|environ).*temp"
    r"|temp\w* ?(?:ambient|outside)",
    "temperature_cabin": r"(?:cabin|inside|interior|in ?car|room|innen).*temp",
    "latitude": r"\blat(?:itude)?\b", "longitude": r"\b(?:lon|lng)(?:g|gitude)?\b|longitude",
    "altitude": r"altitude|\balt\b", "direction": r"heading|\bcourse\b",
    "doors_1.car_on": r"ignition|\bign\b|car ?on\b|key ?on\b|\bready\b",
    "doors_1.handbrake": r"(?:hand|park\w*) ?br(?:a?ke?)\b|\bepb\b",
    "doors_1.left_door": r"(?:driver|left|\bfl\b|\blf\b).*door|door\w*.*(?:driver|\bfl\b|\blf\b)",
    "doors_1.right_door": r"(?:passenger|right|\bfr\b|\brf\b).*door"
    r"|door\w*.*(?:passenger|\bfr\b|\brf\b)",
    "doors_2.locked": r"\block(?:ed)?\b|is ?locked",
    "doors_2.bonnet": r"bonnet|\bhood\b", "doors_2.trunk": r"trunk|\bboot\b|tail ?gate|hatch",
    **{
        f"tyres.{wheel}.pressure":
            rf"(?:tire|tyre|tpms|press).*\b{name}|\b{name}.*(?:tire|tyre|press)"
        for wheel, name in _WHEELS.items()
    },
}  # fmt: skip

_PATTERNS = {name: re.compile(pattern) for name, pattern in _NAMES.items()}

_NEVER = re.compile(
    r"req|cmd|command|target|limit|set ?point|max|min|valid|fault|err|warn|crc|counter|wheel|fan|"
    r"pump|engine|turbo|cruise|\bacc\b"
)
"""Words that say that a signal is not what the car does now."""

_STATES = (
    ("done", re.compile(r"done|complete|finish|full|end")),
    ("stopped", re.compile(r"not|no |stop|off|idle|disconn|fault|err|inactive|interrupt")),
    ("prepare", re.compile(r"prepar|ready|wait|init|start|sched|connect")),
    ("heating", re.compile(r"heat|condition")),
    ("charging", re.compile(r"charg|active|on\b|ac\b|dc\b")),
)


def guess_fields(bus: BusFile) -> Iterator[tuple[StateField, list[Guess]]]:
    """Yield the fields that signals may fill, and the signals, each of which is there once."""
    signals = [found for name in bus.names if "." in name for found in bus.find(name)]
    unique = {found.name: found for found in signals}
    words = {name: _words(found.signal.name) for name, found in unique.items()}
    for name, pattern in _PATTERNS.items():
        field = FIELDS[name]
        found = [unique[each] for each, text in words.items() if _is_named(pattern, text, field)]
        ranked = sorted(found, key=lambda each: bool(is_no_unit(each.signal.unit or "")))
        guesses = [made for each in ranked if (made := _make(each, field, bus))][:MOST_PER_FIELD]
        for each in guesses:
            del words[each.signal.name]
        if guesses:
            yield field, guesses


def _words(name: str) -> str:
    """Return a name as words with spaces: ``BattSOC_Pct`` is ``batt soc pct``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_.\-]+", " ", name)
    return spaced.lower()


def _is_named(pattern: re.Pattern[str], text: str, field: StateField) -> bool:
    return bool(pattern.search(text)) and not (
        _NEVER.search(pattern.sub("", text)) and not field.name.startswith("tyres")
    )


def _make(signal: BusSignal, field: StateField, bus: BusFile) -> Guess | None:
    """Return a guess, if it would pass the checks."""
    entry: dict[str, Any] = {"field": field.name}
    if field.holds is Holds.FLAG and signal.signal.length > 2:
        return None
    if field.unit and is_no_unit(signal.signal.unit or "") and field.unit != "%":
        return None
    if field.holds is Holds.WORD:
        entry |= _states(bus.tables.get((signal.message.name, signal.signal.name), {}))
        if len(entry) == 1:
            return None
    short = signal.signal.name
    key = short if len(bus.find(short)) == 1 else signal.name
    document = Document("", "")
    read_targets({key: entry}, bus, document)
    return None if document.problems else Guess(signal, key, entry)


def _states(texts: dict[int, str]) -> dict[str, Any]:
    """Return the meanings of a charge state's codes, as far as their texts say."""
    values = {
        str(code): state
        for code, text in sorted(texts.items())
        for state in [next((word for word, said in _STATES if said.search(text.lower())), "")]
        if state and code >= 0
    }
    return {"values": values} if "charging" in values.values() else {}


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
