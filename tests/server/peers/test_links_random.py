"""Three servers in a row, whatever happens to cars, apps and the links between them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ovms.protocol import Role
from ovms.server.hub.room import TakenOver
from tests.server.peers.servers import Caller, Link, Net, Server

SERVERS = 3

steps = st.one_of(
    st.tuples(st.sampled_from(["car", "app", "leave", "crash", "ask"]), st.integers(0, 5)),
    st.tuples(st.sampled_from(["cut", "join"]), st.integers(0, SERVERS - 2)),
    st.tuples(st.just("say"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.integers(1, 90)),
)


@dataclass
class World:
    """The servers, the links, and everybody who is connected."""

    net: Net = field(default_factory=Net)
    servers: list[Server] = field(default_factory=list)
    links: dict[int, Link] = field(default_factory=dict)
    cars: list[Caller] = field(default_factory=list)
    """In the order in which they logged in."""
    apps: list[Caller] = field(default_factory=list)
    said: int = 0

    async def begin(self) -> None:
        """Link all servers."""
        self.servers = [self.net.server() for _ in range(SERVERS)]
        for at in range(SERVERS - 1):
            await self.join(at)

    # -- what happens -----------------------------------------------------------------------

    async def car(self, at: int) -> None:
        """Have the car log in at a server, and prove itself."""
        self.net.clock.advance(1)
        self.cars.append(await self.servers[at % SERVERS].car())

    async def app(self, at: int) -> None:
        """Have an app log in."""
        if len(self.apps) < 6:
            self.apps.append(await self.servers[at % SERVERS].app())

    async def leave(self, at: int) -> None:
        """Have an app go."""
        if self.apps:
            await self.apps.pop(at % len(self.apps)).leaves()

    async def crash(self, at: int) -> None:
        """Have a car go."""
        if self.cars:
            await self.cars.pop(at % len(self.cars)).leaves()

    async def cut(self, at: int) -> None:
        """Cut a link."""
        if at in self.links:
            await self.net.part(self.links.pop(at))

    async def join(self, at: int) -> None:
        """Make a link."""
        if at not in self.links:
            self.links[at] = await self.net.join(self.servers[at], self.servers[at + 1], f"P{at}")

    async def wait(self, seconds: int) -> None:
        """Let time pass."""
        await self.net.passes(seconds)

    async def say(self, number: int) -> None:
        """Have each car say something: all whose it is hear it, once, and nobody else."""
        for car in self.present():
            for app in self.apps:
                app.hears()
            await car.says(f"S{number}")
            for app in self.apps:
                heard = [text for text in app.hears() if text[0] == "S"]
                assert heard == ([f"S{number}"] if self.together(app, car) else [])

    async def ask(self, at: int) -> None:
        """Have an app ask: the car that it sees hears it, and only the app hears the answer."""
        if not self.apps:
            return
        app = self.apps[at % len(self.apps)]
        cars = [car for car in self.present() if self.together(app, car)]
        for caller in (*self.apps, *self.present()):
            caller.hears()
        self.said += 1
        await app.says(f"C20,{self.said}")
        if not cars:
            assert app.hears() == ["c20,1,car is not connected"]
            return
        (car,) = cars
        assert [text for text in car.hears() if text[0] == "C"] == [f"C20,{self.said}"]
        await car.says(f"c20,0,{self.said}")
        for each in self.apps:
            assert each.hears() == ([f"c20,0,{self.said}"] if each is app else [])

    # -- what must hold ---------------------------------------------------------------------

    def part(self, server: Server) -> list[Server]:
        """Return the servers that are joined with one, itself included."""
        at = self.servers.index(server)
        first = last = at
        while first - 1 in self.links:
            first -= 1
        while last in self.links:
            last += 1
        return self.servers[first : last + 1]

    def together(self, one: Caller, other: Caller) -> bool:
        """Return whether two callers' servers are joined."""
        return other.server in self.part(one.server)

    def present(self) -> list[Caller]:
        """Return the cars that count: the latest in each part of the network."""
        latest = {id(self.part(car.server)[0]): car for car in self.cars}
        return [car for car in self.cars if car in latest.values()]

    async def settle(self) -> None:
        """Have cars go whose connection was closed, as they would."""
        for car in [car for car in self.cars if not car.is_there]:
            assert isinstance(car.line.error, TakenOver)
            self.cars.remove(car)
            await car.leaves()

    def check(self) -> None:
        """Whoever is there sees exactly who is there."""
        assert self.cars == self.present()
        for server in self.servers:
            room = server.hub.rooms.get("CAR1")
            part = self.part(server)
            has_car = any(car.server in part for car in self.cars)
            assert (room is not None and room.car is not None) == has_car
            mine = sum(app.server is server for app in self.apps)
            assert (room.apps if room else 0) == mine
        for car in self.cars:
            room = car.server.hub.rooms["CAR1"]
            assert room.watching == sum(self.together(app, car) for app in self.apps)
            assert car.role is Role.CAR


async def play(happening: list[tuple[str, int]]) -> None:
    """Do one thing after another, and look after each."""
    world = World()
    await world.begin()
    for name, value in happening:
        await getattr(world, name)(value)
        await world.settle()
        world.check()


@settings(max_examples=300)
@example(happening=[("car", 0), ("cut", 1), ("car", 2), ("car", 0), ("join", 1)])
@given(happening=st.lists(steps, max_size=25))
def test_whatever_happens(happening: list[tuple[str, int]]) -> None:
    """Cars are where they logged in last, apps see and command them, nobody hears too much."""
    asyncio.run(play(happening))
