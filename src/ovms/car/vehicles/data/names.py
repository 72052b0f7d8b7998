"""The names in conditions: signals of the DBC file, else fields of the state."""

from __future__ import annotations

from ovms.car.vehicles.data.conditions import (
    ALWAYS,
    Condition,
    ConditionError,
    Test,
    is_pattern,
    parse_condition,
)
from ovms.car.vehicles.data.dbc import BusFile, BusSignal
from ovms.car.vehicles.data.fields import FIELDS, Holds, StateField
from ovms.car.vehicles.data.problems import Document, Path
from ovms.protocol.records.status import CHARGE_STATES


def read_condition(written: object, bus: BusFile, document: Document, path: Path) -> Condition:
    """Return a condition with signals as ``Message.Signal``. Report what is wrong with it."""
    if written is None:
        return ALWAYS
    try:
        condition = parse_condition(written)
    except ConditionError as error:
        document.report(path, str(error))
        return ALWAYS
    return Condition(
        tuple(
            {_resolve(name, test, bus, document, path): test for name, test in tests.items()}
            for tests in condition.alternatives
        )
    )


def _resolve(name: str, test: Test, bus: BusFile, document: Document, path: Path) -> str:
    signals = bus.find(name)
    if len(signals) > 1:
        names = " or ".join(f'"{each.name}"' for each in signals)
        document.report(path, f"several messages have a signal {name}: write {names}")
    flaws = [] if signals or name in FIELDS else bus.refuse(name)
    if flaws:
        document.report(path, f"{name} cannot be used: {'; '.join(flaws)}")
        return name
    problem = _misfit_signal(signals[0], test) if signals else misfit_field(name, test)
    if problem:
        document.report(path, problem)
    return signals[0].name if signals else name


def _misfit_signal(signal: BusSignal, test: Test) -> str:
    name, (least, most) = signal.signal.name, signal.possible
    for value in (*test.one_of, *test.none_of):
        if isinstance(value, str):
            return f"{name} is a number and never {value!r}"
        if not least <= value <= most:
            return f"{name} is from {least:g} to {most:g} and never {value:g}"
    if test.least > most or test.most < least:
        return f"{name} is from {least:g} to {most:g}: never in this range"
    return ""


def misfit_field(name: str, test: Test) -> str:
    """Return why a test of a field's value makes no sense; nothing if it does."""
    field = FIELDS.get(name)
    if field is None or field.holds is Holds.ERROR:
        return f"{name} is neither a signal of the DBC file nor a field to look at"
    is_text = field.holds in (Holds.TEXT, Holds.WORD)
    for value in (*test.one_of, *test.none_of):
        if isinstance(value, str) != is_text:
            return f"{name} holds {field.holds.value} and is never {value!r}"
        if problem := _misfit_word(field, value):
            return problem
    if is_text and test != Test(test.one_of, test.none_of):
        return f"{name} holds {field.holds.value}: it has no range and no bits"
    return ""


def _misfit_word(field: StateField, value: object) -> str:
    if field.holds is not Holds.WORD or is_pattern(value) or value in CHARGE_STATES:
        return ""
    return f"{field.name} is never {value!r}: it is one of {', '.join(CHARGE_STATES)}"
