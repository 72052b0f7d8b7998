"""Calls about who else sees a vehicle: owners with whom it is shared, and links to its position."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime

from ovms.app.api.calls import ApiCalls, ApiModel, OnLost, time_text, vehicle_path
from ovms.app.api.link import decode, segment


class ApiShare(ApiModel, frozen=True, kw_only=True):
    """A vehicle that is shared with somebody."""

    vehicle_id: str
    owner: str
    """The name of the owner with whom it is shared."""
    rights: list[str]
    """What they may do: ``view``, ``location``, ``command``, ``pin``, ``manage``."""
    expires: datetime | None = None
    """When the share ends by itself; ``null`` for never."""
    created: datetime
    changed: datetime


class ApiReceivedShare(ApiModel, frozen=True, kw_only=True):
    """A vehicle that somebody shares with the caller."""

    vehicle_id: str
    owner: str
    """The name of its owner."""
    rights: list[str]
    """What the caller may do: ``view``, ``location``, ``command``, ``pin``, ``manage``."""
    expires: datetime | None = None
    """When the share ends by itself; ``null`` for never."""
    created: datetime
    changed: datetime


class ApiPositionLink(ApiModel, frozen=True, kw_only=True):
    """A link to a vehicle's live position."""

    id: int
    label: str
    """What it is for."""
    owner: str
    """The name of who made it."""
    created: datetime
    expires: datetime
    """When it ends by itself."""
    last_used: datetime | None = None
    """When somebody last looked, to the minute; null for never."""


class ApiNewPositionLink(ApiPositionLink, frozen=True, kw_only=True):
    """A link that was just made. What leads to it is told this once."""

    path: str
    """The path of the call that shows the position; with ``/events`` behind it, live."""
    url: str | None = None
    """The same as a whole URL; null if the server does not know how people find it."""

    @property
    def secret(self) -> str:
        """What stands in the link, for :meth:`SharingCalls.position`."""
        return self.path.rpartition("/")[2]


class ApiPlace(ApiModel, frozen=True, kw_only=True):
    """A position that a link has shown live. All is null while it is not known."""

    time: datetime | None = None
    """When the server got the position."""
    age: int | None = None
    """Seconds since then."""
    is_stale: bool | None = None
    """The vehicle may be somewhere else by now."""
    latitude: float | None = None
    """Degrees, north positive."""
    longitude: float | None = None
    """Degrees, east positive."""
    direction: float | None = None
    """Degrees: 0 is north, 90 east."""
    speed: float | None = None
    """Speed, km/h."""


class ApiPosition(ApiPlace, frozen=True, kw_only=True):
    """Where a vehicle is now. All but name and end is null while that is not known."""

    name: str | None = None
    """What its owner calls it; null for nothing."""
    expires: datetime
    """When the link ends."""


class SharingCalls(ApiCalls):
    """Calls about shares, and about links to a live position."""

    async def shares(self, vehicle_id: str) -> list[ApiShare]:
        """Return with whom the caller shares a vehicle."""
        return await self._link.ask("GET", vehicle_path(vehicle_id, "/shares"), list[ApiShare])

    async def share(
        self,
        vehicle_id: str,
        owner: str,
        rights: Sequence[str],
        *,
        expires: datetime | None = None,
    ) -> ApiShare:
        """Share a vehicle with another owner, or change how it is shared."""
        body = {"rights": list(rights), "expires": time_text(expires)}
        path = vehicle_path(vehicle_id, f"/shares/{segment(owner)}")
        return await self._link.ask("PUT", path, ApiShare, body=body)

    async def end_share(self, vehicle_id: str, owner: str) -> None:
        """Share a vehicle with somebody no more."""
        await self._link.read("DELETE", vehicle_path(vehicle_id, f"/shares/{segment(owner)}"))

    async def received_shares(self) -> list[ApiReceivedShare]:
        """Return the vehicles that others share with the caller."""
        return await self._link.ask("GET", "/shares", list[ApiReceivedShare])

    async def leave_share(self, vehicle_id: str) -> None:
        """End the share of a vehicle that somebody else shares with the caller."""
        await self._link.read("DELETE", f"/shares/{segment(vehicle_id)}")

    async def links(self, vehicle_id: str) -> list[ApiPositionLink]:
        """Return the links to a vehicle's live position, the oldest first."""
        path = vehicle_path(vehicle_id, "/links")
        return await self._link.ask("GET", path, list[ApiPositionLink])

    async def add_link(
        self, vehicle_id: str, expires: datetime, *, label: str = ""
    ) -> ApiNewPositionLink:
        """Make a link: whoever has it sees where the vehicle is, until it ends within a week."""
        body = {"expires": time_text(expires), "label": label}
        path = vehicle_path(vehicle_id, "/links")
        return await self._link.ask("POST", path, ApiNewPositionLink, body=body)

    async def remove_link(self, vehicle_id: str, link_id: int) -> None:
        """Remove a link: who looks at it sees nothing more at once."""
        await self._link.read("DELETE", vehicle_path(vehicle_id, f"/links/{link_id}"))

    async def position(self, secret: str) -> ApiPosition:
        """Return where a link's vehicle is now. Nobody needs to be logged in."""
        return await self._link.ask("GET", f"/links/{segment(secret)}", ApiPosition)

    async def follow_position(
        self, secret: str, *, on_lost: OnLost | None = None
    ) -> AsyncGenerator[ApiPlace, None]:
        """Yield where a link's vehicle is, across lost connections.

        Raises :class:`ApiNotFound` when the link has ended.
        """
        path = f"/links/{segment(secret)}/events"
        async with aclosing(self._stream(path, {}, on_lost)) as stream:
            async for event in stream:
                if event.type == "position":
                    yield decode(event.data, ApiPlace)
