"""Servers that receive alerts: SMTP and HTTP, on loopback, in the test's own event loop."""

from __future__ import annotations

import asyncio
import json
import ssl
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from ovms.server.notify.channel import Notice
from tests.waiting import PATIENCE

NOTICE = Notice("ovms-7-1000", "MyCar", "Open Vehicles MyCar", "Tür offen ⚡\nzweite", 1000.0)


class Server:
    """A server on a free port of loopback, which can go down and come back on it."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.down()

    async def up(self) -> None:
        """Listen."""
        self._server = await self._listen()
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.close()
            await self._server.wait_closed()
        self._server = None

    async def _listen(self) -> asyncio.Server:
        raise NotImplementedError


@dataclass
class Mail:
    """A mail as the server got it."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    user: str | None


class MailReceiver(Server):
    """An SMTP server. ``refuse`` maps recipients to answers, ``answer`` is what DATA gets."""

    def __init__(
        self, tls: ssl.SSLContext | None = None, *, start_tls: bool = False, login: bool = False
    ) -> None:
        super().__init__(None if start_tls else tls)
        self._start_tls = tls if start_tls else None
        self._login = login
        self.mails: list[Mail] = []
        self.refuse: dict[str, str] = {}
        self.answer = "250 OK"
        self.is_international = True
        """It takes addresses with letters that are not ASCII."""

    async def handle_RCPT(  # noqa: N802 -- the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        if address not in self.refuse:
            envelope.rcpt_tos.append(address)
        return self.refuse.get(address, "250 OK")

    async def handle_DATA(  # noqa: N802 -- the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        if self.answer.startswith("250"):
            message = message_from_bytes(cast(bytes, envelope.content), policy=policy.default)
            user = session.auth_data.login.decode() if session.auth_data else None
            recipients = [str(address) for address in envelope.rcpt_tos]
            mail = Mail(str(envelope.mail_from), recipients, message, user)
            self.mails.append(mail)
        return self.answer

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and data.password == b"p\xc3\xa4ss"
        return AuthResult(success=is_right, handled=False, auth_data=data)

    async def _listen(self) -> asyncio.Server:
        def make() -> SMTP:
            return SMTP(
                self,
                enable_SMTPUTF8=self.is_international,
                tls_context=self._start_tls,
                require_starttls=self._start_tls is not None,
                auth_require_tls=False,
                authenticator=self._authenticate if self._login else None,
            )

        loop = asyncio.get_running_loop()
        return await loop.create_server(make, "127.0.0.1", self.port, ssl=self._tls)


@dataclass
class Request:
    """A request as the server got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body as JSON."""
        return json.loads(self.body)


@dataclass
class Reply:
    """What the server answers."""

    status: int = 200
    body: bytes = b"{}"
    hold: asyncio.Event | None = field(default=None, repr=False)
    """Wait for this before answering."""


class HttpReceiver(Server):
    """An HTTP server that answers ``replies`` in turn, then always the last."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.replies = [Reply()]
        self.came = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it is, without a scheme."""
        return f"127.0.0.1:{self.port}"

    def tickets(self, *tickets: dict[str, Any]) -> None:
        """Answer with tickets of Expo."""
        self.replies = [Reply(200, json.dumps({"data": ticket}).encode()) for ticket in tickets]

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._talk, "127.0.0.1", self.port)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._serve(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first = await reader.readline()
        if not first:
            return False
        method, path, _ = first.decode().split(" ", 2)
        headers = {}
        while line := (await reader.readline()).strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.requests.append(Request(method, path, headers, body))
        self.came.set()
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply.hold is not None:
            await reply.hold.wait()
        head = f"HTTP/1.1 {reply.status} X\r\nContent-Length: {len(reply.body)}\r\n\r\n"
        writer.write(head.encode() + reply.body)
        await writer.drain()
        return True


def load_apprise() -> None:
    """Import the library before a test does: its modules use what Python is to drop one day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from apprise import Apprise

        Apprise.instantiate("json://localhost")


async def _turn() -> None:
    await asyncio.sleep(0.001)


async def until(condition: Callable[[], bool], again: Callable[[], Awaitable[Any]] = _turn) -> None:
    """Let others run, or do something, until a condition holds; for as long as tests wait."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await again()
