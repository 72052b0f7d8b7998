"""All HTTP connections of the server, and the application behind them.

Importing Starlette and uvicorn takes 0.12 s and 5 MB, for nothing where nobody calls by HTTP. So
the first call has them imported, in a thread, and waits for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from email.utils import formatdate
from importlib import import_module
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Final, cast

from ovms.base.logs import get_logger

if TYPE_CHECKING:
    from ovms.net.pump import Pump
    from ovms.server.http.connection import HttpConnection
    from ovms.server.http.context import HttpContext

STARTS_A_TURN: Final = 8
"""Calls that are begun before others have their turn: each takes some 0.3 ms at once."""

BYTES_A_TURN: Final = 1 << 15
"""Bytes of all connections that are parsed before others have their turn: in chunks of one byte
they take some 3 ms."""

BYTES_A_PIECE: Final = 512
"""Bytes for which whatever comes counts besides, however short it is."""

STOP_TIMEOUT: Final = 5.0
"""Seconds that a stopping server leaves calls that have begun."""

MODULES: Final = (
    "ovms.server.http.app",
    "ovms.server.http.connection",
    "uvicorn.middleware.proxy_headers",
)
"""What is imported with the first call."""

LOOK: Final = 0.05
"""Seconds between two looks whether they have ended."""

log = get_logger("ovms.http")

MakeConnection = Callable[[str], asyncio.Protocol]


class HttpService:
    """All HTTP connections.

    ``forwarded_from`` are the reverse proxies that are believed. ``on_unfit`` is called with what
    a caller says first that is no HTTP. ``websocket`` makes the protocol of a WebSocket.
    """

    def __init__(
        self,
        context: HttpContext,
        forwarded_from: Sequence[str] = (),
        on_unfit: Callable[[bytes], object] = bytes,
    ) -> None:
        self.context = context
        self.on_unfit = on_unfit
        self.websocket: Callable[[], Pump] | None = None
        self.make_app: Callable[[], Any] = self._field_app
        """Makes the application, once that is imported; set it before the first call."""
        self.now = context.clock.monotonic
        self.is_stopping = False
        self.connections: set[HttpConnection] = set()
        self.tasks: set[asyncio.Task[Any]] = set()
        self._forwarded_from = [str(ip_network(each, strict=False)) for each in forwarded_from]
        self._early: set[EarlyConnection] = set()
        self._make: MakeConnection | None = None
        self._loading: asyncio.Task[None] | None = None
        self._starts: deque[HttpConnection] = deque()
        self._unparsed: deque[HttpConnection] = deque()
        """Connections that wait for their turn to be parsed."""
        self._starts_left = STARTS_A_TURN
        self._bytes_left = BYTES_A_TURN
        self._has_turn = False
        self._date = (0, b"")

    @property
    def count(self) -> int:
        """Return how many connections there are."""
        return len(self.connections) + len(self._early)

    def strangers(self) -> Iterator[HttpConnection]:
        """Yield those that may have to leave."""
        return (each for each in self.connections if each.stage is not None)

    def answer(self, peer: str) -> asyncio.Protocol:
        """Make the protocol of a connection that is handed over; ``peer`` calls."""
        if self._make is not None:
            return self._make(peer)
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        early = EarlyConnection(self, peer)
        self._early.add(early)
        return early

    async def _load(self) -> None:
        """Import what answers calls, and have it take over those who wait."""
        try:
            await asyncio.to_thread(_import)
            self._make = self._maker()
        except Exception as error:
            log.error("calls by HTTP cannot be answered", exc_info=error)
            self._loading = None  # the next call tries again
        early, self._early = self._early, set()
        for each in early:
            each.go_on(self._make)

    def _maker(self) -> MakeConnection:
        from uvicorn.config import Config
        from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
        from uvicorn.server import ServerState

        from ovms.server.http.connection import HttpConnection

        app = self.make_app()
        if self._forwarded_from:
            app = ProxyHeadersMiddleware(app, self._forwarded_from)
        config = Config(
            app, http=HttpConnection, ws="none", lifespan="off", interface="asgi3", log_config=None,
            proxy_headers=False, server_header=False, date_header=False,
        )  # fmt: skip
        config.load()
        state = ServerState()
        self.tasks = state.tasks
        return lambda peer: HttpConnection(self, config, state, peer)

    def _field_app(self) -> Any:
        from ovms.server.http.app import make_app

        return make_app(self.context)

    # -- connections ------------------------------------------------------------------------

    def remember(self, connection: HttpConnection) -> None:
        """Take a connection in."""
        self.connections.add(connection)

    def forget(self, connection: HttpConnection | EarlyConnection) -> None:
        """Leave a connection out that has ended or is about to."""
        if isinstance(connection, EarlyConnection):
            self._early.discard(connection)
        else:
            self.connections.discard(connection)

    def start(self, connection: HttpConnection) -> None:
        """Have a connection's call begin, or have it wait until its turn comes."""
        if self._starts or not self._starts_left:
            self._starts.append(connection)
        else:
            self._start(connection)

    def _start(self, connection: HttpConnection) -> None:
        self._starts_left -= 1
        self._await_turn()
        connection.begin()

    def parse(self, connection: HttpConnection) -> bool:
        """Have a connection parse what has come; return whether it has, else its turn comes."""
        if self._unparsed or self._bytes_left <= 0:
            self._unparsed.append(connection)
            return False
        self._parse(connection)
        return True

    def _parse(self, connection: HttpConnection) -> None:
        self._bytes_left -= connection.parse() + BYTES_A_PIECE
        self._await_turn()

    def _await_turn(self) -> None:
        if not self._has_turn:
            self._has_turn = True
            asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._has_turn = False
        self._starts_left, self._bytes_left = STARTS_A_TURN, BYTES_A_TURN
        while self._starts and self._starts_left:
            self._start(self._starts.popleft())
        while self._unparsed and self._bytes_left > 0:
            self._parse(self._unparsed.popleft())

    def date(self) -> bytes:
        """Return the time as answers say it."""
        now = int(self.context.clock.time())
        if now != self._date[0]:
            self._date = (now, formatdate(now, usegmt=True).encode("ascii"))
        return self._date[1]

    def tick(self) -> None:
        """Close connections whose time is over, end watches and streams. Call it each second."""
        self.context.watches.tick()
        self.context.live.tick()
        now = self.now()
        for each in list(self.connections):
            each.tick(now)

    # -- stopping ---------------------------------------------------------------------------

    async def empty(self) -> None:
        """Close everybody: the idle at once, the others after the answer they wait for.

        Call it when no new connection can come but those that the acceptor still has.
        """
        self.is_stopping = True
        self.context.live.close()
        began = self.now()
        while self.count and self.now() - began < STOP_TIMEOUT:
            for each in list(self.connections):
                each.end()
            await asyncio.sleep(LOOK)

    async def close(self) -> None:
        """End what is left, and wait until it has ended."""
        self.is_stopping = True
        transports = [each.transport for each in self.connections]
        for transport in [*transports, *(each.transport for each in self._early)]:
            transport.abort()
        tasks = [*self.tasks, *([self._loading] if self._loading is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.context.watches.close()


class EarlyConnection(asyncio.Protocol):
    """A connection that waits until what answers it is imported."""

    transport: asyncio.Transport

    def __init__(self, service: HttpService, peer: str) -> None:
        self._service = service
        self._peer = peer
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Read no more than what has come."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Keep what has come."""
        self._data += data

    def connection_lost(self, error: Exception | None) -> None:
        """Handle the end of the connection."""
        self._service.forget(self)

    def go_on(self, make: MakeConnection | None) -> None:
        """Hand the connection over; end it if there is nothing that could answer."""
        if self.transport.is_closing():
            return
        if make is None:
            self.transport.abort()
            return
        protocol = make(self._peer)
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        self.transport.resume_reading()
        protocol.data_received(self._data)


def _import() -> None:
    """Import all that answers calls."""
    for name in MODULES:
        import_module(name)
