"""Addresses of positions, asked of a Nominatim server, if the settings name one.

Nobody waits for an address: whoever asks gets what is known already, and what is not is asked
later, one call a second at most, as Nominatim's rules want. Positions leave the server this way
alone, and reach no log.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ovms import __version__
from ovms.base.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from ovms.server.journeys.values import Position

INTERVAL: Final = 1.0
"""Seconds from one call to the next: nominatim.org allows no more."""

PAUSE: Final = 300.0
"""Seconds without a call after one that failed."""

GEOCODING_TIMEOUT: Final = 10.0
"""Seconds for connecting, and again for the answer."""

ANSWER_BYTES_LIMIT: Final = 64 * 1024
"""Bytes of an answer; a real one has two thousand."""

ADDRESSES_LIMIT: Final = 10_000
"""Addresses that are remembered, some 200 bytes each; those asked for longest ago go."""

ASKED_LIMIT: Final = 200
"""Positions that wait to be asked; further ones are asked when somebody wants them again."""

LONGEST_ADDRESS: Final = 200

DECIMALS: Final = 4
"""Of degrees: positions within some ten metres have one address."""

STREETS: Final = ("road", "pedestrian", "footway", "cycleway", "path", "square")
TOWNS: Final = ("city", "town", "village", "hamlet", "municipality", "county")

log = get_logger("ovms.server.http.geocoding")

Spot = tuple[float, float]


class Geocoder:
    """Knows the addresses of positions, or finds them out for the next time."""

    def __init__(
        self, url: str | None = None, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._url = None if url is None else url.rstrip("/") + "/reverse"
        self._sleep = sleep
        self._known: OrderedDict[Spot, str | None] = OrderedDict()
        self._asked: OrderedDict[Spot, None] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._client: httpx.AsyncClient | None = None

    def address(self, position: Position | None) -> str | None:
        """Return a position's address if it is known; if not it is asked for the next time."""
        if self._url is None or position is None:
            return None
        spot = (round(position.latitude, DECIMALS), round(position.longitude, DECIMALS))
        if spot in self._known:
            self._known.move_to_end(spot)
            return self._known[spot]
        if len(self._asked) < ASKED_LIMIT:
            self._asked[spot] = None
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._work())
        return None

    async def close(self) -> None:
        """Ask nothing any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _work(self) -> None:
        """Ask for what waits, one after the other."""
        while self._asked:
            spot = next(iter(self._asked))
            try:
                self._known[spot] = await self._ask(spot)
            except Exception as error:  # whatever is wrong with it, nobody waits for it
                # Its text may have the position in it.
                log.warning("addresses are not found out", reason=type(error).__name__)
                self._asked.clear()
                await self._sleep(PAUSE)
                continue
            del self._asked[spot]
            while len(self._known) > ADDRESSES_LIMIT:
                self._known.popitem(last=False)
            await self._sleep(INTERVAL)

    async def _ask(self, spot: Spot) -> str | None:
        if self._client is None:
            self._client = await asyncio.to_thread(_make_client)
        assert self._url is not None
        latitude, longitude = spot
        asked = {"format": "jsonv2", "lat": f"{latitude:.4f}", "lon": f"{longitude:.4f}"}
        async with self._client.stream("GET", self._url, params=asked) as answer:
            if answer.status_code != 200:
                raise BadGeocoding(answer.status_code)
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > ANSWER_BYTES_LIMIT:
                    raise BadGeocoding(answer.status_code)
        return address_of(bytes(body))


class BadGeocoding(Exception):
    """An answer that is none of Nominatim's."""


def address_of(body: bytes) -> str | None:
    """Return the address in an answer of Nominatim's; ``None`` if it knows none.

    Raises :class:`BadGeocoding` for any other answer.
    """
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise BadGeocoding from None
    if not isinstance(found, dict):
        raise BadGeocoding
    parts = found.get("address")
    if not isinstance(parts, dict):
        return None
    street = _first(parts, STREETS)
    if street is not None and (number := _first(parts, ("house_number",))) is not None:
        street = f"{street} {number}"
    words = [each for each in (street, _first(parts, TOWNS)) if each is not None]
    address = ", ".join(words) or _first(found, ("display_name",))
    return None if address is None else address[:LONGEST_ADDRESS]


def _first(found: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """Return the first text of these names, on one line."""
    for name in names:
        text = found.get(name)
        if isinstance(text, str) and (line := " ".join(text.split())):
            return "".join(each for each in line if each.isprintable())
    return None


def _make_client() -> httpx.AsyncClient:
    """Return a client: made in a thread, as importing it and reading certificates take a while."""
    module = import_module("httpx")
    client: httpx.AsyncClient = module.AsyncClient(
        timeout=GEOCODING_TIMEOUT,
        headers={"User-Agent": f"ovms/{__version__} (an Open Vehicle Monitoring System server)"},
        follow_redirects=False,
    )
    return client
