"""What a car knew before its module was restarted: ``DIR/known.json``.

A restart (command 5, a watchdog, an update, a power cut) would otherwise leave everything unknown
until the car says it again, which a car that sleeps does only when it is driven. Readings keep
their age. What the module has of its modem, the car's clock and its error are not kept. What was
told of its alerts is: an empty 12 V battery makes a module restart again and again.

The file is JSON, and private, because it holds the position. It is replaced as a whole. Without it
the same text is handed over to the program that replaces this one on command 5.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol, get_type_hints, runtime_checkable

from ovms.base.clock import Clock
from ovms.base.failures import FailureLog
from ovms.base.logs import get_logger
from ovms.base.paths import make_private_dir, set_aside, write_whole
from ovms.car.state import DOORS, CarState, Topic, named_bits
from ovms.car.vehicles.interface import CarVehicle
from ovms.protocol.records.status import CHARGE_STATES

log = get_logger("ovms.car")

FILE_NAME = "known.json"

VERSION = 1
"""Of the format."""

LARGEST_FILE = 64 * 1024
"""Bytes. A state takes about 3 kB, so a larger file is damaged."""

HANDED_OVER = "OVMS_KNOWN_FILE"
"""The variable with the number of the open file that is handed over."""

LOOK_INTERVAL = 1.0
"""Seconds between two looks at whether there is anything new to keep."""

SAVE_INTERVAL = 10.0
"""Seconds between two saves of what changes all the time; the rest is saved at the next look."""

NOT_KEPT = {"time", "error", "gsm_signal", "network", "parked_since", "updated", "read",
            "stale_after", "tyres", "unread"}  # fmt: skip
"""The attributes that are not kept, or not as a value of their own."""

_HINTS = get_type_hints(CarState)
_KINDS = {
    each.name: next(kind for kind in _HINTS[each.name].__args__ if kind is not type(None))
    for each in fields(CarState)
    if each.name not in NOT_KEPT
}
"""The type of each kept attribute."""

_AT_ONCE = {name for name, kind in _KINDS.items() if kind is not float} | {"soc", "charge_limit"}
"""What is saved as soon as it has changed, in whole numbers; of other values the first reading."""


@runtime_checkable
class ResumingVehicle(Protocol):
    """A vehicle that is told when readings from before a restart are in its state."""

    @property
    def filled(self) -> Collection[str]:
        """The attributes of the state that it may fill; others are not brought back."""
        ...

    def resume(self, now: float) -> None:
        """Note that the state has readings from before."""
        ...


class DamagedMemory(ValueError):
    """The text is not what :meth:`StateMemory.encode` returns."""


@dataclass(frozen=True, slots=True)
class StateMemory:
    """The memory of one car: whose state it is, and how it becomes text and back."""

    vehicle: str
    kind: str
    """The vehicle type, as ``--type`` names it: what another one has read means nothing."""

    def encode(
        self, state: CarState, now: float, time: float, told: Mapping[str, Any] | None = None
    ) -> bytes:
        """Return what is known at the car's time ``now`` and the Unix time ``time``.

        ``told`` is what :meth:`~ovms.car.module.Module.told` returns.
        """
        kept = {
            "version": VERSION, "vehicle": self.vehicle, "type": self.kind, "saved": time,
            "values": values_of(state), "ages": _ages_of(state, now), "told": told or {},
        }  # fmt: skip
        return json.dumps(kept, ensure_ascii=False).encode() + b"\n"

    def restore(self, data: bytes, state: CarState, now: float, time: float,
                filled: Collection[str] = ()) -> bool:  # fmt: skip
        """Bring back what was known, unless it is another car's. Return whether it was this one's.

        What is known already counts more. With ``filled`` only those attributes come back. Raise
        :class:`DamagedMemory`.
        """
        try:
            kept = _read(data)
            if (kept["vehicle"], kept["type"]) != (self.vehicle, self.kind):
                return False
            gap = max(0.0, time - float(kept["saved"]))
            _put_values(state, kept["values"], filled)
            _put_ages(state, kept["ages"], now, gap)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise DamagedMemory(str(error)) from error
        return True

    def told(self, data: bytes) -> dict[str, Any]:
        """Return what was told of alerts. ``data`` is what :meth:`restore` has accepted."""
        told = _read(data).get("told")
        return told if isinstance(told, dict) else {}


def values_of(state: CarState) -> dict[str, Any]:
    """Return what is known, by attribute."""
    values: dict[str, Any] = {}
    for name in _KINDS:
        value = getattr(state, name)
        if value is not None and not (isinstance(value, float) and not math.isfinite(value)):
            values[name] = int(value) if name in DOORS.values() else value
    tyres = {
        wheel: {"pressure": tyre.pressure, "temperature": tyre.temperature}
        for wheel, tyre in state.tyres.items()
        if (tyre.pressure, tyre.temperature) != (None, None)
    }
    more = {"tyres": tyres, "unread": dict(state.unread)}
    return values | {name: value for name, value in more.items() if value}


def _ages_of(state: CarState, now: float) -> dict[str, float]:
    """Return how old dated readings are, and for how long the car has been parked, in seconds."""
    ages = {topic.name: max(0.0, now - read) for topic, read in state.updated.items()}
    if state.parked_since is not None:
        ages["parked"] = max(0.0, now - state.parked_since)
    return ages


def _read(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST_FILE:
        raise ValueError("it is too large")
    kept = json.loads(data)
    if not isinstance(kept, dict) or kept["version"] != VERSION:
        raise ValueError("it has another format")
    return kept


def _put_values(state: CarState, values: Mapping[str, Any], filled: Collection[str]) -> None:
    wanted = {name for name in values if not filled or name in filled}
    for name in wanted & _KINDS.keys():
        if getattr(state, name) is None:
            setattr(state, name, _fitting(name, values[name]))
            unread = values.get("unread", {}).get(name, 0)
            if unread and name in DOORS.values() and getattr(state, name) is not None:
                state.unread[name] = int(unread) & named_bits(_KINDS[name])
    for wheel, kept in values.get("tyres", {}).items() if "tyres" in wanted else ():
        tyre = state.tyres.get(wheel)
        if tyre is not None and (tyre.pressure, tyre.temperature) == (None, None):
            tyre.pressure = _number(kept["pressure"])
            tyre.temperature = _number(kept["temperature"])


def _fitting(name: str, value: Any) -> Any:
    """Return a value as its attribute holds it; ``None`` for a value of another type."""
    kind = _KINDS[name]
    if name in DOORS.values():
        return kind(value & 0xFF) if type(value) is int else None
    if kind is float:
        return _number(value)
    is_word = name != "charge_state" or value in CHARGE_STATES
    return value if type(value) is kind and is_word else None


def _number(value: Any) -> float | None:
    return value if type(value) in (int, float) and math.isfinite(value) else None


def _put_ages(state: CarState, ages: Mapping[str, Any], now: float, gap: float) -> None:
    for topic in Topic:
        age = _number(ages.get(topic.name))
        if age is not None:
            state.updated.setdefault(topic, now - gap - age)
    parked = _number(ages.get("parked"))
    if parked is not None and state.is_on is False and state.parked_since is None:
        state.parked_since = now - gap - parked


class KnownFile:
    """The file of one module, in a folder that is created if it is missing.

    Raise :class:`OSError` if it cannot be created.
    """

    def __init__(self, folder: Path) -> None:
        make_private_dir(folder)
        self._path = folder / FILE_NAME

    def load(self) -> bytes | None:
        """Return what was saved last, if anything. Raise :class:`OSError`."""
        try:
            with self._path.open("rb") as file:
                return file.read(LARGEST_FILE + 1)
        except FileNotFoundError:
            return None

    def save(self, data: bytes) -> None:
        """Replace the file. Raise :class:`OSError`; then the old one stays."""
        write_whole(self._path, data, 0o600)

    def set_aside(self) -> None:
        """Rename a damaged file, and log that."""
        log.error("damaged memory of the car set aside", file=str(set_aside(self._path)))


def hand_over(text: bytes) -> None:
    """Leave a text for the program that is about to replace this one."""
    with tempfile.TemporaryFile() as file:
        file.write(text)
        file.flush()
        inherited = os.dup(file.fileno())
    os.set_inheritable(inherited, True)
    os.environ[HANDED_OVER] = str(inherited)


def handed_over() -> bytes | None:
    """Return the text that the program before this one has left, once."""
    number = os.environ.pop(HANDED_OVER, "")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    try:
        with os.fdopen(int(number), "rb") as file:
            file.seek(0)
            return file.read(LARGEST_FILE + 1)
    except OSError:
        return None


def restore(
    memory: StateMemory,
    vehicle: CarVehicle,
    now: float,
    handed: bytes | None,
    file: KnownFile | None,
    clock: Clock,
) -> dict[str, Any]:
    """Bring back what was handed over, or else what the file has, and tell the vehicle.

    Return what was told of alerts.
    """
    try:
        text = handed if handed is not None else file.load() if file is not None else None
    except OSError as error:
        log.error("what was known of the car cannot be read", reason=str(error))
        return {}
    if text is None:
        return {}
    resuming = vehicle if isinstance(vehicle, ResumingVehicle) else None
    filled = resuming.filled if resuming is not None else ()
    try:
        is_restored = memory.restore(text, vehicle.state, now, clock.time(), filled)
    except DamagedMemory:
        if handed is None and file is not None:
            file.set_aside()
        return {}
    if not is_restored:
        return {}
    if resuming is not None:
        resuming.resume(now)
    log.info("what was known before is known again")
    return memory.told(text)


class StateKeeper:
    """Saves what is known of a car while it runs. A disk that fails is logged once."""

    def __init__(
        self,
        memory: StateMemory,
        state: CarState,
        now: Callable[[], float],
        save: Callable[[bytes], None],
        clock: Clock,
        restored: Mapping[str, Any] | None = None,
    ) -> None:
        """``now`` returns the car's time, and ``save`` writes the text of the memory.

        ``restored`` is what was told of alerts before.
        """
        self.restored = restored or {}
        """What was told of alerts before the restart."""
        self.told: Callable[[float], Mapping[str, Any]] = _nothing
        """Returns what is told of alerts at the car's time. It belongs to the module."""
        self._memory = memory
        self._state = state
        self._now = now
        self._save = save
        self._clock = clock
        self._saved: dict[str, Any] = values_of(state)
        self._saved_told: set[str] = set()
        self._saved_at = -math.inf
        self._failures = FailureLog(log, "what is known of the car cannot be kept")

    @property
    def text(self) -> bytes:
        """What is known now."""
        now = self._now()
        return self._memory.encode(self._state, now, self._clock.time(), self.told(now))

    def due(self) -> bytes | None:
        """Return what is to be saved now; ``None`` if there is nothing new. It counts as saved."""
        values, passed = values_of(self._state), self._clock.monotonic() - self._saved_at
        told = _told_outline(self.told(self._now()))
        is_told = told != self._saved_told
        is_due = is_told or passed >= SAVE_INTERVAL or _outline(values) != _outline(self._saved)
        if not is_told and (values == self._saved or not is_due):
            return None
        self._saved, self._saved_told = values, told
        self._saved_at = self._clock.monotonic()
        return self.text

    async def run(self) -> None:
        """Save what is new, for ever; at the end, too."""
        try:
            while True:
                await asyncio.sleep(LOOK_INTERVAL)
                text = self.due()
                if text is not None:
                    self._write(text)
        finally:
            if self._saved or values_of(self._state):
                self._write(self.text)

    def _write(self, text: bytes) -> None:
        with self._failures.catch("save"):
            self._save(text)


def _nothing(now: float) -> Mapping[str, Any]:
    return {}


def _told_outline(told: Mapping[str, Any]) -> set[str]:
    """Return what of it is saved at once: its names, and the state of the charge."""
    charge = told.get("charge") or [None, None]
    return {*told, f"{charge[0]} {charge[1]}"} if told else set()


def _outline(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is saved at once: which values there are, and those that change rarely."""
    return {name: _coarse(value) if name in _AT_ONCE else None for name, value in values.items()}


def _coarse(value: Any) -> Any:
    return round(value) if isinstance(value, float) else value
