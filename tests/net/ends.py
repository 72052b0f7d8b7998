"""A server end for tests: pumps that remember, and sockets that speak plain bytes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from ovms.net.client import Connection, connect
from ovms.net.pump import Pump
from ovms.protocol import CallerWelcome, Message, Party, Role, Session, State
from ovms.protocol.errors import RemoteProtocolError
from ovms.protocol.session import Event

SECRET = b"a secret"
CALLER_TOKEN, SERVER_TOKEN = "C" * 22, "S" * 22
PATIENCE = 10.0
"""Seconds a test waits for what must come."""


class End:
    """One connection of the server end: welcomes who knows the secret, remembers all events."""

    def __init__(self, secret: bytes = SECRET, *, welcomes: bool = True) -> None:
        self.pump: Pump | None = None
        self.events: list[Event] = []
        self.stalls: list[int] = []
        self.errors: list[Exception | None] = []
        self.opens = 0
        self._secret = secret
        self._welcomes = welcomes
        self._news = asyncio.Condition()

    # -- the pump's owner -------------------------------------------------------------------

    def opened(self, pump: Pump) -> None:
        """Remember the pump."""
        self.pump = pump
        self.opens += 1
        self._tell()

    def received(self, pump: Pump, event: Event) -> None:
        """Remember an event; welcome a caller."""
        self.events.append(event)
        self._tell()
        if isinstance(event, CallerWelcome) and self._welcomes:
            try:
                pump.accept(self._secret)
            except RemoteProtocolError as error:
                pump.close(error)

    def stalled(self, pump: Pump) -> None:
        """Remember a stall."""
        self.stalls.append(pump.sent)
        self._tell()

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Remember the end."""
        self.errors.append(error)
        self._tell()

    def _tell(self) -> None:
        async def tell() -> None:
            async with self._news:
                self._news.notify_all()

        self._telling = asyncio.ensure_future(tell())

    # -- the test's side --------------------------------------------------------------------

    @property
    def messages(self) -> list[Message]:
        """The messages so far."""
        return [event for event in self.events if isinstance(event, Message)]

    @property
    def line(self) -> Pump:
        """The pump, which is there by now."""
        assert self.pump is not None
        return self.pump

    async def until(self, condition: Callable[[End], object]) -> None:
        """Wait until something has come about."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: condition(self))

    async def closes(self) -> Exception | None:
        """Wait for the end; its reason."""
        await self.until(lambda end: end.errors)
        return self.errors[0]


class Place:
    """A listening server end."""

    def __init__(self, port: int, ends: list[End], host: str) -> None:
        self.host = host
        self.port = port
        self.ends = ends
        self.made: list[End] = []

    async def call(self, secret: bytes = SECRET, role: Role = Role.APP) -> Connection:
        """Call it, as the client does."""
        return await connect(self.host, self.port, role, "CAR1", secret, timeout=PATIENCE)

    async def meet(self) -> tuple[Connection, End]:
        """Give both ends of a connection that is open."""
        connection = await self.call()
        end = self.made[-1]
        await end.until(lambda end: end.events)
        return connection, end


@asynccontextmanager
async def listening(*ends: End, host: str = "127.0.0.1") -> AsyncIterator[Place]:
    """Listen with pumps of these ends, then of new ones; close all at the end."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)
    place = Place(listener.getsockname()[1], list(ends), host)

    def answer() -> Pump:
        end = place.ends.pop(0) if place.ends else End()
        place.made.append(end)
        return Pump(Session(Party.SERVER, SERVER_TOKEN), end)

    server = await loop.create_server(answer, sock=listener)
    try:
        yield place
    finally:
        server.close()
        for end in place.made:
            if end.pump is not None:
                end.pump.abort()
                await end.closes()


async def until(condition: Callable[[], object]) -> None:
    """Let the loop turn until something has come about that tells nobody."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


class Caller:
    """A caller's end on a plain socket, whose bytes the test decides."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.session = Session(Party.CALLER, CALLER_TOKEN)
        self._heard: list[str] = []

    async def says(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        await self.writer.drain()

    def greeting(
        self, role: Role = Role.CAR, vehicle_id: str = "CAR1", secret: bytes = SECRET, *words: str
    ) -> bytes:
        """Give a welcome, a right one unless told otherwise."""
        return self.session.greet(role, vehicle_id, secret, *words)

    async def hears(self) -> list[Event]:
        """Give the events of the next bytes; none at the end of the stream."""
        async with asyncio.timeout(PATIENCE):
            return list(self.session.receive_data(await self.reader.read(65536)))

    async def hears_line(self) -> bytes:
        """Give the next line as it came."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readline()

    async def hears_welcome(self) -> None:
        """Wait for the welcome; messages that come with it are kept."""
        while self.session.state is not State.OPEN:
            events = await self.hears()
            assert events, "closed without a welcome"
            self._keep(events)

    async def hears_messages(self, count: int) -> list[str]:
        """Give the next messages, code and data in one text."""
        while len(self._heard) < count:
            events = await self.hears()
            assert events, f"closed after {self._heard}"
            self._keep(events)
        heard, self._heard = self._heard[:count], self._heard[count:]
        return heard

    def _keep(self, events: list[Event]) -> None:
        messages = [event for event in events if isinstance(event, Message)]
        self._heard += [each.code + each.data.decode("latin-1") for each in messages]

    async def is_closed(self) -> bool:
        """Tell whether the server closes without another word."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read() == b""
            except ConnectionResetError:
                return True


class Address(Protocol):
    """Where somebody listens."""

    host: str
    port: int


@asynccontextmanager
async def calling(place: Address) -> AsyncIterator[Caller]:
    """Connect a plain socket."""
    reader, writer = await asyncio.open_connection(place.host, place.port)
    try:
        yield Caller(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
