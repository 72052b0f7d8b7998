"""Formulas over fields and signals: ``"battery_voltage * battery_current / 1000"``.

A formula has numbers, names, ``+ - * / %``, parentheses, ``min``, ``max`` and ``abs``, and for
fields that are true or false comparisons, ``and``, ``or`` and ``not``. Python's parser reads it,
but nothing of it is run as Python: each part becomes a function of ours. A part that is unknown
makes the whole unknown, and so does what cannot be calculated.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

LONGEST_FORMULA = 300
"""Characters of a formula."""

Number = float | None
Names = Callable[[str], Number]
"""Returns the value of a name, which may be unknown."""

Part = Callable[[Names], Number]


class FormulaError(ValueError):
    """The text is not a formula."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula: the names in it, and what it comes to."""

    names: tuple[str, ...]
    is_yes_or_no: bool
    """It says whether something holds, and no number."""
    _part: Part

    def value(self, names: Names) -> Number:
        """Return the value for these names; ``None`` for unknown."""
        try:
            value = self._part(names)
        except (ZeroDivisionError, OverflowError):
            return None
        return value if value is not None and math.isfinite(value) else None


_BINARY: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.Mod: operator.mod, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip

_UNARY: dict[type[ast.AST], Callable[[float], float]] = {
    ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Not: operator.not_,
}  # fmt: skip

_FUNCTIONS: dict[str, Callable[..., float]] = {"min": min, "max": max, "abs": abs}


def parse_formula(text: str) -> Formula:
    """Parse a formula. Raise :class:`FormulaError`."""
    if len(text) > LONGEST_FORMULA:
        raise FormulaError(f"a formula has up to {LONGEST_FORMULA} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise FormulaError(f"{text[:40]!r} is no formula such as a * (b - 1)") from None
    part = _part(tree)
    names = tuple(dict.fromkeys(_names(tree)))
    if not names:
        raise FormulaError("the formula names nothing that the car tells")
    return Formula(names, isinstance(tree, ast.Compare | ast.BoolOp) or _is_not(tree), part)


def _is_not(tree: ast.expr) -> bool:
    return isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)


def _names(tree: ast.expr) -> Iterator[str]:
    """Yield the names in a formula; those of functions are none."""
    match tree:
        case ast.Name() | ast.Attribute():
            yield _name(tree)
        case ast.Call():
            for each in tree.args:
                yield from _names(each)
        case _:
            for child in ast.iter_child_nodes(tree):
                if isinstance(child, ast.expr):
                    yield from _names(child)


def _name(tree: ast.expr) -> str:
    """Return a name with its dots."""
    match tree:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=above, attr=name):
            return f"{_name(above)}.{name}"
    raise FormulaError("what stands before a point in a formula is a name")


def _part(tree: ast.expr) -> Part:
    match tree:
        case ast.Constant(value=bool() as value) | ast.Constant(value=int() | float() as value):
            return lambda _: value
        case ast.Name() | ast.Attribute():
            name = _name(tree)
            return lambda names: names(name)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _apply(_BINARY[type(op)], [left, right])
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _BINARY:
            return _apply(_BINARY[type(op)], [left, right])
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _apply(_UNARY[type(op)], [operand])
        case ast.BoolOp(op=ast.And(), values=values):
            return _apply(lambda *each: all(each), values)
        case ast.BoolOp(values=values):
            return _apply(lambda *each: any(each), values)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            if (name == "abs") != (len(args) == 1):
                raise FormulaError("abs takes one value, min and max take several")
            return _apply(_FUNCTIONS[name], args)
    text = ast.unparse(tree)
    raise FormulaError(f"a formula has no {text[:40]!r}: it has names, numbers, + - * / % ( ), "
                       "comparisons, and, or, not, min, max, abs")  # fmt: skip


def _apply(function: Callable[..., float], trees: Sequence[ast.expr]) -> Part:
    """Return a function of the parts, which is unknown if one of them is."""
    parts = [_part(each) for each in trees]

    def calculate(names: Names) -> Number:
        values = [part(names) for part in parts]
        return None if None in values else function(*values)

    return calculate
