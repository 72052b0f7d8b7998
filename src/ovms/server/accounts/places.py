"""How many logins are under way at a time, and how many of them may be one network's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ovms.server.accounts.buckets import network_of
from ovms.server.accounts.errors import Busy


class Places:
    """A number of places, some of them for one network; without a free one raises :class:`Busy`."""

    def __init__(self, limit: int, share: int | None = None) -> None:
        self._free = limit
        self._share = limit if share is None else share
        self._taken: Counter[str] = Counter()

    @contextmanager
    def one(self, address: str) -> Iterator[None]:
        """Hold a place for somebody at ``address``."""
        network = network_of(address)
        if not self._free or self._taken[network] >= self._share:
            raise Busy
        self._free -= 1
        self._taken[network] += 1
        try:
            yield
        finally:
            self._free += 1
            self._taken[network] -= 1
            if not self._taken[network]:
                del self._taken[network]
