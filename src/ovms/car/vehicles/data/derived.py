"""Fields that are calculated from others: ``[derived]``, checked, and calculated.

``battery_power = "battery_voltage * battery_current / 1000"``. A name is a signal of the DBC file,
in its unit, or a field, in the state's. An entry may be *integrated* over hours, so that kW become
kWh.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ovms.car.state import CarState
from ovms.car.vehicles.data.conditions import Condition, Look
from ovms.car.vehicles.data.dbc import BusFile
from ovms.car.vehicles.data.fields import FIELDS, Holds, StateField
from ovms.car.vehicles.data.formulas import Formula, FormulaError, parse_formula
from ovms.car.vehicles.data.models import DerivedEntry, read_entry
from ovms.car.vehicles.data.names import read_condition
from ovms.car.vehicles.data.problems import Document, Path
from ovms.car.vehicles.data.targets import KEEP, SignalTarget, find_signal, guess, shape
from ovms.car.vehicles.data.units import find_conversion

LONGEST_GAP = 60.0
"""Seconds that an integral goes on with a value that is not read again."""

_CALCULATED = (Holds.NUMBER, Holds.INTEGER, Holds.FLAG)


@dataclass(frozen=True, slots=True)
class DerivedField:
    """A field and its formula."""

    field: StateField
    path: Path
    formula: Formula
    when: Condition
    """While it does not hold the field stays as it is, and nothing is added."""
    names: Mapping[str, str]
    """The names in the formula, and those by which they are known."""
    factor: float = 1.0
    offset: float = 0.0
    """The formula's unit becomes the field's."""
    is_integrated: bool = False
    reset: Condition | None = None
    """When it begins to hold, an integral starts over."""

    @property
    def looked_at(self) -> set[str]:
        """The signals and fields that it needs."""
        return {*self.names.values(), *self.when.names, *(self.reset.names if self.reset else ())}


def read_derived(
    written: Mapping[str, Any], targets: Iterable[SignalTarget], bus: BusFile, document: Document
) -> tuple[DerivedField, ...]:
    """Return the entries of ``[derived]``, those that others need first. Report what is wrong."""
    filled = {target.field.name: target for target in targets}
    found: dict[str, DerivedField] = {}
    for name, each in _flat(written):
        path: Path = ("derived", *name.split(".")) if name not in written else ("derived", name)
        entry = read_entry(
            DerivedEntry, {"formula": each} if isinstance(each, str) else each, document, path
        )
        made = _make(name, entry, bus, document, path) if entry else None
        if name in filled:
            text = f"{name} is filled by {filled[name].signal.signal.name} already"
            document.report(path, text)
        elif made is not None:
            found[name] = made
    order = {name: {*each.names.values()} & found.keys() for name, each in found.items()}
    try:
        return tuple(found[name] for name in TopologicalSorter(order).static_order())
    except CycleError as error:
        circle = error.args[1]
        document.report(found[circle[0]].path, f"each of {', '.join(circle)} needs the next")
        return ()


def _flat(written: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield names and entries. A name with dots may be written without quotes, as tables."""
    for key, value in written.items():
        name = f"{above}{key}"
        is_part = isinstance(value, dict) and any(field.startswith(f"{name}.") for field in FIELDS)
        if (is_part and name not in FIELDS) or (
            is_part and not value.keys() & DerivedEntry.model_fields.keys()
        ):
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def _make(
    name: str, entry: DerivedEntry, bus: BusFile, document: Document, path: Path
) -> DerivedField | None:
    before = len(document.problems)
    field = FIELDS.get(name)
    if field is None or field.holds not in _CALCULATED:
        text = f"no field {name[:40]!r} that is calculated"
        document.report(path, text + guess(name, (each for each in FIELDS if _is_number(each))))
        return None
    when = read_condition(entry.when, bus, document, (*path, "when"))
    reset = read_condition(entry.reset, bus, document, (*path, "reset")) if entry.reset else None
    if entry.reset is not None and not entry.integrate:
        document.report((*path, "reset"), "only what is integrated can start over")
    try:
        formula = parse_formula(entry.formula)
    except FormulaError as error:
        document.report((*path, "formula"), str(error))
        return None
    if formula.is_yes_or_no != (field.holds is Holds.FLAG):
        document.report((*path, "formula"), f"{name} holds {field.holds.value}")
    names = {each: _find(each, bus, document, (*path, "formula")) for each in formula.names}
    convert = find_conversion(entry.unit or "", field.unit)
    if convert is None:
        document.report((*path, "unit"), f"{entry.unit} cannot become {field.unit}")
        return None
    if len(document.problems) > before:
        return None
    offset = convert(0.0)
    return DerivedField(
        field, path, formula, when, names, convert(1.0) - offset, offset, entry.integrate, reset
    )


def _is_number(name: str) -> bool:
    return FIELDS[name].holds in _CALCULATED


def _find(name: str, bus: BusFile, document: Document, path: Path) -> str:
    """Return the name by which a signal or field is known. Report one that is not there."""
    if not bus.find(name) and name in FIELDS:
        if not _is_number(name):
            document.report(path, f"{name} holds {FIELDS[name].holds.value}, which is no number")
        return name
    signal = find_signal(name, bus, document, path)
    return signal.name if signal else name


class Derivation:
    """The calculated fields of one car. ``look`` returns what is known of it."""

    def __init__(self, derived: Iterable[DerivedField], look: Look) -> None:
        self._look = look
        self._derived = tuple(derived)
        self._sums = {each.field.name: _Integral() for each in self._derived if each.is_integrated}

    def update(self, now: float, *, is_reading: bool) -> Iterator[tuple[StateField, Any]]:
        """Yield the fields and their values now. The caller sets each before the next.

        ``is_reading`` says that the car has just told something.
        """
        for each in self._derived:
            value = self._calculate(each, now, is_reading)
            if value is not KEEP:
                yield each.field, value

    def resume(self, state: CarState) -> None:
        """Let sums go on from what the state has of before."""
        for each in self._derived:
            value = each.field.get(state) if each.is_integrated else None
            if isinstance(value, int | float) and each.factor:
                integral = self._sums[each.field.name]
                integral.total = (value - each.offset) / each.factor
                integral.was_over = each.reset is not None and each.reset.holds(self._look)

    def _calculate(self, each: DerivedField, now: float, is_reading: bool) -> Any:
        holds = each.when.holds(self._look)
        value = each.formula.value(lambda name: self._number(each.names[name])) if holds else None
        if each.is_integrated:
            is_over = each.reset is not None and each.reset.holds(self._look)
            integral = self._sums[each.field.name]
            value = integral.add(value, now, is_over=is_over, is_reading=is_reading)
        elif not holds:
            return KEEP
        return None if value is None else shape(each.field, value * each.factor + each.offset)

    def _number(self, name: str) -> float | None:
        value = self._look(name)
        return value if isinstance(value, int | float) and math.isfinite(value) else None


@dataclass(slots=True)
class _Integral:
    """A sum over time, unknown until there is something to sum."""

    total: float | None = None
    value: float | None = None
    """What is added."""
    since: float = 0.0
    """Until when it was added."""
    read: float = 0.0
    """When the value was last read anew."""
    was_over: bool = False

    def add(
        self, value: float | None, now: float, *, is_over: bool, is_reading: bool
    ) -> float | None:
        """Add what came since the last call. Return the sum in hours."""
        if self.value is not None:
            end = min(now, self.read + LONGEST_GAP)
            self.total = (self.total or 0.0) + self.value * max(0.0, end - self.since) / 3600
        if is_over and not self.was_over:
            self.total = 0.0
        if is_reading:
            self.read = now
        if value is not None and self.total is None:
            self.total = 0.0
        self.value, self.since, self.was_over = value, now, is_over
        return self.total
