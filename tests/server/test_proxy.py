from __future__ import annotations

import socket
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.server.proxy import (
    FIXED,
    HEADER_LIMIT,
    LINE_LIMIT,
    LOCAL,
    PROXY,
    SIGNATURE,
    BadHeader,
    ProxyHeader,
    TrustedProxies,
    read_header,
)

V4 = socket.inet_aton("192.0.2.7") + socket.inet_aton("10.0.0.1") + struct.pack("!HH", 40000, 6867)
V6 = socket.inet_pton(socket.AF_INET6, "2001:db8::7") * 2 + struct.pack("!HH", 40000, 6867)


def binary(body: bytes = V4, *, command: int = PROXY, family: int = 0x11) -> bytes:
    """Return a header of version 2."""
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(body)) + body


@pytest.mark.parametrize(
    ("header", "caller"),
    [
        (b"PROXY TCP4 192.0.2.7 10.0.0.1 40000 6867\r\n", ("192.0.2.7", 40000)),
        (b"PROXY TCP6 2001:db8::7 ::1 40000 6867\r\n", ("2001:db8::7", 40000)),
        (b"PROXY UNKNOWN\r\n", None),
        (b"PROXY UNKNOWN ffff::1 ffff::1 65535 65535\r\n", None),
        (binary(), ("192.0.2.7", 40000)),
        (binary(V6, family=0x21), ("2001:db8::7", 40000)),
        (binary(V4 + b"\x04\x00\x03abc"), ("192.0.2.7", 40000)),
        (binary(b"", command=LOCAL, family=0), None),
        (binary(b"", family=0), None),
        (binary(b"x" * 216, family=0x31), None),
        (binary(V4 + b"x" * (HEADER_LIMIT - FIXED - len(V4))), ("192.0.2.7", 40000)),
    ],
)
def test_headers(header: bytes, caller: tuple[str, int] | None) -> None:
    """A header is read whole, whatever follows; before that it says what is missing at least."""
    for rest in (b"", b"MP-C 0 x", b"\x16\x03\x01"):
        assert read_header(header + rest) == ProxyHeader(len(header), caller)
    for length in range(1, len(header)):
        more = read_header(header[:length])
        assert isinstance(more, int)
        assert 1 <= more <= len(header) - length


@pytest.mark.parametrize(
    "data",
    [
        b"MP-C 0 token",
        b"\x16\x03\x01",
        b"GET / HTTP/1.1",
        b"PROXX",
        b"PROXY TCP4 192.0.2.7 10.0.0.1 40000\r\n",
        b"PROXY TCP4 2001:db8::7 ::1 1 2\r\n",
        b"PROXY TCP6 192.0.2.7 10.0.0.1 1 2\r\n",
        b"PROXY TCP4 192.0.2.7 10.0.0.1 65536 2\r\n",
        b"PROXY TCP4 192.0.2.7 10.0.0.1 -1 2\r\n",
        b"PROXY TCP4 host 10.0.0.1 1 2\r\n",
        b"PROXY TCP4 \xff 10.0.0.1 1 2\r\n",
        b"PROXY UDP4 192.0.2.7 10.0.0.1 1 2\r\n",
        b"PROXY TCP4 " + b"1" * LINE_LIMIT,
        binary(command=0x11),
        binary(b"x" * (HEADER_LIMIT - FIXED + 1)),
        binary(V4[:-1]),
        SIGNATURE[:-1] + b"X",
    ],
)
def test_no_header(data: bytes) -> None:
    """What is no header, too long, or names an address that is none, is refused."""
    with pytest.raises(BadHeader):
        read_header(data)


@given(st.sampled_from([b"", b"PROXY ", SIGNATURE, binary()[:16]]), st.binary(max_size=200))
def test_no_other_error(start: bytes, data: bytes) -> None:
    """Whatever comes, it is a header, part of one, or a BadHeader."""
    with suppress(BadHeader):
        read_header(start + data)


def test_trusted_places() -> None:
    """Addresses and networks are trusted, and nobody else."""
    proxies = TrustedProxies(["10.1.0.0/16", "192.0.2.7", "fd00::/8", "10.2.3.4/16"])
    for host in ("10.1.255.1", "192.0.2.7", "fd00::1", "10.2.9.9"):
        assert proxies.trusts(host)
    for host in ("10.3.0.1", "192.0.2.8", "fe80::1", "::ffff:192.0.2.8", "rubbish", ""):
        assert not proxies.trusts(host)
    assert not TrustedProxies().trusts("127.0.0.1")
    for wrong in ("10.0.0.0/33", "localhost", ""):
        with pytest.raises(ValueError, match="does not appear"):
            TrustedProxies([wrong])
