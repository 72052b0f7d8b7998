"""All links to other servers, as an observer of the rooms."""

from __future__ import annotations

from ovms.server.hub.room import Room
from ovms.server.peers.link import PeerLine, PeerLink


class PeerExchange:
    """The links to other servers, which are told of cars."""

    def __init__(self) -> None:
        self.links: set[PeerLink] = set()

    def car_came(self, room: Room) -> None:
        """Tell the other servers of a car, except the one that told us."""
        source = _link_of(room)
        for link in tuple(self.links):
            if link is not source:
                link.car_came(room)

    def car_went(self, room: Room) -> None:
        """Tell the other servers that a car is gone."""
        for link in tuple(self.links):
            link.car_went(room)

    def server_changed(self, room: Room) -> None:
        """Drop a vehicle on the links that may not know of it any more."""
        for link in tuple(self.links):
            link.server_changed(room)


def _link_of(room: Room) -> PeerLink | None:
    line = room.car.line if room.car is not None else None
    return line.link if isinstance(line, PeerLine) else None
