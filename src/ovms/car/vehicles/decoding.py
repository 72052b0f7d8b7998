"""What a vehicle type makes of frames, as rows: for looking at a recording without a server.

The decoder feeds a vehicle, and compares its state before and after each frame. So it works for any
type that reads a bus. Of types that are data it also says which signal a value came from, and which
readings were refused, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ovms.car.frames import Frame
from ovms.car.state import CarError
from ovms.car.vehicles.data.fields import FIELDS, Holds, StateField
from ovms.car.vehicles.data.targets import KEEP, SignalTarget
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.car.vehicles.interface import BusVehicle

TICK = 1.0
"""Seconds between two looks at what changes with time, while no frame comes."""

DIGITS = 6
"""Decimal places of values: conversions of units leave more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A field that changed: the time in seconds from the start, and the new value."""

    time: float
    field: str
    value: float | bool | str | None
    """``None`` is unknown."""
    unit: str
    signal: str
    """The signal that said so, as ``Message.Signal``; empty for what follows from others."""


@dataclass(slots=True)
class Refused:
    """Readings of a signal that were refused for one reason."""

    signal: str
    field: str
    reason: str
    count: int = 0
    first: float = 0.0
    last: float = 0.0
    value: float | None = None
    """The last one, in the unit of the DBC file."""
    unit: str = ""


@dataclass(slots=True)
class Unread:
    """Frames of an id that the vehicle type does not read."""

    id: str
    """In hexadecimal: three digits, or eight for 29 bits."""
    channel: str
    message: str
    """The DBC file's name for it, if it has one."""
    count: int = 0
    first: float = 0.0
    last: float = 0.0
    data: str = ""
    """The last one's, in hexadecimal."""

    @property
    def every(self) -> float | None:
        """Seconds between two of them."""
        return (self.last - self.first) / (self.count - 1) if self.count > 1 else None


class Decoder:
    """Feeds a vehicle with frames, and collects what comes of them."""

    def __init__(self, vehicle: BusVehicle) -> None:
        self._vehicle = vehicle
        self._fields = [each for each in FIELDS.values() if not _has_names(each)]
        self._before: list[Any] = [None] * len(self._fields)
        self._sources: dict[str, str] = {}
        self._refused: dict[tuple[str, str, str], Refused] = {}
        self._unread: dict[tuple[int, bool, str], Unread] = {}
        self._now = 0.0
        self.frames = 0
        if isinstance(vehicle, DataVehicle):
            vehicle.observe = self._observe

    @property
    def seconds(self) -> float:
        """The time of the last frame."""
        return self._now

    @property
    def refused(self) -> list[Refused]:
        """The readings that were refused, most of them first."""
        return sorted(self._refused.values(), key=lambda each: -each.count)

    @property
    def unread(self) -> list[Unread]:
        """The ids that nobody reads, in their order."""
        return [each for _, each in sorted(self._unread.items())]

    def decode(self, frames: Iterable[Frame]) -> Iterator[Reading]:
        """Yield the changes that frames make. Whatever reading the frames raises goes through."""
        for frame in frames:
            yield from self._pass_time(frame.time)
            self.frames += 1
            self._sources.clear()
            if self._is_read(frame):
                self._vehicle.receive(frame, frame.time)
                yield from self._changes()
            else:
                self._note_unread(frame)

    def _pass_time(self, until: float) -> Iterator[Reading]:
        while self._now < until:
            self._now = min(until, self._now + TICK)
            self._vehicle.advance(self._now)
            if self._now < until:
                self._sources.clear()
                yield from self._changes()

    def _changes(self) -> Iterator[Reading]:
        state, before = self._vehicle.state, self._before
        for at, field in enumerate(self._fields):
            value = field.get(state)
            if value != before[at]:
                before[at] = value
                source = self._sources.get(field.name) or self._sources.get(field.attribute, "")
                yield Reading(self._now, field.name, _plain(value), field.unit, source)

    def _observe(self, target: SignalTarget, code: float, value: object) -> None:
        """Note where a value comes from, or that there is none."""
        if value is not KEEP:
            self._sources[target.field.name] = target.signal.name
            return
        assert isinstance(self._vehicle, DataVehicle)
        reason = target.refusal(code, self._vehicle.look)
        key = (target.signal.name, target.field.name, reason)
        found = self._refused.setdefault(key, Refused(*key, first=self._now))
        found.count += 1
        found.last = self._now
        found.value = round(target.signal.scale(code), DIGITS)
        found.unit = target.signal.signal.unit or ""

    def _is_read(self, frame: Frame) -> bool:
        if isinstance(self._vehicle, DataVehicle):
            return self._vehicle.reads(frame)
        return (frame.id, frame.is_extended) in self._vehicle.ids

    def _note_unread(self, frame: Frame) -> None:
        key = (frame.id, frame.is_extended, frame.channel)
        found = self._unread.get(key)
        if found is None:
            text = f"{frame.id:08X}" if frame.is_extended else f"{frame.id:03X}"
            found = Unread(text, frame.channel, self._message(frame), first=frame.time)
            self._unread[key] = found
        found.count += 1
        found.last, found.data = frame.time, frame.data.hex(" ").upper()

    def _message(self, frame: Frame) -> str:
        if not isinstance(self._vehicle, DataVehicle):
            return ""
        found = self._vehicle.kind.bus.messages_of(frame.id, frame.is_extended)
        return ", ".join(message.name for message in found)


def _has_names(field: StateField) -> bool:
    """Return whether a field is a byte whose bits are fields of their own."""
    return field.holds is Holds.BITS


def _plain(value: Any) -> float | bool | str | None:
    """Return a value as it is told."""
    if isinstance(value, CarError):
        return f"{value.code}: {value.data}"
    if isinstance(value, float):
        return round(value, DIGITS)
    plain: float | bool | str | None = value
    return plain
