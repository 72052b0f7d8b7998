"""Messages and signals of a DBC file as they are written, and what is wrong with them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

LONGEST_MESSAGE = 4095
"""Bytes of the longest message: an answer in many frames (ISO-TP)."""

MOST_BITS = 8 * LONGEST_MESSAGE
"""Bits of such a message."""

_INTEGER = re.compile(r"[-+]?\d{1,30}", re.ASCII)


class Flaw(NamedTuple):
    """Something wrong: its line, and the message and its signals that it concerns."""

    line: int
    text: str
    message: str = ""
    signals: tuple[str, ...] = ()
    is_harmless: bool = False
    """Its meaning is certain, so nothing is left out."""
    twin: str = ""
    """Another message with the same id. Nothing is wrong if they are of different buses."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names of signals, or of a whole message, that cannot be used."""
        return () if self.is_harmless else self.signals


@dataclass(slots=True)
class RawSignal:
    """A signal as it is written."""

    name: str
    line: int
    found: re.Match[str]
    multiplexer: str = ""
    selectors: frozenset[int] = frozenset()
    float_size: int = 0

    @property
    def mark(self) -> str:
        """How it takes part in multiplexing: ``M``, ``m1`` or ``m1M``."""
        return self.found["mark"] or ""

    @property
    def is_selected(self) -> bool:
        """Whether it exists only for some values of a multiplexer."""
        return self.mark.startswith("m") or bool(self.selectors)

    @property
    def start(self) -> int:
        """Its first bit, counted as the file does."""
        return int(self.found["start"])

    @property
    def length(self) -> int:
        """Its length in bits."""
        return int(self.found["length"])

    @property
    def mask(self) -> int:
        """A bit for each of its bits, counted in the order of the bus."""
        first = self.start
        if self.found["order"] == "0":
            return ((1 << self.length) - 1) << _on_bus(first)
        return sum(1 << _on_bus(bit) for bit in range(first, first + self.length))


@dataclass(slots=True)
class RawMessage:
    """A message as it is written."""

    name: str
    line: int
    number: int
    """The id as it is written, with the highest bit for 29 bits."""
    size: int
    signals: dict[str, RawSignal] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    """The names of signals that are not used."""


def _on_bus(bit: int) -> int:
    """Return the place of a bit among all bits of a message, the highest of a byte first."""
    return 8 * (bit // 8) + 7 - bit % 8


def read_number(text: str) -> float:
    """Return a number, a whole one if it is written so."""
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def read_bound(text: str | None) -> float | None:
    """Return the end of a range; ``None`` if it is no number."""
    try:
        value = read_number((text or "").strip())
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def check_message(raw: RawMessage, needed: Collection[str] = ()) -> Iterator[Flaw]:
    """Yield what is wrong with the signals of a message.

    Of two that overlap the one that is ``needed``, by its name or ``Message.Signal``, stays.
    """
    if raw.size > LONGEST_MESSAGE:
        text = f"{raw.name} is longer than {LONGEST_MESSAGE} bytes"
        yield Flaw(raw.line, text, raw.name, is_harmless=True)
    sound = []
    for signal in raw.signals.values():
        flaws = list(_check_signal(signal, raw))
        yield from flaws
        sound += [] if any(not flaw.is_harmless for flaw in flaws) else [signal]
    _resolve(raw, sound)
    masks = [(signal, signal.mask) for signal in sound]
    for (one, bits), (other, others) in itertools.combinations(masks, 2):
        if bits & others and _can_meet(raw, one, other):
            line = max(one.line, other.line)
            text = f"the signals {one.name} and {other.name} overlap in message {raw.name}"
            both = (one.name, other.name)
            spare = tuple(each for each in both if not {each, f"{raw.name}.{each}"} & set(needed))
            yield Flaw(line, text, raw.name, spare or both)


def _check_signal(signal: RawSignal, raw: RawMessage) -> Iterator[Flaw]:
    """Yield what is wrong with a signal by itself."""
    name = signal.name

    def flaw(text: str, *, is_harmless: bool = False) -> Flaw:
        return Flaw(signal.line, text, raw.name, (name,), is_harmless)

    scale, offset = read_number(signal.found["scale"]), read_number(signal.found["offset"])
    if not (math.isfinite(scale) and math.isfinite(offset) and scale):
        yield flaw(f"factor and offset of {name} are of no use: ({scale},{offset})")
    elif any(signal.found[key].lstrip("+-").startswith(".") for key in ("scale", "offset")):
        text = f"a number of {name} begins with a point: other tools need a 0 before it"
        yield flaw(text, is_harmless=True)
    least, most = (read_bound(signal.found[key]) for key in ("least", "most"))
    if least is None or most is None:
        yield flaw(f"the range of {name} is not understood, and not used", is_harmless=True)
    elif least > most:
        yield flaw(f"the range of {name} is no range: [{least:g}|{most:g}]")
    if not signal.length or signal.start + signal.length > MOST_BITS:
        yield flaw(f"{name} is not within {MOST_BITS} bits")
    elif signal.mask >> 8 * raw.size:
        yield flaw(f"the signal {name} does not fit in message {raw.name} of {raw.size} bytes")
    if signal.float_size and signal.float_size != signal.length:
        yield flaw(f"{name} has {signal.length} bits, and its type {signal.float_size}")


def _resolve(raw: RawMessage, signals: Iterable[RawSignal]) -> None:
    """Find the multiplexer of each signal that has one."""
    multiplexers = [each.name for each in raw.signals.values() if each.mark.endswith("M")]
    roots = [name for name in multiplexers if raw.signals[name].mark == "M"]
    for signal in signals:
        if not signal.mark.startswith("m"):
            continue
        value = int(signal.mark.strip("mM"))
        others = [name for name in roots or multiplexers if name != signal.name]
        if not signal.multiplexer and len(others) == 1 and len(multiplexers) <= 2:
            is_only = len(multiplexers) == 1 or signal.mark.endswith("M")
            signal.multiplexer = others[0] if is_only else ""
        if signal.multiplexer in multiplexers and (len(multiplexers) == 1 or not signal.selectors):
            signal.selectors |= {value}


def _chain(raw: RawMessage, signal: RawSignal) -> dict[str, frozenset[int]] | None:
    """Return the multiplexers that select a signal, and by what; ``None`` if one is missing."""
    found: dict[str, frozenset[int]] = {}
    while signal.is_selected:
        if signal.multiplexer in found or not signal.selectors:
            return None
        found[signal.multiplexer] = signal.selectors
        above = raw.signals.get(signal.multiplexer)
        if above is None or not above.mark.endswith("M"):
            return None
        signal = above
    return found


def _can_meet(raw: RawMessage, one: RawSignal, other: RawSignal) -> bool:
    """Return whether one frame can hold both signals."""
    mine, theirs = _chain(raw, one), _chain(raw, other)
    if mine is None or theirs is None:
        return False
    return all(mine[name] & theirs[name] for name in mine.keys() & theirs.keys())


def drop_unselected(raw: RawMessage) -> Iterator[Flaw]:
    """Drop the signals whose multiplexer is not there, and yield a flaw for each."""
    for signal in [each for each in raw.signals.values() if _chain(raw, each) is None]:
        text = f"what selects {signal.name} in message {raw.name} is not there: {signal.mark}"
        yield Flaw(signal.line, text, raw.name, (signal.name,))
    raw.signals = {
        name: each for name, each in raw.signals.items() if _chain(raw, each) is not None
    }
