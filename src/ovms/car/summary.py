"""The state of a car in a few lines of text, as modules on the road write it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ovms.car.reports import Units
from ovms.car.state import CarState
from ovms.protocol.commands import CHARGE_MODE_NUMBERS

LINE_END = "\r"
"""Between lines of a text on the wire, which holds neither a comma nor a line feed."""

_MODE_WORDS = {number: word for word, number in CHARGE_MODE_NUMBERS.items()}
_STATE_WORDS = {
    "charging": "Charging",
    "topoff": "Topping off",
    "heating": "Heating",
    "prepare": "Preparing to charge",
    "done": "Charging done",
    "stopped": "Not charging",
}
_UNIT_WORDS = {Units.MILES: "mi", Units.KILOMETRES: "km"}


def on_wire(lines: Iterator[str]) -> str:
    """Return lines joined so that they are one field of a message."""
    return LINE_END.join(lines).replace(",", ";").replace("\n", LINE_END)


def charge_lines(state: CarState, units: Units) -> Iterator[str]:
    """Yield the lines of a charge alert: charging or not, how full, how far; nothing unknown."""
    word = _STATE_WORDS.get(state.charge_state or "", "Charge state unknown")
    mode = "" if state.charge_mode is None else _MODE_WORDS.get(state.charge_mode, "")
    yield f"{word} - {mode}" if state.is_charging and mode else word
    if state.is_charging:
        yield from _line(state)
    if state.is_charging and state.minutes_to_full is not None:
        yield f"Full: {state.minutes_to_full:.0f} min"
    if state.soc is not None:
        yield f"SOC: {state.soc:.0f} %"
    yield from _distance("Ideal range", state.ideal_range, units)
    yield from _distance("Est. range", state.estimated_range, units)


def stat_lines(state: CarState, units: Units) -> Iterator[str]:
    """Yield the lines of the text command ``stat``."""
    yield from charge_lines(state, units)
    yield from _distance("ODO", state.odometer, units)
    if state.cac is not None:
        yield f"CAC: {state.cac:.1f} Ah"
    if state.soh is not None:
        yield f"SOH: {state.soh:.0f} %"


def _line(state: CarState) -> Iterator[str]:
    """Yield what is known of the voltage and the current of a charge, in one line."""
    readings = ((state.line_voltage, "V"), (state.charge_current, "A"))
    known = [f"{value:.0f} {unit}" for value, unit in readings if value is not None]
    if known:
        yield "/".join(known)


def _distance(name: str, km: float | None, units: Units) -> Iterator[str]:
    distance = units.distance(km)
    if distance is not None:
        yield f"{name}: {distance:.0f} {_UNIT_WORDS[units]}"
