"""A stranger's client: it speaks the wire as the documents have it, and shares no code with ours.

A message is here what stands behind ``MP-0 `` on the wire: ``b"S80,K"``. Everything that is waited
for has a deadline; what must *not* come is shown by a ping: whatever the server had to say before
its answer has been said.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
from collections import deque
from contextlib import suppress
from enum import Enum
from typing import Protocol

from Crypto.Cipher import ARC4
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from tests.waiting import PATIENCE

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

DROPPED = 1024
"""Bytes of cipher text that are generated and discarded."""


class Transport(Enum):
    """How lines travel: the key of ``ready.json`` that names the port, and what is spoken there."""

    TCP = "tcp"
    TLS = "tls"
    WS = "ws"
    WSS = "wss"

    @property
    def port_key(self) -> str:
        """The port's name in ``ready.json``."""
        return "mp_tls" if self.is_tls else "mp"

    @property
    def is_tls(self) -> bool:
        """It is enciphered underneath."""
        return self in (Transport.TLS, Transport.WSS)

    @property
    def is_web(self) -> bool:
        """It carries a line a text frame."""
        return self in (Transport.WS, Transport.WSS)


class Wire(Protocol):
    """A connection that carries lines. Lines are given without their end."""

    def say(self, line: bytes) -> None:
        """Send a line."""

    def hear(self) -> bytes | None:
        """Wait for the next line; ``None`` once the server has closed."""

    def is_quiet(self) -> bool:
        """Return whether nothing has come that was not heard yet."""

    def close(self) -> None:
        """Hang up. May be called again."""


class SocketWire:
    """Lines on a stream of bytes, plain or TLS. Each line that comes must end with CR LF."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.received = 0
        """Bytes that came."""
        self.sent = 0
        """Bytes that went."""
        connection.settimeout(PATIENCE)
        self._buffer = b""

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sent += len(data)
        self.connection.sendall(data)

    def say(self, line: bytes) -> None:
        """Send a line."""
        self.send(line + b"\r\n")

    def hear(self) -> bytes | None:
        """Wait for the next line; ``None`` once the server has closed."""
        while b"\n" not in self._buffer:
            came = self._receive()
            if not came:
                assert not self._buffer, f"half a line came: {self._buffer!r}"
                return None
            self._buffer += came
        line, _, self._buffer = self._buffer.partition(b"\n")
        assert line.endswith(b"\r"), f"a line without CR: {line!r}"
        return line[:-1]

    def hear_all(self) -> list[bytes] | None:
        """Return the lines that have come, without waiting; ``None`` once the server has closed."""
        self.connection.settimeout(0)
        came = None
        with suppress(BlockingIOError, ssl.SSLWantReadError):
            came = self._receive()
        self.connection.settimeout(PATIENCE)
        *lines, self._buffer = (self._buffer + (came or b"")).split(b"\n")
        return [line.removesuffix(b"\r") for line in lines] if lines or came != b"" else None

    def _receive(self) -> bytes:
        try:
            came = self.connection.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            return b""
        self.received += len(came)
        return came

    def is_quiet(self) -> bool:
        """Return whether nothing has come that was not heard yet."""
        self.connection.settimeout(0)
        try:
            came = self.connection.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            came = None  # TLS may have had something to say that is no line
        finally:
            self.connection.settimeout(PATIENCE)
        self._buffer += came or b""
        return came is None and not self._buffer

    def close(self) -> None:
        """Hang up. May be called again."""
        self.connection.close()


class WebWire:
    """Lines as text frames of a WebSocket, without line ends.

    One thread reads and writes: the library's own client reads in a second one, which with TLS
    loses data now and then.
    """

    def __init__(self, connection: socket.socket, uri: str) -> None:
        self.connection = connection
        connection.settimeout(PATIENCE)
        self._protocol = ClientProtocol(parse_uri(uri))
        self._frames: deque[Frame] = deque()
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        while not self._protocol.state > State.CONNECTING:
            self._receive()
        if self._protocol.handshake_exc is not None:
            raise self._protocol.handshake_exc

    def say(self, line: bytes) -> None:
        """Send a line."""
        self._protocol.send_text(line)
        self._flush()

    def hear(self) -> bytes | None:
        """Wait for the next line; ``None`` once the server has closed."""
        while not self._frames:
            if self._protocol.state is State.CLOSED:
                return None
            self._receive()
        frame = self._frames.popleft()
        if frame.opcode is Opcode.CLOSE:
            return None
        assert frame.opcode is Opcode.TEXT, f"no text frame: {frame}"
        assert frame.fin, f"part of a message: {frame}"
        line = bytes(frame.data)
        assert not set(line) & set(b"\r\n"), f"a line end came: {line!r}"
        return line

    def is_quiet(self) -> bool:
        """Return whether nothing has come that was not heard yet."""
        self.connection.settimeout(0)
        try:
            self._receive()
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        finally:
            self.connection.settimeout(PATIENCE)
        return not self._frames and self._protocol.state is State.OPEN

    def _receive(self) -> None:
        try:
            came = self.connection.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            came = b""
        if came:
            self._protocol.receive_data(came)
        else:
            self._protocol.receive_eof()
        self._frames += (e for e in self._protocol.events_received() if isinstance(e, Frame))
        self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            with suppress(ConnectionResetError, BrokenPipeError):
                if data:
                    self.connection.sendall(data)

    def close(self) -> None:
        """Hang up. May be called again."""
        self.connection.close()


def dial(transport: Transport, port: int, context: ssl.SSLContext | None = None) -> Wire:
    """Connect; ``context`` is needed where TLS is."""
    if transport.is_web:
        return dial_web(transport, port, context)
    return SocketWire(_connect(transport, port, context))


def dial_web(
    transport: Transport, port: int, context: ssl.SSLContext | None = None, path: str = "/apiv2"
) -> WebWire:
    """Upgrade to a WebSocket under a path. Raises what the library raises when that fails."""
    uri = f"{transport.value}://localhost:{port}{path}"
    return WebWire(_connect(transport, port, context), uri)


def _connect(transport: Transport, port: int, context: ssl.SSLContext | None) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not transport.is_tls:
        return plain
    assert context is not None
    return context.wrap_socket(plain, server_hostname="localhost")


def trusting(certificate: str, *, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """Trust the server's own certificate, whatever name it bears, and nothing else."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    if newest is not None:
        context.maximum_version = newest
    return context


def make_token() -> str:
    """Make a random token: 22 characters of the base64 alphabet."""
    return "".join(secrets.choice(ALPHABET) for _ in range(22))


def hmac_md5(secret: str, text: str) -> bytes:
    """Return the HMAC-MD5 of a text under a secret."""
    return hmac.new(secret.encode(), text.encode(), hashlib.md5).digest()


def digest_of(secret: str, token: str) -> str:
    """Return the digest that goes with a token, base64 encoded with padding."""
    return base64.b64encode(hmac_md5(secret, token)).decode()


class Stream:
    """One direction's RC4 stream, its first 1024 bytes discarded; lines in base64."""

    def __init__(self, key: bytes) -> None:
        self._cipher = ARC4.new(key, drop=DROPPED)

    def seal(self, plain: bytes) -> bytes:
        """Cipher a line."""
        return base64.b64encode(self._cipher.encrypt(plain))

    def open(self, line: bytes) -> bytes:
        """Decipher a line."""
        return self._cipher.decrypt(base64.b64decode(line, validate=True))


def seal_paranoid(password: str, token: str, payload: bytes) -> bytes:
    """Seal a message under a module password: ``EM<code><data>``, afresh each time."""
    key = hmac_md5(password, token)
    return b"EM" + payload[:1] + Stream(key).seal(payload[1:])


def open_paranoid(password: str, token: str, payload: bytes) -> bytes:
    """Open what :func:`seal_paranoid` made."""
    assert payload[:2] == b"EM", payload
    return payload[2:3] + Stream(hmac_md5(password, token)).open(payload[3:])


class Caller:
    """Somebody who calls the server and speaks scheme 0x30."""

    def __init__(self, wire: Wire, secret: str, token: str | None = None) -> None:
        self.wire = wire
        self.token = token or make_token()
        self.login: list[bytes] = []
        """What came by itself right after the welcome."""
        self.pings = 0
        """Pings of the server that were answered."""
        self.answers_pings = True
        self._secret = secret
        self._out: Stream | None = None
        self._in: Stream | None = None

    def greeting(self, role: str, *words: str, digest: str | None = None) -> bytes:
        """Return the welcome of a role (C, A, B or S): scheme, token, digest, then the words."""
        proof = digest or digest_of(self._secret, self.token)
        return " ".join([f"MP-{role}", "0", self.token, proof, *words]).encode()

    def send_welcome(self, role: str, *words: str, digest: str | None = None) -> None:
        """Say the welcome."""
        self.wire.say(self.greeting(role, *words, digest=digest))

    def be_welcomed(self) -> str:
        """Wait for the server's welcome, check its proof, turn on the cipher; returns its token."""
        line = self.wire.hear()
        assert line is not None, "the server closed instead of its welcome"
        self.start(line)
        return line.split()[2].decode()

    def start(self, welcome: bytes) -> None:
        """Take the server's welcome line, and turn on the cipher."""
        name, scheme, token, digest = welcome.decode().split(" ")
        assert (name, scheme) == ("MP-S", "0"), welcome
        assert digest == digest_of(self._secret, token), "the server does not know the secret"
        assert token != self.token
        key = hmac_md5(self._secret, token + self.token)
        self._out, self._in = Stream(key), Stream(key)

    def line(self, payload: bytes) -> bytes:
        """Return the line of a message, to be sent next."""
        assert self._out is not None
        return self._out.seal(b"MP-0 " + payload)

    def say(self, *payloads: bytes) -> None:
        """Send messages."""
        for payload in payloads:
            self.wire.say(self.line(payload))

    def read(self, line: bytes) -> bytes:
        """Decipher a line that came."""
        assert self._in is not None
        plain = self._in.open(line)
        assert plain.startswith(b"MP-0 "), f"does not decipher: {plain!r}"
        return plain[5:]

    def hear(self) -> bytes:
        """Wait for the next message. Pings are answered and not given."""
        while True:
            line = self.wire.hear()
            assert line is not None, "the server closed the connection"
            payload = self.read(line)
            if payload[:1] != b"A" or not self.answers_pings:
                return payload
            self.pings += 1
            self.say(b"a")

    def hear_code(self, code: bytes) -> bytes:
        """Wait for the next message of a code; what comes before it is passed over."""
        while (payload := self.hear())[:1] != code:
            pass
        return payload

    def settle(self) -> list[bytes]:
        """Return all that came before the server's answer to a ping that is sent now."""
        self.say(b"A")
        heard = []
        while (payload := self.hear()) != b"a":
            heard.append(payload)
        return heard

    def is_closed(self) -> bool:
        """Wait for the next line, and say whether there is none because the server closed."""
        return self.wire.hear() is None


class OwnerCaller(Caller):
    """An owner who calls under scheme 0x31: plain lines of code and data."""

    def send_owner_welcome(self, user: str, password: str, vehicle: str, role: str = "A") -> None:
        """Say the welcome."""
        self.wire.say(f"MP-{role} 1 {user} {password} {vehicle}".encode())

    def line(self, payload: bytes) -> bytes:
        """Return the line of a message: the message."""
        return payload

    def read(self, line: bytes) -> bytes:
        """Take a line as the message that it is."""
        return line
