"""``V``: which commands the car supports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Self

from ovms.protocol.records.record import JsonValue, legible

_RANGE = re.compile(r"C(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)

HIGHEST_COMMAND = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Commands the car supports. A car that sends no ``V`` at all may still support any."""

    CODE: ClassVar[str] = "V"

    commands: tuple[tuple[int, int], ...] = ()
    """Ranges of command numbers, both ends included, in the order they came."""
    extra: tuple[str, ...] = ()
    """Items that are no range of commands."""
    raw: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def of(cls, commands: Iterable[int]) -> Self:
        """Return the record for ``commands``, with neighbours joined to ranges."""
        numbers = sorted(set(commands))
        starts = [n for before, n in pairwise([-2, *numbers]) if n != before + 1]
        ends = [n for n, after in pairwise([*numbers, HIGHEST_COMMAND + 2]) if after != n + 1]
        return cls(commands=tuple(zip(starts, ends, strict=True)))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a message's data. Never fails."""
        raw = tuple(data.decode("utf-8", "surrogateescape").split(","))
        matches = [(item, _RANGE.fullmatch(item)) for item in raw if item]
        return cls(
            commands=tuple((int(m[1]), int(m[2] or m[1])) for _, m in matches if m),
            extra=tuple(item for item, m in matches if not m),
            raw=raw,
        )

    def encode(self) -> bytes:
        """Return the data; a parsed record's as they came."""
        data = ",".join(self.raw).encode("utf-8", "surrogateescape")
        if self.raw and self.parse(data) == self:
            return data
        items = (*map(_write_range, self.commands), *self.extra)
        return ",".join(items).encode("utf-8", "surrogateescape")

    def supports(self, command: int) -> bool:
        """Return whether ``command`` is in one of the ranges."""
        return any(low <= command <= high for low, high in self.commands)

    def as_json(self) -> dict[str, JsonValue]:
        """Return the ranges as one text."""
        return {"commands": legible(",".join(map(_write_range, self.commands)))}


def _write_range(ends: tuple[int, int]) -> str:
    low, high = ends
    return f"C{low}" if low == high else f"C{low}-{high}"
