"""A filter that knows which tokens were seen with a secret: a few bytes a token, rarely wrong.

The tokens of one memory stand in blocks of bits. Part 0 has one block, each further part twice as
many as the one before. A token belongs to one block of each part, and sets the same few bits in the
first of them that is less than half full. It was seen if all its bits are set in one of its blocks.
So a memory grows with what is in it, and a look reads one block a part. When a block of the last
part is full it is begun anew: what stood in it is forgotten.

A token that was seen is always known, except for what was forgotten. One that was not seen is taken
for seen about once in a million times: whoever is refused so comes again with another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from struct import Struct
from typing import Final

PARTS_LIMIT: Final = 12
"""Parts of a memory: 4095 blocks, 2 MiB, 480,000 tokens. A module that logs in every ten minutes
needs nine years for them."""

BLOCK_BYTES: Final = 512
BITS: Final = 24
"""Bits that a token sets. In a block that is half full, 24 others are set once in 16 million."""

_PLACES: Final = BLOCK_BYTES * 8
_HALF: Final = _PLACES // 2
_HASHED: Final = Struct(f">I{BITS}H")
"""What of a token's hash names its block, and its bits in it."""
_WORDS: Final = Struct(f"<{_PLACES // 64}Q")
"""A block in words of 64 bits."""


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where a token stands in the blocks of a memory."""

    number: int
    """Of its low bits, as many as the part has a number, name the block."""
    bits: int

    def block(self, part: int) -> int:
        """Return the number of the token's block in a part."""
        return self.number & ((1 << part) - 1)


def place_of(memory: bytes, token: str) -> TokenPlace:
    """Return the place of a token; ``memory`` names the memory, in up to 64 bytes."""
    hashed = blake2b(token.encode("latin-1", "replace"), key=memory).digest()
    number, *places = _HASHED.unpack_from(hashed)
    words = [0] * (_PLACES // 64)  # small numbers: one of 4096 bits is made anew for each bit
    for place in places:
        words[place % _PLACES // 64] |= 1 << (place & 63)
    return TokenPlace(number, int.from_bytes(_WORDS.pack(*words), "little"))


def is_in(place: TokenPlace, blocks: Sequence[int]) -> bool:
    """Return whether a token was seen; ``blocks`` are its own, by part, 0 for one that is empty."""
    return any(block & place.bits == place.bits for block in blocks)


def add(place: TokenPlace, blocks: Sequence[int]) -> tuple[int, int]:
    """Return the part whose block takes a token that was not seen, and that block's new bits."""
    for part, block in enumerate(blocks):
        if block.bit_count() < _HALF:
            return part, block | place.bits
    return PARTS_LIMIT - 1, place.bits
