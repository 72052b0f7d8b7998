"""What the car's tests share: the real recordings, and a small server of our own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ovms.car.calling import call_server
from ovms.car.tokens import TokenMemory
from ovms.net.client import ClientConnection
from ovms.protocol import CallerWelcome, Message, Party, Session
from ovms.protocol.crypto import make_token
from tests.waiting import PATIENCE

ROADSTER_DATA = Path(__file__).parents[2].parent / "shared" / "data" / "roadster"
SECRET = b"SECRET"
VEHICLE = "TESTCAR"


@pytest.fixture
def roadster_data() -> Path:
    """Return the folder of the real recordings."""
    if not ROADSTER_DATA.is_dir():
        pytest.skip("../shared/data/roadster is not there: the real recordings are not tested")
    return ROADSTER_DATA


class FakeServer:
    """A server end made of the protocol's own Session, which welcomes one vehicle."""

    def __init__(self) -> None:
        self.logins: list[list[Message]] = []
        """The messages of each login so far."""
        self.watchers = 0
        self.answers_pings = True
        self.refuses = False
        self.port = 0
        self.tokens = TokenMemory()
        """What the car remembers."""
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._sessions: dict[asyncio.StreamWriter, Session] = {}
        self._news = asyncio.Condition()

    @property
    def codes(self) -> str:
        """The codes of all messages so far."""
        return "".join(message.code for login in self.logins for message in login)

    def messages(self, code: str) -> list[Message]:
        """All messages with a code so far."""
        return [m for login in self.logins for m in login if m.code == code]

    async def start(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """Vanish: no listener, all connections aborted."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.drop()

    def drop(self) -> None:
        """Abort all connections."""
        for writer in list(self._writers):
            writer.transport.abort()

    def send(self, message: Message) -> None:
        """Send to all connected cars."""
        for writer, session in self._sessions.items():
            writer.write(session.send(message))

    async def wait_for(self, logins: int = 1, codes: str = "") -> None:
        """Wait until there were so many logins, and the codes came in the last one."""

        def is_there() -> bool:
            if len(self.logins) < logins:
                return False
            return set(codes) <= {message.code for message in self.logins[-1]}

        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(is_there)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        session = Session(Party.SERVER, make_token(os.urandom))
        try:
            while data := await reader.read(65536):
                for event in session.receive_data(data):
                    await self._take(event, session, writer)
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            self._sessions.pop(writer, None)
            writer.close()

    async def _take(self, event: object, session: Session, writer: asyncio.StreamWriter) -> None:
        if isinstance(event, CallerWelcome):
            if self.refuses or event.vehicle_key != VEHICLE:
                writer.close()
                return
            writer.write(session.accept(SECRET))
            writer.write(session.send(Message("Z", b"%d" % self.watchers)))
            self._sessions[writer] = session
            self.logins.append([])
        elif isinstance(event, Message):
            self.logins[-1].append(event)
            if event.code == "A" and self.answers_pings:
                writer.write(session.send(Message("a")))
        async with self._news:
            self._news.notify_all()

    def connect(self) -> Coroutine[Any, Any, ClientConnection]:
        """Return what the link calls to connect."""
        return call_server("127.0.0.1", self.port, VEHICLE, SECRET, self.tokens)


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    """Yield a running server."""
    fake = FakeServer()
    await fake.start()
    yield fake
    await fake.kill()


@pytest.fixture
def random() -> Random:
    """Return the same chances each time."""
    return Random(7)  # noqa: S311
