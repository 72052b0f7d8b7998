from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.protocol.crypto import make_token
from ovms.server.storage.seen_filter import BITS, BLOCK_BYTES, PARTS_LIMIT, add, is_in, place_of

TOKENS = st.text(st.characters(max_codepoint=255), max_size=30)


class Memory:
    """A memory in a dict, as a database has it."""

    def __init__(self, name: bytes = b"m" * 16) -> None:
        self.name = name
        self.blocks: dict[tuple[int, int], int] = {}

    def _own(self, token: str) -> list[int]:
        place = place_of(self.name, token)
        return [self.blocks.get((part, place.block(part)), 0) for part in range(PARTS_LIMIT)]

    def has(self, token: str) -> bool:
        """Return whether a token was seen."""
        return is_in(place_of(self.name, token), self._own(token))

    def see(self, token: str) -> None:
        """Remember a token."""
        place = place_of(self.name, token)
        part, bits = add(place, self._own(token))
        self.blocks[part, place.block(part)] = bits


@given(st.lists(TOKENS, unique=True, max_size=300))
@settings(deadline=None)
def test_what_was_seen_is_known(tokens: list[str]) -> None:
    """Every token that was seen is known, whatever it is made of, and whatever came behind it."""
    memory = Memory()
    for token in tokens:
        memory.see(token)
    assert all(map(memory.has, tokens))


def test_others_are_not_known() -> None:
    """Of 50,000 fresh tokens none is taken for one of 10,000 that were seen."""
    memory, random = Memory(), Random(5)  # noqa: S311
    for _ in range(10_000):
        memory.see(make_token(random.randbytes))
    assert not any(memory.has(make_token(random.randbytes)) for _ in range(50_000))


def test_the_rate_of_errors() -> None:
    """In a memory that is full everywhere, less than one fresh token in a million is known."""
    fullest = BLOCK_BYTES * 8 // 2 - 1 + BITS
    assert PARTS_LIMIT * (fullest / (BLOCK_BYTES * 8)) ** BITS < 1e-6


def test_the_size() -> None:
    """A token takes four to nine bytes, and the first hundred no more than a block."""
    memory, random = Memory(), Random(2)  # noqa: S311
    for count in range(1, 10_001):
        memory.see(make_token(random.randbytes))
        if count == 100:
            assert len(memory.blocks) == 1
    assert len(memory.blocks) * BLOCK_BYTES / count < 9


def test_memories_are_apart() -> None:
    """What was seen in one is not known in another, were its blocks the same."""
    one, other = Memory(b"1" * 16), Memory(b"2" * 16)
    one.see("token")
    other.blocks = one.blocks
    assert not other.has("token")


def test_the_bound() -> None:
    """A full block of the last part is begun anew; the newest token is always known."""
    place = place_of(b"m" * 16, "token")
    full, empty = (1 << BLOCK_BYTES * 8) - 1, 0
    ahead = [full & ~place.bits] * (PARTS_LIMIT - 1)
    assert add(place, [*ahead, empty]) == (PARTS_LIMIT - 1, place.bits)
    half = full >> BLOCK_BYTES * 4 + 1
    assert add(place, [*ahead, half]) == (PARTS_LIMIT - 1, half | place.bits)
    more = full >> BLOCK_BYTES * 4
    assert add(place, [*ahead, more]) == (PARTS_LIMIT - 1, place.bits)
