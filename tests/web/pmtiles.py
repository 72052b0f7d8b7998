"""The smallest map of the world that a PMTiles file can be, for tests of maps."""

from __future__ import annotations

import json
import struct
from typing import Any, Final

_WORLD: Final = (-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)
_NO_COMPRESSION: Final = 1
_PICTURE: Final = 2


def picture_map(tile: bytes, metadata: dict[str, Any] | None = None) -> bytes:
    """Return a file with one tile, a PNG of the whole world."""
    root = _varints(1, 0, 1, len(tile), 1)
    facts = json.dumps(metadata or {}).encode()
    start = 127
    data = start + len(root) + len(facts)
    header = struct.pack(
        "<7sB8Q3Q6B4iB2i", b"PMTiles", 3,
        start, len(root), start + len(root), len(facts), 0, 0, data, len(tile),
        1, 1, 1,
        1, _NO_COMPRESSION, _NO_COMPRESSION, _PICTURE, 0, 0,
        *_WORLD, 0, 0, 0,
    )  # fmt: skip
    return header + root + facts + tile


def _varints(*numbers: int) -> bytes:
    written = bytearray()
    for number in numbers:
        rest = number
        while rest >= 0x80:
            written.append(rest & 0x7F | 0x80)
            rest >>= 7
        written.append(rest)
    return bytes(written)
