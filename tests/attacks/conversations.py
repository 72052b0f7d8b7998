"""Conversations that nobody would hold: the grammar of the fuzzer, and who speaks by it.

A conversation is a generator. It yields between two of its steps, so that many can be interleaved.
All chance comes from one source, so a seed tells the whole run, but for what the server's answers
and the network's timing change.
"""

from __future__ import annotations

import base64
import re
import socket
import ssl
import struct
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from random import Random
from typing import Final

from tests.conformance.client import ALPHABET, Stream, digest_of, hmac_md5

ANSWER_WAIT: Final = 2.0
"""Seconds that a conversation waits for a welcome, or for the server to read."""

GLANCE: Final = 0.001
"""Seconds that a conversation waits before others have their turns."""

LONGEST: Final = 300_000
"""Bytes of the longest thing that is said in one piece."""

WELCOME = re.compile(rb"MP-S 0 (\S+) (\S+)")

CODES: Final = bytes(range(256))

FIELDS: Final = (
    b"", b"0", b"1", b"-1", b"9" * 40, b"1e999", b"nan", b"80", b"K", b"M", b"*-LOG-Trip", b"86400",
    b"charging", b"\xff\xfe", b"\xc3\xa4", b"\x00", b"\r", b"tester", b"CAR1", b"CAR2",
    b"2026-01-01", b"apns", b"mail", b"simple", b"a@b.example", b"GROUP", b"-86400", b"x" * 300,
)  # fmt: skip

COMMANDS: Final = (0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 20, 24, 30, 31, 32, 40, 41, 49, 77, 99999)


PATHS: Final = (
    b"/api/vehicles#%s", b"/api/vehicle/%s", b"/api/status/%s", b"/api/charge/%s", b"/api/token/%s",
    b"/api/historical/%s/*-LOG-Trip", b"/api/cookie;%s", b"/mqapi/auth?%s", b"//api//%s//",
    b"http://x/api/%s", b"/apiv2/%s", b"/%s",
)  # fmt: skip
"""Where calls go; one part of each is chance."""

HEADERS: Final = (
    b"", b"Host: x\r\n", b"Connection: close\r\n", b"Connection: keep-alive\r\n",
    b"Cookie: ovmsapisession=x\r\n", b"Cookie: \xff\r\n", b"X-Forwarded-For: 1.2.3.4\r\n",
    b"Authorization: Basic dGVzdGVyOngK\r\n", b"Content-Type: multipart/form-data; boundary=x\r\n",
    b"Content-Type: application/x-www-form-urlencoded\r\n",
    b"Upgrade: h2c\r\nConnection: upgrade\r\n",
)  # fmt: skip
"""What calls say of themselves."""


class Ended(Exception):
    """The conversation cannot go on: the server has closed, or reads no more."""


class Endpoint:
    """One end of a connection, with everything that may go wrong."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.buffer = b""
        connection.settimeout(ANSWER_WAIT)

    def send(self, data: bytes) -> None:
        """Send bytes. Raises :class:`Ended`."""
        try:
            self.connection.sendall(data)
        except OSError:
            raise Ended from None

    def hear(self, pattern: re.Pattern[bytes]) -> Generator[None, None, re.Match[bytes]]:
        """Wait until what came matches, and let others have turns. Raises :class:`Ended`."""
        until = time.monotonic() + ANSWER_WAIT
        while (found := pattern.search(self.buffer)) is None:
            self.connection.settimeout(GLANCE)
            try:
                came = self.connection.recv(65536)
            except TimeoutError:
                if time.monotonic() > until:
                    raise Ended from None
                yield
                continue
            except OSError:
                raise Ended from None
            if not came:
                raise Ended
            self.buffer += came
        self.buffer = self.buffer[found.end() :]
        self.connection.settimeout(ANSWER_WAIT)
        return found

    def drain(self) -> None:
        """Read what has come, and wait for nothing."""
        self.connection.settimeout(0)
        with suppress(OSError):
            while self.connection.recv(65536):
                pass
        with suppress(OSError):
            self.connection.settimeout(ANSWER_WAIT)

    def end(self, how: str) -> None:
        """End the connection: close it, reset it, or end our half and wait for the other."""
        with suppress(OSError):
            if how == "reset":
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            elif how == "half":
                self.connection.shutdown(socket.SHUT_WR)
                self.drain()
        self.connection.close()


def frame(opcode: int, payload: bytes, *, head: int = 0x80, mask: bytes = b"\1\2\3\4") -> bytes:
    """Return a frame of a WebSocket, masked unless ``mask`` is empty."""
    bit = 0x80 if mask else 0
    size = len(payload)
    if size < 126:
        length = bytes([bit | size])
    elif size < 1 << 16:
        length = struct.pack("!BH", bit | 126, size)
    else:
        length = struct.pack("!BQ", bit | 127, size)
    if mask:
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return bytes([head | opcode]) + length + mask + payload


class Conversation:
    """Somebody who calls, says odd things and goes away in an odd way."""

    def __init__(
        self,
        chance: Random,
        ports: tuple[int, int, int, int],
        secret: str,
        overheard: list[tuple[str, str]],
    ) -> None:
        """Call one of the ports: lines, TLS, HTTP, HTTPS. ``overheard`` are tokens and digests."""
        self._chance = chance
        self._secret = secret
        self._overheard = overheard
        port = chance.choices(ports, (8, 2, 4, 1))[0]
        self._end = Endpoint(socket.create_connection(("127.0.0.1", port), timeout=ANSWER_WAIT))
        self._is_tls_port = port in (ports[1], ports[3])
        self._is_http_port = port in ports[2:]
        self._is_web = False
        self._out: Stream | None = None

    def steps(self) -> Iterator[None]:
        """Hold the conversation, a step at a turn."""
        try:
            if self._is_tls_port:
                yield from self._secure()
            yield from self._open()
        except Ended:
            pass
        finally:
            self._end.end(self._chance.choice(("close", "close", "reset", "half")))

    # -- beginnings -------------------------------------------------------------------------

    def _secure(self) -> Iterator[None]:
        """Begin TLS, or something like it."""
        chance = self._chance
        if chance.random() < 0.4:
            hello = bytes.fromhex("160301") + struct.pack("!H", chance.randrange(1 << 16))
            yield from self._send(hello + chance.randbytes(chance.choice((0, 5, 200, 5000))))
            raise Ended
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        yield
        try:
            self._end.connection = context.wrap_socket(self._end.connection)
        except OSError:
            raise Ended from None

    def _open(self) -> Iterator[None]:
        openings: dict[Callable[[], Iterator[None]], int] = {
            self._garbage: 2, self._provisioning: 2, self._head: 2, self._owner: 1,
            self._caller: 10, self._websocket: 4, self._nothing: 1,
        }  # fmt: skip
        if self._is_http_port:
            openings |= {self._calls: 20, self._head: 6, self._caller: 1}
        yield from self._chance.choices(list(openings), list(openings.values()))[0]()

    def _nothing(self) -> Iterator[None]:
        for _ in range(self._chance.randrange(5)):
            yield

    def _garbage(self) -> Iterator[None]:
        for _ in range(self._chance.randrange(1, 4)):
            yield from self._send(self._bytes() + self._chance.choice((b"", b"\r\n", b"\n")))

    def _provisioning(self) -> Iterator[None]:
        for _ in range(self._chance.randrange(1, 6)):
            key = self._chance.choice((b"VIN", self._bytes()[:80], b"", b"x" * 900))
            yield from self._say(b"AP-C 0 " + key)
            self._end.drain()
        if self._chance.random() < 0.5:
            yield from self._caller()

    def _head(self) -> Iterator[None]:
        method = self._chance.choice((b"GET", b"POST", b"OPTIONS", b"get", b"\x00", b"GET" * 100))
        path = self._chance.choice((b"/", b"/apiv2", b"/api/cookie?username=a&password=b", b"*"))
        fields = b"".join(b"X-%d: %s\r\n" % (at, self._bytes()[:200]) for at in range(5))
        end = self._chance.choice((b"\r\n", b"\n", b""))
        yield from self._send(b"%s %s HTTP/1.1\r\n%s%s" % (method, path, fields, end))

    def _calls(self) -> Iterator[None]:
        """Make calls on a connection, most of them right in form."""
        chance = self._chance
        for _ in range(chance.choice((1, 1, 3, 40))):
            method = chance.choice(
                (b"GET", b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"OPTIONS")
            )
            path = chance.choice(PATHS) % chance.choice((b"CAR1", b"none", b"%ff", b"%2f", b"//"))
            query = chance.choice((b"", b"?", b"?username=tester&password=wrong", b"?\xc3\xa4=%zz"))
            body = self._bytes()[: chance.choice((0, 0, 10, 1000, 70_000))]
            framing = chance.choice((
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body),
                b"Content-Length: %d\r\n\r\n%s" % (len(body) + 9, body),
                b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
                b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body),
                b"\r\n",
            ))  # fmt: skip
            more = chance.choice(HEADERS)
            version = chance.choice((b"1.1", b"1.1", b"1.1", b"1.0", b"2.0"))
            call = b"%s %s%s HTTP/%s\r\n%s%s" % (method, path, query, version, more, framing)
            yield from self._send(self._mangled(call) if chance.random() < 0.1 else call)
            if chance.random() < 0.7:
                self._end.drain()

    def _websocket(self) -> Iterator[None]:
        chance = self._chance
        key = base64.b64encode(chance.randbytes(chance.choice((16, 16, 16, 3))))
        version = chance.choice((b"13", b"13", b"13", b"8"))
        yield from self._send(
            b"GET /apiv2 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: %s\r\n\r\n"
            % (key, version)
        )
        yield from self._end.hear(re.compile(rb"HTTP/1.1 101[^\0]*?\r\n\r\n"))
        self._is_web = True
        if chance.random() < 0.3:
            yield from self._frames()
        yield from self._caller()

    def _frames(self) -> Iterator[None]:
        """Send frames as they are not meant."""
        chance = self._chance
        for _ in range(chance.randrange(1, 6)):
            odd = frame(
                chance.choice((0, 1, 2, 8, 9, 10, 3, 15)),
                self._bytes()[: chance.choice((0, 2, 125, 130, 70_000))],
                head=chance.choice((0x80, 0x80, 0x00, 0xC0, 0xF0)),
                mask=chance.choice((b"\1\2\3\4", b"\1\2\3\4", b"")),
            )
            yield from self._send(odd[: chance.choice((len(odd), len(odd), 1, 5))])

    def _owner(self) -> Iterator[None]:
        """Log in under scheme 0x31: a password is never right here."""
        words = self._chance.choice((b"tester wrong *", b"nobody x CAR1", b"tester", b"a b c d e"))
        yield from self._say(b"MP-%c 1 %s" % (self._chance.choice(b"ABCS"), words))
        yield from self._messages()

    def _caller(self) -> Iterator[None]:
        """Say a welcome under scheme 0x30, perhaps a right one, and go on if it is answered."""
        chance = self._chance
        token, digest = self._proof()
        role = chance.choices(b"CABSX", (8, 8, 3, 2, 1))[0]
        vehicle = chance.choices(
            (b"CAR1", b"CAR2", b"car1", b"NONE", b"\xff", b""), (9, 5, 2, 1, 1, 1)
        )
        more = [b"2026-01-01 00:00:00 2026-01-01 00:00:00"] if role == ord("S") else []
        line = b" ".join([b"MP-%c" % role, b"0", token.encode(), digest.encode(), *vehicle, *more])
        if chance.random() < 0.1:
            line = self._mangled(line)
        behind = self._bytes()[:300] if chance.random() < 0.1 else b""
        yield from self._say(line, behind)
        if chance.random() < 0.1:
            return
        answer = yield from self._end.hear(WELCOME)
        server = answer[1].decode("latin-1")
        self._overheard += [(token, digest), (server, answer[2].decode("latin-1"))]
        self._out = Stream(hmac_md5(self._secret, server + token))
        yield from self._messages()

    def _proof(self) -> tuple[str, str]:
        """Return a token and its digest: right, wrong, or seen before."""
        chance = self._chance
        if self._overheard and chance.random() < 0.15:
            return chance.choice(self._overheard[-500:])
        token = "".join(chance.choice(ALPHABET) for _ in range(chance.choice((22, 22, 22, 1, 400))))
        return token, digest_of(self._secret if chance.random() < 0.85 else "a guess", token)

    # -- messages ---------------------------------------------------------------------------

    def _messages(self) -> Iterator[None]:
        chance = self._chance
        for _ in range(chance.choice((0, 1, 5, 20, 60))):
            if chance.random() < 0.02:
                yield from self._say(self._bytes())  # a line that is none
                continue
            if chance.random() < 0.02 and self._is_web:
                yield from self._frames()
                continue
            plain = b"MP-0 " + self._message()
            line = plain[5:] if self._out is None else self._out.seal(plain)
            if chance.random() < 0.02:
                yield from self._send(line[: chance.randrange(len(line) + 1)])
                return
            yield from self._say(line)
            if chance.random() < 0.5:
                self._end.drain()

    def _message(self) -> bytes:
        chance = self._chance
        data = b",".join(chance.choices(FIELDS, k=chance.randrange(12)))
        match chance.randrange(8):
            case 0:
                return bytes([chance.choice(CODES)]) + self._bytes()
            case 1:
                return bytes([chance.choice(CODES)]) + data
            case 2:
                return b"C%d,%s" % (chance.choice(COMMANDS), data)
            case 3:
                return b"c%d,%d,%s" % (chance.choice(COMMANDS), chance.randrange(-1, 5), data)
            case 4:
                numbers = chance.randrange(9), chance.randrange(-9, 99)
                return b"h%d,%d,*-LOG-%d,1,86400,%s" % (*numbers, chance.randrange(3), data)
            case 5:
                sealed = base64.b64encode(self._bytes()[:400])
                return b"EM%c" % chance.choice(CODES) + sealed[: chance.choice((len(sealed), 7))]
            case 6:
                return chance.choice(
                    (b"A", b"a", b"Z1", b"ET" + data, b"EM", b"G" + data, b"P" + data)
                )
        return chance.choice(b"SDLFWVTHPprRgfZY").to_bytes() + data

    # -- saying it --------------------------------------------------------------------------

    def _say(self, line: bytes, behind: bytes = b"") -> Iterator[None]:
        """Send a line in the connection's form, and bytes behind it."""
        data = frame(1, line) if self._is_web else line + self._chance.choice((b"\r\n", b"\n"))
        yield from self._send(data + behind)

    def _send(self, data: bytes) -> Iterator[None]:
        """Send bytes: at once, in a few pieces, or one at a time."""
        pieces = self._chance.choices((1, 2, 5, len(data)), (20, 3, 1, 1 if len(data) < 200 else 0))
        size = max(1, -(-len(data) // max(1, pieces[0])))
        for start in range(0, len(data), size):
            yield
            self._end.send(data[start : start + size])

    def _bytes(self) -> bytes:
        """Return bytes of any length, mostly a short one."""
        lengths = (0, 1, 10, 100, 1000, 1024, 5000, 65_536, LONGEST)
        size = self._chance.choices(lengths, (3, 3, 8, 8, 4, 4, 2, 1, 0.3))[0]
        kind = self._chance.randrange(3)
        if kind == 0:
            return self._chance.randbytes(size)
        return bytes([self._chance.choice(b"\0\n\r A=,\xff")]) * size if kind == 1 else b"M" * size

    def _mangled(self, line: bytes) -> bytes:
        """Return a line with something wrong in it."""
        at = self._chance.randrange(len(line))
        odd = self._chance.choice((b"", b" ", b"\0", b"\xff", line, b"x" * 1000))
        return line[:at] + odd + line[at + self._chance.randrange(3) :]


def converse(conversations: list[Iterator[None]], chance: Random) -> None:
    """Take one step of one of the conversations; remove it when it is over."""
    at = chance.randrange(len(conversations))
    try:
        next(conversations[at])
    except StopIteration:
        del conversations[at]
