"""``W`` and ``Y``: tyre pressures of four fixed wheels in psi, or of any wheels in kPa."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from ovms.protocol.records.field_types import NumberField, TextField
from ovms.protocol.records.record import JsonValue, Record, legible, number, record

PSI_PER_KPA = 0.14503773773


@record("W")
@dataclass(frozen=True, slots=True, kw_only=True)
class WheelPressures(Record):
    """Tyres of a car with four wheels."""

    fr_pressure: float | None = number("psi", "front right", places=1, stale="stale")
    fr_temperature: float | None = number("°C", "front right", stale="stale")
    rr_pressure: float | None = number("psi", "rear right", places=1, stale="stale")
    rr_temperature: float | None = number("°C", "rear right", stale="stale")
    fl_pressure: float | None = number("psi", "front left", places=1, stale="stale")
    fl_temperature: float | None = number("°C", "front left", stale="stale")
    rl_pressure: float | None = number("psi", "rear left", places=1, stale="stale")
    rl_temperature: float | None = number("°C", "rear left", stale="stale")
    stale: float | None = number("", "-1 none, 0 stale, above 0 fresh")


@dataclass(frozen=True, slots=True)
class Readings:
    """One section of ``Y``: a value for each wheel or sensor, and whether they are valid.

    ``validity`` is -1 undefined, 0 stale, 1 valid.
    """

    values: tuple[float | None, ...] = ()
    validity: float | None = None

    def known(self) -> Self:
        """Return the readings with ``None`` for undefined ones."""
        if self.validity is None or self.validity >= 0:
            return self
        return replace(self, values=(None,) * len(self.values))


SECTIONS = {
    "pressure": ("kPa", 1, "pressure"),
    "temperature": ("°C", 1, "temperature"),
    "health": ("%", 1, "health"),
    "alert": ("", 0, "alert level: 0 none, 1 warning, 2 alert"),
    "sensor": ("", 0, "sensor of each wheel; missing before firmware 3.3.006"),
}
"""The sections behind the names, in the order of the wire: unit, places, meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tyres:
    """Tyres of any vehicle: the wheels' names, then sections of readings, each counted."""

    CODE: ClassVar[str] = "Y"

    names: tuple[str, ...] = ()
    pressure: Readings | None = None
    temperature: Readings | None = None
    health: Readings | None = None
    alert: Readings | None = None
    sensor: Readings | None = None
    extra: tuple[str, ...] = ()
    """The fields behind the last section that could be read."""
    raw: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a message's data. Never fails: reading stops at a count that is wrong."""
        raw = tuple(data.decode("utf-8", "surrogateescape").split(","))
        names, sections, rest = split_sections(raw)
        readings = {
            name: Readings(tuple(map(_NUMBER.parse, texts)), _NUMBER.parse(validity))
            for name, (texts, validity) in sections.items()
        }
        return cls(names=names, **readings, extra=rest, raw=raw)

    def encode(self) -> bytes:
        """Return the data; a parsed record's as they came."""
        data = ",".join(self.raw).encode("utf-8", "surrogateescape")
        if self.raw and self.parse(data) == self:
            return data
        return ",".join(self._fields()).encode("utf-8", "surrogateescape")

    def _fields(self) -> Iterator[str]:
        yield str(len(self.names))
        yield from map(_NAME.encode, self.names)
        for name, (_, places, _) in SECTIONS.items():
            readings: Readings | None = getattr(self, name)
            if readings is None:
                break
            kind = NumberField(places=places)
            yield str(len(readings.values))
            yield from ("" if value is None else kind.encode(value) for value in readings.values)
            yield "-1" if readings.validity is None else _NUMBER.encode(readings.validity)
        yield from self.extra

    def known(self) -> Self:
        """Return the tyres with ``None`` for what their sender does not know."""
        sections: dict[str, Any] = {
            name: readings.known()
            for name in SECTIONS
            if (readings := getattr(self, name)) is not None
        }
        return replace(self, **sections)

    def as_json(self) -> dict[str, JsonValue]:
        """Return the names, and the known values and the validity of each section."""
        result: dict[str, JsonValue] = {"names": [legible(name) for name in self.names]}
        for name in SECTIONS:
            readings: Readings | None = getattr(self, name)
            result[name] = None if readings is None else list(readings.known().values)
            result[f"{name}_valid"] = None if readings is None else readings.validity
        return result


_NAME = TextField()
_NUMBER = NumberField()


Texts = tuple[str, ...]


def split_sections(fields: Texts) -> tuple[Texts, dict[str, tuple[Texts, str]], Texts]:
    """Return the wheels' names, each section's values and validity as text, and what is behind.

    Reading stops at a count that is wrong. A validity that is missing is empty.
    """
    names, rest = _take(fields)
    sections: dict[str, tuple[Texts, str]] = {}
    for name in SECTIONS if names is not None else ():
        values, behind = _take(rest)
        if values is None:
            break
        sections[name] = values, behind[0] if behind else ""
        rest = behind[1:]
    return names or (), sections, rest


def _take(fields: Texts) -> tuple[Texts | None, Texts]:
    """Return as many values as the first field says, and the rest; ``None`` if they are missing."""
    count = _NUMBER.parse(fields[0]) if fields else None
    if not isinstance(count, int) or not 0 <= count < len(fields):
        return None, fields
    return fields[1 : 1 + count], fields[1 + count :]
