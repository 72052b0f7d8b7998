"""Comma-separated records: dataclasses that are their own field tables.

The attributes of a record are in the order of the wire::

    @record("Z")
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Peers(Record):
        count: float | None = number("", "how many peers are connected")

Decoder, encoder, JSON names and the reference in the docs are made from it. A parsed record keeps
the text that it came from. So extra fields, missing fields, fields that are not understood, and
bytes that are not UTF-8 are written exactly as they came.

What a record's sender does not know is an empty field, or, where modules always send a number, that
number with a mark: -1 in the stale indicator of the field, or the number that stands for unknown.
The attributes are what came. :meth:`Record.known` returns a record without what is not known, and
JSON has ``null`` for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Self, TypeVar

from ovms.protocol.records.field_types import (
    BitField,
    BitSet,
    FieldType,
    FlagField,
    HexField,
    NumberField,
    TextField,
)

CONVERTED_PLACES = 6
"""Digits behind the point of a number that was converted: 1 Wh is 0.001 kWh, and no more of it."""


class Freshness(Enum):
    """How old a reading is, as its sender says."""

    UNKNOWN = "unknown"
    """There is no reading."""
    OLD = "old"
    """There was a reading, some time ago."""
    FRESH = "fresh"


class StaleRule(Enum):
    """What a stale indicator below 0 says of a field."""

    ANY = "any value"
    """The field is unknown, whatever its value."""
    ZERO = "a value of 0"
    """A value of 0 is unknown; another value was read without the indicator's own reading."""


JsonValue = str | int | float | bool | list[str] | list[float | None] | None


@dataclass(frozen=True, slots=True)
class Field:
    """One row of a record's field table."""

    name: str
    kind: FieldType
    unit: str
    meaning: str
    since: str
    """The version of the guide that added it, or ``field`` where only modules have it."""
    pic_factor: float = 1
    """What a PIC module's number is multiplied by to be in ``unit``, which is the ESP32's."""
    unknown: float | None = None
    """The number that stands for unknown; ``None`` if there is none."""
    stale: str = ""
    """The field with its stale indicator (-1 never read, 0 old, above 0 fresh); empty for none."""
    stale_rule: StaleRule = StaleRule.ANY


def number(
    unit: str,
    meaning: str,
    since: str = "",
    *,
    scale: int = 1,
    places: int = 0,
    pic_factor: float = 1,
    unknown: float | None = None,
    stale: str = "",
    stale_rule: StaleRule = StaleRule.ANY,
) -> Any:
    """Declare a field that holds a number in ``unit``. See :class:`Field` for the rest."""
    kind = NumberField(scale, places)
    return _wire(kind, unit, meaning, since, pic_factor, unknown, stale, stale_rule)


def text(meaning: str, since: str = "", *, values: tuple[str, ...] = ()) -> Any:
    """Declare a field that holds text."""
    return _wire(TextField(values), "", meaning, since)


def flag(meaning: str, since: str = "") -> Any:
    """Declare a field that is 0 or 1."""
    return _wire(FlagField(), "", meaning, since)


def hexadecimal(meaning: str, since: str = "") -> Any:
    """Declare a field that holds a number in hexadecimal."""
    return _wire(HexField(), "", meaning, since)


def bits(names: type[BitSet], meaning: str, since: str = "") -> Any:
    """Declare a field that holds a byte of named bits."""
    return _wire(BitField(names), "", meaning, since)


def _wire(kind: FieldType, *row: object) -> Any:
    return dataclasses.field(default=None, metadata={"wire": (kind, *row)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A message's content as fields separated by commas.

    A field is ``None`` if the record is shorter, the field is empty, or its text is not of the
    type. ``extra`` are the fields behind the last known one. Text that was not UTF-8 has Python's
    surrogate escapes.
    """

    CODE: ClassVar[str]
    TABLE: ClassVar[tuple[Field, ...]]

    extra: tuple[str, ...] = ()
    raw: tuple[str, ...] = dataclasses.field(default=(), compare=False, repr=False)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a message's data. Never fails: the text of all fields is kept in ``raw``."""
        raw = tuple(data.decode("utf-8", "surrogateescape").split(",")) if data else ()
        values = {field.name: field.kind.parse(text) for field, text in zip(cls.TABLE, raw)}  # noqa: B905 (short records)
        return cls(**values, extra=raw[len(cls.TABLE) :], raw=raw)

    def from_pic(self) -> Self:
        """Return what a PIC module has sent in the units of the table, which are the ESP32's."""
        converted = {
            field.name: round(value * field.pic_factor, CONVERTED_PLACES)
            for field in self.TABLE
            if field.pic_factor != 1 and (value := getattr(self, field.name)) is not None
        }
        return dataclasses.replace(self, **converted)

    def freshness(self, name: str) -> Freshness:
        """Return how old a field's reading is. A field without a stale indicator is fresh.

        Raise :class:`KeyError` for a field that the record does not have.
        """
        field = {each.name: each for each in self.TABLE}[name]
        if self._reading(field) is None:
            return Freshness.UNKNOWN
        is_old = field.stale and getattr(self, field.stale) == 0
        return Freshness.OLD if is_old else Freshness.FRESH

    def known(self) -> Self:
        """Return the record with ``None`` for what its sender does not know."""
        unknown: dict[str, Any] = {
            field.name: None
            for field in self.TABLE
            if getattr(self, field.name) is not None and self._reading(field) is None
        }
        return dataclasses.replace(self, **unknown) if unknown else self

    def _reading(self, field: Field) -> Any:
        """Return a field's value; ``None`` if it stands for unknown."""
        value = getattr(self, field.name)
        return None if value is None or self._stands_for_unknown(field, value) else value

    def _stands_for_unknown(self, field: Field, value: Any) -> bool:
        if field.unknown is not None and value == field.unknown:
            return True
        stale = getattr(self, field.stale) if field.stale else None
        return stale is not None and stale < 0 and (field.stale_rule is StaleRule.ANY or value == 0)

    def is_set(self, bit: BitSet) -> bool | None:
        """Return whether a bit of the record is set; ``None`` if that is not known.

        Raise :class:`KeyError` for a bit that the record does not have.
        """
        kinds = {each.kind.names: each for each in self.TABLE if isinstance(each.kind, BitField)}
        return self._bit(kinds[type(bit)], bit)

    def _bit(self, field: Field, bit: BitSet) -> bool | None:
        value = getattr(self, field.name)
        return None if value is None or not self._is_read(field, bit) else bool(value & bit)

    def _is_read(self, field: Field, bit: BitSet) -> bool:
        """Return whether a bit of a field that is there was ever read."""
        return True

    def encode(self) -> bytes:
        """Return the data, without missing fields at the end.

        A field that has the value it was parsed with is written with its old text.
        """
        texts = [self._encode_field(at, field) for at, field in enumerate(self.TABLE)]
        if not self.extra:
            while len(texts) > len(self.raw) and not texts[-1]:
                texts.pop()
        return ",".join([*texts, *self.extra]).encode("utf-8", "surrogateescape")

    def _encode_field(self, at: int, field: Field) -> str:
        value = getattr(self, field.name)
        if at < len(self.raw):
            came = field.kind.parse(self.raw[at])
            is_same = came == value
            if is_same or (value is None and self._stands_for_unknown(field, came)):
                return self.raw[at]
        return "" if value is None else field.kind.encode(value)

    def as_json(self) -> dict[str, JsonValue]:
        """Return every field by name, with ``None`` for what is not known.

        A byte of bits is there as a number and bit by bit.
        """
        return dict(self._named())

    def _named(self) -> Iterator[tuple[str, JsonValue]]:
        for field in self.TABLE:
            value = self._reading(field)
            yield field.name, legible(value) if isinstance(value, str) else _plain(value)
            if isinstance(field.kind, BitField):
                for name, bit in field.kind.names.names().items():
                    yield name, self._bit(field, bit)


def legible(text: str) -> str:
    """Return text for people, in which bytes that were not UTF-8 are read as Latin-1."""
    if text.isascii():
        return text
    data = text.encode("utf-8", "surrogateescape")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _plain(value: Any) -> JsonValue:
    return int(value) if isinstance(value, BitSet) else value


R = TypeVar("R", bound=Record)


def record(code: str) -> Callable[[type[R]], type[R]]:
    """Return a decorator that makes a dataclass the record of a message code."""

    def make(cls: type[R]) -> type[R]:
        cls.CODE = code
        cls.TABLE = tuple(
            Field(field.name, *field.metadata["wire"])
            for field in dataclasses.fields(cls)
            if "wire" in field.metadata
        )
        return cls

    return make
