"""How signals fill the car's state: ``[signals]``, checked."""

from __future__ import annotations

import difflib
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ovms.car.state import CarError
from ovms.car.vehicles.data.conditions import ALWAYS, Condition, Look, Value
from ovms.car.vehicles.data.dbc import BusFile, BusSignal
from ovms.car.vehicles.data.fields import FIELDS, Holds, StateField
from ovms.car.vehicles.data.models import SignalEntry, read_entry
from ovms.car.vehicles.data.names import read_condition
from ovms.car.vehicles.data.problems import Document, Path
from ovms.car.vehicles.data.typical import is_narrow
from ovms.car.vehicles.data.units import find_conversion
from ovms.protocol.records.status import CHARGE_STATES

KEEP: Final = object()
"""Instead of a value: there is no reading, and the field stays as it is."""

UNKNOWN = "unknown"
"""As ``else`` in the file: the field becomes unknown."""

_QUANTITIES = (Holds.NUMBER, Holds.INTEGER, Holds.FLAG, Holds.BITS)
"""Fields that can take a signal's value as it is."""


@dataclass(frozen=True, slots=True)
class SignalTarget:
    """One field that a signal fills."""

    signal: BusSignal
    field: StateField
    path: Path
    """Its place in the file."""
    when: Condition = ALWAYS
    otherwise: Any = KEEP
    none: frozenset[float] = frozenset()
    skip: frozenset[float] = frozenset()
    values: Mapping[float, Any] | None = None
    valid: tuple[float, float] | None = None
    convert: Callable[[float], Any] = float
    piece: int = 0
    """The number of this piece of a text, from 1; 0 for a whole one."""
    code: str = ""
    """For an error, the signal with its code."""

    def read(self, code: float, look: Look) -> Any:
        """Return the field's new value: ``None`` for unknown, :data:`KEEP` for no reading."""
        if not self.when.holds(look):
            return self.otherwise
        if code in self.none:
            return None
        if code in self.skip:
            return KEEP
        if self.values is not None:
            return self.values.get(code, self.otherwise)
        return self._measure(code, look)

    def _measure(self, code: float, look: Look) -> Any:
        if self.field.holds is Holds.TEXT:
            text = self.signal.text(code)
            return text.decode("ascii") if text.isalnum() else KEEP
        value = self.signal.scale(code)
        if not self.signal.is_valid(value, self.valid):
            return KEEP
        if self.field.holds is Holds.ERROR:
            return _error(look(self.code), value)
        return self.convert(value)

    def refusal(self, code: float, look: Look) -> str:
        """Return why a code is no reading."""
        if not self.when.holds(look):
            return "its condition does not hold"
        if code in self.skip:
            return "its code is one to skip"
        if self.values is not None:
            return "its code is not among the values"
        if self.field.holds is Holds.TEXT:
            return "it is no text"
        least, most = self.valid or self.signal.range
        if not self.signal.is_valid(self.signal.scale(code), self.valid):
            return f"it is outside {least:g} to {most:g}"
        return "what belongs to it is unknown, or it is no number"

    def collides(self, other: SignalTarget) -> bool:
        """Return whether both may fill the same field from one frame, so that one is lost."""
        if not _touch(self, other) or not _come_together(self.signal, other.signal):
            return False
        is_always = self.otherwise is not KEEP or other.otherwise is not KEEP
        return is_always or not self.when.excludes(other.when)


def _touch(one: SignalTarget, other: SignalTarget) -> bool:
    """Return whether two fill the same field or piece, or a byte and one of its bits."""
    if one.piece != other.piece:
        return False
    names = {one.field.name, other.field.name}
    if len(names) == 1:
        return True
    return one.field.attribute == other.field.attribute and one.field.attribute in names


def _come_together(one: BusSignal, other: BusSignal) -> bool:
    return one == other or one.can_come_with(other)


def read_targets(
    written: Mapping[str, Any], bus: BusFile, document: Document
) -> list[SignalTarget]:
    """Return the entries of ``[signals]``. Report what is wrong."""
    targets: list[SignalTarget] = []
    for name, entries in written.items():
        path: Path = ("signals", name)
        signal = find_signal(name, bus, document, path)
        listed = isinstance(entries, list)
        for at, each in enumerate(entries if listed else [entries]):
            where = (*path, at) if listed else path
            entry = read_entry(SignalEntry, each, document, where)
            target = _Maker(entry, bus, document, where).make(signal) if entry else None
            targets += [target] if target else []
    _check_pieces(targets, document)
    for one, other in itertools.combinations(targets, 2):
        if one.collides(other):
            document.report(other.path, _collision(one, other))
    return targets


def _collision(one: SignalTarget, other: SignalTarget) -> str:
    return (
        f"{other.field.name} is filled by {one.signal.signal.name} already, from the same frame; "
        "their conditions do not exclude each other"
    )


def _check_pieces(targets: Iterable[SignalTarget], document: Document) -> None:
    texts = [target for target in targets if target.field.holds is Holds.TEXT]
    pieces = {target.piece for target in texts}
    missing = set(range(1, max(pieces, default=0) + 1)) - pieces
    if missing:
        names = ", ".join(map(str, sorted(missing)))
        document.report(texts[0].path, f"of the {len(pieces | missing)} pieces {names} is missing")


def find_signal(name: str, bus: BusFile, document: Document, path: Path) -> BusSignal | None:
    """Return a signal by name. Report one that is missing, or exists more than once."""
    found = bus.find(name)
    if len(found) == 1:
        return found[0]
    if found:
        names = " or ".join(f'"{each.name}"' for each in found)
        document.report(path, f"several messages have a signal {name}: write {names}")
    elif flaws := bus.refuse(name):
        document.report(path, f"{name} cannot be used: {'; '.join(flaws)}")
    else:
        document.report(path, f"the DBC file has no signal {name}{guess(name, bus.names)}")
    return None


def guess(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that suggests a similar known name."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


class _Maker:
    """Makes a target of an entry, and reports what is wrong with it."""

    def __init__(self, entry: SignalEntry, bus: BusFile, document: Document, path: Path) -> None:
        self._entry = entry
        self._bus = bus
        self._document = document
        self._path = path
        self._before = len(document.problems)

    def make(self, signal: BusSignal | None) -> SignalTarget | None:
        """Return the target; ``None`` if anything is wrong."""
        entry = self._entry
        field = FIELDS.get(entry.field)
        if field is None:
            self._report("field", f"no field {entry.field!r}{guess(entry.field, FIELDS)}")
        when = read_condition(entry.when, self._bus, self._document, (*self._path, "when"))
        if field is None or signal is None:
            return None
        self._check_kind(field, signal)
        convert = self._find_convert(field, signal)
        target = SignalTarget(
            signal, field, self._path, when, self._otherwise(field),
            frozenset(entry.none), frozenset(entry.skip), self._values(field, signal),
            self._range("valid"), convert, entry.piece or 0, self._code(field),
        )  # fmt: skip
        self._check_codes("none", signal, entry.none)
        self._check_codes("skip", signal, entry.skip)
        self._check_valid(signal)
        self._check_bounds(target)
        return target if len(self._document.problems) == self._before else None

    def _report(self, key: str, message: str) -> None:
        self._document.report((*self._path, key), message)

    def _check_kind(self, field: StateField, signal: BusSignal) -> None:
        entry, name = self._entry, signal.signal.name
        if field.holds is Holds.WORD and entry.values is None:
            self._report("field", f"{field.name} is a word: say with values which code is which")
        if field.holds is Holds.BITS and entry.values is None and signal.signal.length > 8:
            self._report("field", f"{field.name} is a byte, {name} has more bits")
        if field.holds is Holds.TEXT and (signal.signal.length % 8 or signal.signal.is_float):
            self._report("field", f"{name} does not consist of whole bytes")
        if (field.holds is Holds.TEXT) != (entry.piece is not None):
            self._report("piece", "piece numbers the pieces of a text, and each of those has one")
        if (field.holds is Holds.ERROR) != (entry.code is not None):
            self._report("code", "code names the signal with an error's code, and an error has one")
        if field.holds not in _QUANTITIES and self._is_calculated():
            self._report("field", f"there is nothing to calculate for {field.name}")

    def _is_calculated(self) -> bool:
        return bool(self._entry.model_fields_set & {"scale", "offset", "modulo", "clamp", "unit"})

    def _code(self, field: StateField) -> str:
        if self._entry.code is None or field.holds is not Holds.ERROR:
            return ""
        where = (*self._path, "code")
        found = find_signal(self._entry.code, self._bus, self._document, where)
        return found.name if found else ""

    def _range(self, key: str) -> tuple[float, float] | None:
        written = getattr(self._entry, key)
        if written is None:
            return None
        least, most = written
        if least > most:
            self._report(key, f"{key} is never from {least:g} to {most:g}: the ends are exchanged")
        return least, most

    def _check_valid(self, signal: BusSignal) -> None:
        if self._entry.valid is None:
            return
        (least, most), (first, last) = self._entry.valid, signal.possible
        if least > last or most < first:
            name = signal.signal.name
            self._report("valid", f"{name} is from {first:g} to {last:g}: never in this range")

    def _check_bounds(self, target: SignalTarget) -> None:
        """Warn of a range in the DBC file that drops most readings."""
        entry, signal = self._entry, target.signal
        if entry.valid or entry.values is not None or entry.modulo or entry.clamp:
            return
        if target.field.holds is not Holds.NUMBER or not all(map(math.isfinite, signal.range)):
            return
        kept = sorted(target.convert(value) for value in signal.range)
        can = sorted(
            target.convert(value) if math.isfinite(value) else value for value in signal.possible
        )
        if is_narrow(target.field, (kept[0], kept[1]), (can[0], can[1])):
            (least, most), (first, last) = signal.range, signal.possible
            self._document.warn(
                self._path,
                f"the DBC file's range of {signal.signal.name}, [{least:g}|{most:g}], covers a "
                f"small part of what its bits can say, {first:g} to {last:g}: other readings are "
                "dropped. If it is wrong, write another as valid",
            )

    def _check_codes(self, key: str, signal: BusSignal, codes: Iterable[float]) -> None:
        """Check that the signal's bits can hold these codes."""
        for code in codes:
            if not fits(code, signal):
                name, length = signal.signal.name, signal.signal.length
                self._report(key, f"{name} has {length} bits and is never {code:g} on the bus")

    def _values(self, field: StateField, signal: BusSignal) -> dict[float, Any] | None:
        if self._entry.values is None:
            return None
        codes: dict[float, Any] = {}
        for text, value in self._entry.values.items():
            code = _code_of(text)
            if code is None:
                self._report("values", f"{text[:20]!r} is no whole number, such as 4 or 0x0D")
            elif code in codes:
                self._report("values", f"{text} is there twice")
            else:
                codes[code] = self._value(field, value, "values")
        self._check_codes("values", signal, codes)
        return codes

    def _otherwise(self, field: StateField) -> Any:
        entry = self._entry
        if entry.otherwise is None:
            return KEEP
        if entry.values is None and entry.when is None:
            self._report("else", "else without values or when never happens")
        return None if entry.otherwise == UNKNOWN else self._value(field, entry.otherwise, "else")

    def _value(self, field: StateField, value: object, key: str) -> Any:
        """Check a value that is written for the field. Return the value as the field holds it."""
        if problem := misfit(field, value):
            self._report(key, problem)
            return None
        return as_held(field, value)

    def _find_convert(self, field: StateField, signal: BusSignal) -> Callable[[float], Any]:
        entry = self._entry
        unit = entry.unit if entry.unit is not None else signal.signal.unit or ""
        scale = find_conversion(unit, field.unit if field.holds in _QUANTITIES else "")
        if scale is None:
            text = f"{unit} cannot become {field.unit}, the unit of {field.name}"
            self._report("unit" if entry.unit is not None else "field", text)
            return float
        if entry.scale == 0:
            self._report("scale", "scale 0 leaves nothing of the value")
        calculate = _calculation(entry, self._range("clamp"))
        return lambda value: shape(field, scale(calculate(value)))


def fits(code: float, signal: BusSignal) -> bool:
    """Return whether a signal's bits can hold a code."""
    length = signal.signal.length
    if signal.signal.is_float:
        return True
    half = 1 << length - 1
    least, most = (-half, half - 1) if signal.signal.is_signed else (0, 2 * half - 1)
    return float(code).is_integer() and least <= code <= most


def _code_of(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


def as_held(field: StateField, value: object) -> Any:
    """Return a fitting value as the field holds it."""
    if field.holds is Holds.BITS and field.bits is not None and isinstance(value, int):
        return field.bits(value)
    return value


def misfit(field: StateField, value: object) -> str:
    """Return why a field cannot have a value; empty if it can."""
    match field.holds:
        case Holds.WORD:
            is_good, wanted = value in CHARGE_STATES, f"one of {', '.join(CHARGE_STATES)}"
        case Holds.FLAG:
            is_good, wanted = isinstance(value, bool), "true or false"
        case Holds.BITS:
            is_good, wanted = _is_whole(value) and 0 <= value <= 0xFF, "a byte"  # type: ignore[operator]
        case Holds.INTEGER:
            is_good, wanted = _is_whole(value), "a whole number"
        case Holds.NUMBER:
            is_good = isinstance(value, int | float) and not isinstance(value, bool)
            wanted = "a number"
        case _:
            is_good, wanted = False, f"only {UNKNOWN!r} or what comes on the bus"
    return "" if is_good else f"{field.name} cannot be {value!r}: it is {wanted}"


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _error(code: Value, data: float) -> Any:
    """Return an error, unless its code is unknown yet, or a number is out of all bounds."""
    if code is None or not (math.isfinite(float(code)) and math.isfinite(data)):
        return KEEP
    return CarError(int(code), int(data))


def _calculation(entry: SignalEntry, clamp: tuple[float, float] | None) -> Callable[[float], float]:
    """Return the steps from the signal's value to the field's, in order."""

    def calculate(value: float) -> float:
        value = value * entry.scale + entry.offset
        if entry.modulo is not None:
            value %= entry.modulo
        return value if clamp is None else min(max(value, clamp[0]), clamp[1])

    return calculate


def shape(field: StateField, value: float) -> Any:
    """Return a value as its field holds it; no reading for one out of all bounds."""
    if not math.isfinite(value):
        return KEEP
    match field.holds:
        case Holds.FLAG:
            return bool(value)
        case Holds.INTEGER:
            return round(value)
        case Holds.BITS:
            assert field.bits is not None
            return field.bits(int(value) & 0xFF)
    return value


def by_message(targets: Iterable[SignalTarget]) -> dict[str, dict[str, tuple[SignalTarget, ...]]]:
    """Return targets by message and signal."""
    sorted_: dict[str, dict[str, tuple[SignalTarget, ...]]] = {}
    for target in targets:
        signals = sorted_.setdefault(target.signal.message.name, {})
        name = target.signal.signal.name
        signals[name] = (*signals.get(name, ()), target)
    return sorted_


def looked_at(targets: Iterable[SignalTarget], conditions: Iterable[Condition]) -> Iterator[str]:
    """Yield the names that conditions and errors refer to."""
    for target in targets:
        yield from target.when.names
        if target.code:
            yield target.code
    for condition in conditions:
        yield from condition.names
