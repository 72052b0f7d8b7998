from __future__ import annotations

from contextlib import ExitStack

import pytest

from ovms.server.accounts.errors import Busy
from ovms.server.accounts.places import Places


def _take(stack: ExitStack, places: Places, *addresses: str) -> None:
    for address in addresses:
        stack.enter_context(places.one(address))


def test_a_network_has_its_share() -> None:
    """A network takes no more than its share, all together no more than there are."""
    places = Places(3, 2)
    with ExitStack() as stack:
        _take(stack, places, "2001:db8::1", "2001:db8::2")
        with pytest.raises(Busy):
            _take(stack, places, "2001:db8::3")
        _take(stack, places, "192.0.2.1")
        with pytest.raises(Busy):
            _take(stack, places, "192.0.2.2")
    with ExitStack() as stack:
        _take(stack, places, "2001:db8::3", "2001:db8::4", "192.0.2.2")


def test_without_a_share() -> None:
    """One network may take all places where no share is set; a failure frees its place."""
    places = Places(1)
    for _ in range(2):
        with pytest.raises(ValueError, match="wrong"), places.one("a"):
            raise ValueError("wrong")
