"""A server end for tests: pumps that remember, and sockets that speak plain bytes."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio import client
from websockets.frames import CONT, PING, TEXT, Frame, Opcode
from websockets.utils import apply_mask

from ovms.net.client import ClientConnection, connect
from ovms.net.http import HttpHandler
from ovms.net.pump import Pump
from ovms.protocol import CallerWelcome, Message, Party, Role, Session, State
from ovms.protocol.errors import RemoteProtocolError
from ovms.protocol.session import Event
from tests.waiting import PATIENCE

SECRET = b"a secret"
CALLER_TOKEN, SERVER_TOKEN = "C" * 22, "S" * 22


class End:
    """One connection of the server end: welcomes who knows the secret, remembers all events."""

    def __init__(self, secret: bytes = SECRET, *, welcomes: bool = True) -> None:
        self.pump: Pump | None = None
        self.events: list[Event] = []
        self.stalls: list[int] = []
        self.errors: list[Exception | None] = []
        self.opens = 0
        self.answers_late = False
        self.half_closes = 0
        self._secret = secret
        self._welcomes = welcomes
        self._news = asyncio.Condition()

    # -- the pump's handler -----------------------------------------------------------------

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

    def half_closed(self, pump: Pump) -> bool:
        """Return whether the test wants our half to stay open."""
        self.half_closes += 1
        self._tell()
        return self.answers_late

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


class ListeningEnd:
    """A listening server end."""

    def __init__(
        self, port: int, ends: list[End], host: str, tls: ssl.SSLContext | None = None
    ) -> None:
        self.host = host
        self.port = port
        self.ends = ends
        self.trust = Certificate.make().trust if tls else None
        self.made: list[End] = []

    async def call(
        self, secret: bytes = SECRET, role: Role = Role.APP, *, websocket: bool = False
    ) -> ClientConnection:
        """Call it, as the client does."""
        return await connect(
            self.host, self.port, role, "CAR1", secret,
            timeout=PATIENCE, tls=self.trust, websocket=websocket,
        )  # fmt: skip

    async def meet(self, *, websocket: bool = False) -> tuple[ClientConnection, End]:
        """Return both ends of a connection that is open."""
        connection = await self.call(websocket=websocket)
        end = self.made[-1]
        await end.until(lambda end: end.events)
        return connection, end


@asynccontextmanager
async def listening(
    *ends: End,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    http: HttpHandler | None = None,
) -> AsyncIterator[ListeningEnd]:
    """Listen with pumps of these ends, then of new ones; close all at the end."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)
    place = ListeningEnd(listener.getsockname()[1], list(ends), host, tls)

    def answer() -> Pump:
        end = place.ends.pop(0) if place.ends else End()
        place.made.append(end)
        return Pump(Session(Party.SERVER, SERVER_TOKEN), end, http=http)

    server = await loop.create_server(answer, sock=listener, ssl=tls)
    try:
        yield place
    finally:
        server.close()
        for end in place.made:
            if end.pump is not None:
                end.pump.abort()
                await end.closes()


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
        """Return a welcome, a right one by default."""
        return self.session.send_welcome(role, vehicle_id, secret, *words)

    async def hears(self) -> list[Event]:
        """Return the events of the next bytes; none at the end of the stream."""
        async with asyncio.timeout(PATIENCE):
            return list(self.session.receive_data(await self.reader.read(65536)))

    async def hears_line(self) -> bytes:
        """Return the next line as it came."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readline()

    async def hears_welcome(self) -> None:
        """Wait for the welcome; messages that come with it are kept."""
        while self.session.state is not State.OPEN:
            events = await self.hears()
            assert events, "closed without a welcome"
            self._keep(events)

    async def hears_messages(self, count: int) -> list[str]:
        """Return the next messages, code and data in one text."""
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
        """Return whether the server closes without another word."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read() == b""
            except ConnectionResetError:
                return True

    async def hears_the_end(self) -> bool:
        """Read on until the server closes."""
        while await self.hears():
            pass
        return True


class Address(Protocol):
    """A listening address."""

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


class Certificate:
    """A throw-away certificate for this machine: what a server shows, and who trusts it."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(key, hashes.SHA256())
        )
        shown = certificate.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "pem"
            file.write_bytes(shown + secret)
            self.server.load_cert_chain(file)
        self.trust = ssl.create_default_context(cadata=shown.decode())

    @staticmethod
    @cache
    def make() -> Certificate:
        """Return the one that all tests share."""
        return Certificate()


# -- WebSockets, by an independent client ---------------------------------------------------

HANDSHAKE = (
    b"GET /apiv2 HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ACCEPTED = b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
"""What RFC 6455, 1.3, answers to that key."""

MASK = b"mask"


def frame(opcode: Opcode, data: bytes = b"", *, fin: bool = True, mask: bool = True) -> bytes:
    """Return a frame's bytes, as a client sends it, but always under the same mask."""
    plain = Frame(opcode, data, fin).serialize(mask=False)
    if not mask:
        return plain
    start = len(plain) - len(data)
    head = bytes([plain[0], plain[1] | 0x80]) + plain[2:start]
    return head + MASK + apply_mask(data, MASK)


def text(data: bytes) -> bytes:
    """Return a text frame's bytes."""
    return frame(TEXT, data)


def pieces(data: bytes, *sizes: int, ping: bytes | None = None) -> bytes:
    """Return a message's bytes in fragments of these sizes and one more, a ping between them."""
    parts = []
    for size in sizes:
        parts.append(data[:size])
        data = data[size:]
    parts.append(data)
    frames = [
        frame(TEXT if n == 0 else CONT, part, fin=n == len(sizes)) for n, part in enumerate(parts)
    ]
    return (b"" if ping is None else frame(PING, ping)).join(frames)


class WebCaller:
    """A caller's end in a WebSocket."""

    def __init__(self, web: client.ClientConnection) -> None:
        self.web = web
        self.session = Session(Party.CALLER, CALLER_TOKEN)

    async def says(self, *lines: bytes) -> None:
        """Send lines of the session, each in a frame and without its end."""
        for line in lines:
            await self.web.send(line.removesuffix(b"\r\n").decode())

    async def hears(self) -> list[Event]:
        """Return the events of the next frame, which is text and one line without its end."""
        async with asyncio.timeout(PATIENCE):
            line = await self.web.recv()
        assert isinstance(line, str)
        assert not line.endswith(("\n", "\r"))
        return list(self.session.receive_data(line.encode() + b"\r\n"))

    async def opens(self, secret: bytes = SECRET) -> None:
        """Greet, and be welcomed."""
        await self.says(self.session.send_welcome(Role.APP, "CAR1", secret))
        await self.hears()
        assert self.session.state is State.OPEN

    async def is_told(self) -> int | None:
        """Wait for the end; its close code."""
        async with asyncio.timeout(PATIENCE):
            await self.web.wait_closed()
        return self.web.close_code


@asynccontextmanager
async def surfing(place: Address, path: str = "/apiv2") -> AsyncIterator[WebCaller]:
    """Open a WebSocket, by a client that is not ours."""
    trust = place.trust if isinstance(place, ListeningEnd) else None
    scheme = "wss" if trust else "ws"
    uri = f"{scheme}://{place.host}:{place.port}{path}"
    async with client.connect(
        uri, ssl=trust, proxy=None, ping_interval=None, close_timeout=PATIENCE
    ) as web:
        yield WebCaller(web)
