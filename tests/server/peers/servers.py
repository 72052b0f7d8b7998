"""Servers in memory, linked with each other as they would be over a network."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from ovms.base.clock import ManualClock
from ovms.protocol import Message, Role
from ovms.server.hub.hub import Hub, HubSettings, RoomSession
from ovms.server.peers.exchange import PeerExchange
from ovms.server.peers.link import PeerLink
from ovms.server.values import Vehicle
from tests.server.hub.fakes import (
    START,
    VERSION,
    FakeAlerts,
    FakeLine,
    FakeStorage,
    fresh_token,
    make_vehicle,
    message,
)


class Caller:
    """Somebody who is connected to a server."""

    def __init__(self, server: Server, vehicle_id: str, role: Role) -> None:
        self.server = server
        self.vehicle_id = vehicle_id
        self.role = role
        self.line = FakeLine()
        self.session: RoomSession | None = None

    @property
    def is_there(self) -> bool:
        """The server has not closed its connection, nor has it left."""
        return self.session is not None and not self.line.is_closed

    async def enters(self) -> None:
        """Log in."""
        hub = self.server.hub
        room = await hub.find(self.vehicle_id)
        assert room is not None
        self.session = hub.enter(room, self.role, self.line, token=fresh_token())

    async def says(self, *texts: str) -> None:
        """Send messages, and let everything go where it goes."""
        assert self.session is not None
        for text in texts:
            self.session.receive(message(text))
        await self.server.net.settle()

    def hears(self) -> list[str]:
        """Return what was sent since the last call."""
        return self.line.take()

    async def leaves(self) -> None:
        """Be gone."""
        self.line.is_closed = True
        if self.session is not None:
            self.server.hub.leave(self.session)
        self.session = None
        await self.server.net.settle()


class Server:
    """A server: its hub, its storage, its links."""

    def __init__(self, net: Net, vehicles: Iterable[Vehicle]) -> None:
        self.net = net
        self.storage = FakeStorage({vehicle.id: vehicle for vehicle in vehicles})
        self.alerts = FakeAlerts()
        self.hub = Hub(self.storage, self.alerts, net.clock, HubSettings(VERSION))
        self.exchange = PeerExchange()
        self.hub.add_observer(self.exchange)

    async def caller(self, role: Role, vehicle_id: str = "CAR1") -> Caller:
        """Let somebody in, what they hear at login included."""
        caller = Caller(self, vehicle_id, role)
        await caller.enters()
        await self.net.settle()
        return caller

    async def car(self, vehicle_id: str = "CAR1") -> Caller:
        """Let a car in that has proven itself; what it heard so far is forgotten."""
        car = await self.caller(Role.CAR, vehicle_id)
        await car.says("a")
        car.hears()
        return car

    async def app(self, vehicle_id: str = "CAR1", role: Role = Role.APP) -> Caller:
        """Let a client in; what it heard so far is forgotten."""
        app = await self.caller(role, vehicle_id)
        app.hears()
        return app

    def stored(self, vehicle_id: str = "CAR1") -> dict[str, bytes]:
        """Return the messages that the storage has."""
        kept = self.storage.messages.get(vehicle_id, {})
        return {code: latest.data for code, latest in sorted(kept.items())}


class Cable:
    """One direction of a link: what was sent waits until :meth:`Net.settle` carries it."""

    unsent = 0

    def __init__(self) -> None:
        self.link: PeerLink | None = None
        """Who hears what is sent here."""
        self.carried: deque[Message] = deque()
        self.count = 0

    def send(self, message: Message) -> None:
        """Take a message."""
        self.carried.append(message)
        self.count += 1

    async def drain(self) -> None:
        """Have room."""

    def cut(self, error: Exception | None = None) -> None:
        """Lose everything."""
        self.carried.clear()


class Link:
    """A link between two servers."""

    def __init__(self, one: Server, two: Server, name: str) -> None:
        self.servers = (one, two)
        self.cables = (Cable(), Cable())
        self.ends = tuple(
            PeerLink(cable, name, server.hub, lambda by: by in ("*", name))
            for cable, server in zip(self.cables, self.servers, strict=True)
        )
        self.cables[0].link, self.cables[1].link = self.ends[1], self.ends[0]


class Net:
    """Servers and the links between them, under one clock."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.links: list[Link] = []

    def server(self, *vehicles: Vehicle) -> Server:
        """Make a server that knows CAR1, or these vehicles."""
        return Server(self, vehicles or (make_vehicle(),))

    async def join(self, one: Server, two: Server, name: str = "PEER") -> Link:
        """Link two servers."""
        link = Link(one, two, name)
        self.links.append(link)
        for server, end in zip(link.servers, link.ends, strict=True):
            server.exchange.links.add(end)
        for end in link.ends:
            await end.announce()
        await self.settle()
        return link

    async def part(self, link: Link) -> None:
        """Cut a link."""
        self.links.remove(link)
        for cable in link.cables:
            cable.cut()
        for server, end in zip(link.servers, link.ends, strict=True):
            server.exchange.links.discard(end)
            end.close()
        await self.settle()

    async def settle(self) -> None:
        """Carry messages until there are none; far more than there can be would be a loop."""
        for _ in range(10_000):
            cable = next((c for link in self.links for c in link.cables if c.carried), None)
            if cable is None:
                return
            carried = cable.carried.popleft()
            assert carried.code == "r"
            assert cable.link is not None
            await cable.link.receive(carried.data)
        raise AssertionError("messages go round for ever")

    async def passes(self, seconds: float) -> None:
        """Let time pass at all servers, a tick each second."""
        servers = {server for link in self.links for server in link.servers}
        for _ in range(round(seconds)):
            self.clock.advance(1)
            for server in servers:
                server.hub.tick()
            await self.settle()
