"""A server end made of the protocol's own Session that says what a test tells it to."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from ovms.app import App, connect, connect_owner
from ovms.protocol import CallerWelcome, Message, OwnerWelcome, Party, Role, Session
from ovms.protocol.crypto import make_token
from tests.waiting import PATIENCE

VEHICLE, SECRET = "DEMO", "secret"
USER, PASSWORD = "bob", "password"
STATUS = Message("S", b"80,K,220,70,charging,standard,280,270")
FIRMWARE = Message("F", b"3.3.005,VIN,99,1,SIM,")

Handler = Callable[[Message], Iterable[Message]]


def no_history(message: Message) -> Iterable[Message]:
    """Be a server that keeps nothing of its vehicle, whose car answers no command."""
    if message.data.startswith(b"32,"):
        yield Message("c", b"32,1,No historical data available")


class ScriptedServer:
    """Welcomes apps; sends ``stored`` at login, and answers each message as its handler says."""

    def __init__(self, stored: Iterable[Message] = ()) -> None:
        self.stored = list(stored)
        self.on: dict[str, Handler] = {"A": lambda message: [Message("a")], "C": no_history}
        """What is answered to a code."""
        self.received: list[Message] = []
        """All that apps have sent, without pings."""
        self.roles: list[Role] = []
        self.logins: list[OwnerWelcome] = []
        """Logins of owners; they are let in with :data:`PASSWORD`, to the first of their vehicles
        or to the one they name."""
        self.vehicles = [VEHICLE, "OTHER"]
        self.sent = 0
        """Messages that found room, rows of long answers included."""
        self.refuses = False
        """Whether it cuts each new connection at once, as one that is not there."""
        self.port = 0
        self.loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, Session] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> ScriptedServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.loop = asyncio.get_running_loop()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.drop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def place(self) -> str:
        """Where it listens, as ``HOST:PORT``."""
        return f"127.0.0.1:{self.port}"

    def open(self, **options: Any) -> Any:
        """Return what opens an app on this server."""
        return connect(self.place, VEHICLE, SECRET, **options)

    def open_as_owner(self, *vehicle: str, password: str = PASSWORD, **options: Any) -> Any:
        """Return what opens an owner's app on this server."""
        return connect_owner(self.place, USER, password, *vehicle, **options)

    def send(self, *messages: Message) -> None:
        """Send to everybody."""
        for writer, session in self._open.items():
            for message in messages:
                writer.write(session.send(message))

    def drop(self) -> None:
        """Cut all connections."""
        for writer in self._open:
            writer.transport.abort()

    def hang_up(self) -> None:
        """Close all connections once everything was sent."""
        for writer in self._open:
            writer.close()

    def codes(self, code: str) -> list[bytes]:
        """Return the data of what came with a code."""
        return [message.data for message in self.received if message.code == code]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        session = Session(Party.SERVER, make_token(os.urandom))
        if self.refuses:
            writer.transport.abort()
        try:
            while data := await reader.read(65536):
                for event in session.receive_data(data):
                    await self._take(event, session, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the test is over
        finally:
            self._open.pop(writer, None)
            self._tasks.discard(task)
            writer.close()

    async def _take(self, event: object, session: Session, writer: asyncio.StreamWriter) -> None:
        if isinstance(event, OwnerWelcome):
            self.logins.append(event)
            if event.password != PASSWORD:
                writer.close()
                return
            wanted = event.vehicle_key
            vehicle = self.vehicles[0] if wanted == "*" else wanted
            writer.write(session.accept_owner(event.user, vehicle, self.vehicles))
        elif isinstance(event, CallerWelcome):
            writer.write(session.accept(SECRET.encode()))
        if isinstance(event, OwnerWelcome | CallerWelcome):
            self.roles.append(event.role)
            self._open[writer] = session
            for message in [Message("Z", b"1"), *self.stored, Message("T", b"30")]:
                writer.write(session.send(message))
        elif isinstance(event, Message):
            if event.code != "A":
                self.received.append(event)
            handler = self.on.get(event.code)
            for message in handler(event) if handler else ():
                writer.write(session.send(message))
                self.sent += 1
                await writer.drain()


class ServerThread:
    """The same on a thread of its own, for commands that run an event loop themselves."""

    def __init__(self, *stored: Message) -> None:
        self.server = ScriptedServer(stored)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        assert self._ready.wait(10)
        return self.server

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        async with self.server:
            self._ready.set()
            await self._stop.wait()


def rows(number: int, texts: list[str]) -> Handler:
    """Yield a handler that answers command ``number`` with rows, and others not at all."""

    def answer(message: Message) -> Iterable[Message]:
        if message.data.split(b",")[0] == b"%d" % number:
            for at, text in enumerate(texts, 1):
                yield Message("c", f"{number},0,{at},{len(texts)},{text}".encode())

    return answer


async def until(app: App, code: str) -> Message:
    """Wait for the next message with a code."""
    async with asyncio.timeout(PATIENCE):
        async for message in app.messages():
            if message.code == code:
                return message
    raise AssertionError("lost")
