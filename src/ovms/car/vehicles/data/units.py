"""Units of DBC files in their many spellings, and conversions between those of one quantity.

A unit is a factor and an offset to the base of its quantity. Spellings are compared without case,
spaces, underscores and full stops, and without the prefix ``Unit_`` that some makers use. Only
where case decides (``mW`` and ``MW``) it is kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from math import pi
from typing import NamedTuple

from ovms.protocol.records.status import KM_PER_MILE
from ovms.protocol.records.tyres import PSI_PER_KPA


class Unit(NamedTuple):
    """A unit: ``base = value * factor + offset``."""

    quantity: str
    factor: float = 1
    offset: float = 0


_METRES = {
    "m": (1.0, "meter meters metre metres"),
    "km": (1000.0, "kilometer kilometers kilometre kilometres kms"),
    "hm": (100.0, ""),
    "dm": (0.1, "decimeter decimeters"),
    "cm": (0.01, "centimeter centimeters centimetre"),
    "mm": (0.001, "millimeter millimeters millimetre"),
    "mi": (KM_PER_MILE * 1000, "mile miles"),
    "ft": (0.3048, "foot feet"),
    "yd": (0.9144, "yard yards"),
}

_SECONDS = {
    "s": (1.0, "sec secs secon second seconds sek sekunde sekunden"),
    "ms": (0.001, "msec millisec millisecon millisecond milliseconds"),
    "min": (60.0, "mins minut minute minutes minuten"),
    "h": (3600.0, "hr hrs hour hours std stunde stunden"),
    "d": (86400.0, "day days tag tage"),
}

_OTHERS: dict[str, tuple[Unit, str]] = {
    "%": (Unit("ratio"), "percent pct prozent perc percentage"),
    "‰": (Unit("ratio", 0.1), "promille permille"),
    "mph": (Unit("speed", KM_PER_MILE), "mi/h"),
    "km/h": (Unit("speed"), "kph kmh kmph km^h"),
    "m/s": (Unit("speed", 3.6), "mps"),
    "kt": (Unit("speed", 1.852), "kts knot knots"),
    "Ah": (Unit("charge"), "amphour amphours amphr amperhour amperehour ampere*hour a*h a-h"),
    "mAh": (Unit("charge", 0.001), "milliamphour milliamperehour"),
    "As": (Unit("charge", 1 / 3600), "ampsecond amperesecond coulomb a*s"),
    "V": (Unit("voltage"), "volt volts vdc vac vrms"),
    "mV": (Unit("voltage", 0.001), "millivolt millivolts"),
    "kV": (Unit("voltage", 1000), "kilovolt kilovolts"),
    "A": (Unit("current"), "amp amps amper ampere amperes adc aac arms"),
    "mA": (Unit("current", 0.001), "milliamp milliamps milliamper milliampere milliamperes"),
    "kA": (Unit("current", 1000), "kiloamp kiloamper kiloampere"),
    "W": (Unit("power"), "watt watts"),
    "kW": (Unit("power", 1000), "kilowatt kilowatts"),
    "MW": (Unit("power", 1e6), "megawatt megawatts"),
    "mW": (Unit("power", 0.001), "milliwatt milliwatts"),
    "hp": (Unit("power", 745.7), "bhp"),
    "PS": (Unit("power", 735.5), ""),
    "Wh": (Unit("energy"), "watthour watthours watthr watt*hour watt*hours w*h"),
    "kWh": (Unit("energy", 1000), "kilowatthour kilowatthours kilowatt*hour kw*h kw/h kwhr"),
    "MWh": (Unit("energy", 1e6), "megawatthour"),
    "Ws": (Unit("energy", 1 / 3600), "wattsecond w*s joule joules"),
    "kJ": (Unit("energy", 1 / 3.6), "kilojoule kilojoules kws kw*s"),
    "MJ": (Unit("energy", 1000 / 3.6), "megajoule megajoules"),
    "Pa": (Unit("pressure"), "pascal"),
    "hPa": (Unit("pressure", 100), "hectopascal mbar millibar"),
    "kPa": (Unit("pressure", 1000), "kilopascal kpag kpaa kpa(g) kpa(a) kpag/kpa"),
    "MPa": (Unit("pressure", 1e6), "megapascal"),
    "bar": (Unit("pressure", 1e5), "bars barg bara bar(g) bar(a)"),
    "psi": (Unit("pressure", 1000 / PSI_PER_KPA), "psig psia lbf/in2 lb/in2"),
    "mmHg": (Unit("pressure", 133.322), "torr"),
    "atm": (Unit("pressure", 101325), ""),
    "kgf/cm2": (Unit("pressure", 98066.5), "kg/cm2"),
    "°": (Unit("angle"), "deg degs degree degrees degreofarc degreeofarc grad °grad arcdeg"),
    "rad": (Unit("angle", 180 / pi), "radian radians"),
    "mrad": (Unit("angle", 0.18 / pi), ""),
    "°C": (
        Unit("temperature"),
        "c cel celsius centigrade degc °celsius °cel degcelsius degcel degreec degreesc 'c ?c "
        "degreecelsius degreescelsius degrecelsi degreecelsi gradc gradcelsius grdc oc °c.",
    ),
    "°F": (
        Unit("temperature", 1 / 1.8, -32 / 1.8),
        "f fahrenheit degf °fahrenheit degfahrenheit degreef degreesf ?f "
        "degreefahrenheit degreesfahrenheit degrefahrenhei",
    ),
    "K": (Unit("temperature", 1, -273.15), "kelvin degk degreekelvin °k degrekelvi"),
}

_EXACT = frozenset({"mW", "MW", "MWh", "PS", "As"})
"""Units of which another case is left out, because it means another unit or may do so."""

_REFUSED = frozenset({"MV", "MA", "MAh"})
"""Units that no car has. Nobody knows whether the small ones are meant."""

_LOOSE = re.compile(r"[\s_.]+")
_PREFIX = re.compile(r"^unit(?=[a-z%])")
_PER = re.compile(r"(\w+?)(?:/|per)(\w+)")

_ALIKE = str.maketrans({"º": "°", "˚": "°", "∘": "°", "�": "°", "´": "'", "’": "'", "·": "*"})

MOJIBAKE = (
    ("Ã‚Â°", "°"), ("Â°", "°"), ("ï¿½", "°"), ("âº", "°"), ("Âº", "°"), ("â„ƒ", "°C"),
    ("ø", "°"), ("¡ãC", "°C"), ("¡æ", "°C"), ("癈", "°C"), ("¡ÆC", "°C"), ("¡É", "°C"),
    ("\x81\x8bC", "°C"), ("\x81\x8e", "°C"), ("¢J", "°C"), ("癋", "°F"), ("亱", "°"),
    ("亷", "°C"), ("∑C", "°C"), ("∩", "°C"),
)  # fmt: skip
"""Degrees as they come out of files in UTF-8, GBK, EUC-KR, Shift-JIS or Big5 that are read as
another encoding, and those that are read as one of these."""


def _spelled() -> Iterator[tuple[str, Unit]]:
    for symbol, (metres, names) in _METRES.items():
        for name in (symbol, *names.split()):
            yield name, Unit("length", metres)
    for symbol, (seconds, names) in _SECONDS.items():
        for name in (symbol, *names.split()):
            yield name, Unit("time", seconds)
    for symbol, (unit, names) in _OTHERS.items():
        for name in (symbol, *names.split()):
            yield name, unit


_BY_CASE = dict(_spelled())
_FOLDED = {
    _LOOSE.sub("", name.casefold()): unit for name, unit in _BY_CASE.items() if name not in _EXACT
}


def find_unit(text: str) -> Unit | None:
    """Return the unit of a spelling; ``None`` if it is not known."""
    for broken, whole in MOJIBAKE:
        text = text.replace(broken, whole)
    exact = _LOOSE.sub("", unicodedata.normalize("NFKC", text.translate(_ALIKE))).strip("[]")
    if exact in _BY_CASE:
        return _BY_CASE[exact]
    if exact in _REFUSED:
        return None
    name = _PREFIX.sub("", exact.casefold())
    return _FOLDED.get(name) or _find_speed(name)


def _find_speed(name: str) -> Unit | None:
    """Return the unit of a length in a time, such as ``km/hr`` or ``MeterPerSecond``."""
    found = _PER.fullmatch(name)
    length, time = (_FOLDED.get(each) for each in found.groups()) if found else (None, None)
    if length is None or time is None or (length.quantity, time.quantity) != ("length", "time"):
        return None
    return Unit("speed", length.factor * 3.6 / time.factor)


def _same(value: float) -> float:
    return value


def is_no_unit(text: str) -> bool:
    """Return whether a text only says that there is no unit."""
    return _LOOSE.sub("", text.casefold()).removeprefix("unit") in NONE


NONE = ("", "-", "none", "unitless", "n/a", "na", "1", "number", "counts", "count", "undefined")


def find_conversion(unit: str, wanted: str) -> Callable[[float], float] | None:
    """Return the conversion from ``unit`` to ``wanted``; ``None`` if there is none.

    A value without a unit counts as one in the wanted unit, and a field without takes any unit.
    """
    if not wanted or is_no_unit(unit):
        return _same
    one, other = find_unit(unit), find_unit(wanted)
    if one is None or other is None or one.quantity != other.quantity:
        return None
    if one == other:
        return _same
    factor = one.factor / other.factor
    offset = (one.offset - other.offset) / other.factor
    return lambda value: value * factor + offset
