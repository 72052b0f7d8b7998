"""The PROXY protocol, versions 1 and 2: a proxy in front of us says who has called it.

Its header is the first thing on a connection, before TLS. It is believed from the proxies that the
operator trusts, who must send one, and from nobody else. Pure.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

LINE_LIMIT: Final = 107
"""Bytes of the longest header of version 1, its end included."""

HEADER_LIMIT: Final = 2048
"""Bytes of a header of version 2, what proxies add to the addresses included: some hundred."""

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
"""How a header of version 2 begins."""

FIXED: Final = 16
"""Bytes of a header of version 2 in front of the addresses."""

LOCAL, PROXY = 0x20, 0x21
"""Version and command: the proxy speaks for itself, as for a look at our health, or for others."""

FAMILIES: Final = {0x11: (socket.AF_INET, 4), 0x21: (socket.AF_INET6, 16)}
"""TCP over IPv4 and IPv6, and the bytes of an address. Others name nobody that we know."""


class BadHeader(Exception):
    """What came is no header, or one that is too long."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """A header of ``length`` bytes; ``caller`` is ``None`` where it does not say who calls."""

    length: int
    caller: tuple[str, int] | None
    """Address and port."""


class TrustedProxies:
    """The proxies that are believed: addresses and networks (CIDR). Raises ``ValueError``."""

    def __init__(self, places: Iterable[str] = ()) -> None:
        self._networks: list[IPv4Network | IPv6Network] = [
            ip_network(place.strip(), strict=False) for place in places
        ]

    def trusts(self, host: str) -> bool:
        """Return whether an address is one of theirs."""
        if not self._networks:
            return False
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def read_header(data: bytes) -> ProxyHeader | int:
    """Read a header; return how many more bytes must come while it is not whole.

    ``data`` is all that came. Raises :class:`BadHeader`.
    """
    if SIGNATURE.startswith(data[: len(SIGNATURE)]):
        return _binary(data)
    if b"PROXY ".startswith(data[:6]):
        return _line(data)
    raise BadHeader("no header of a proxy")


def _line(data: bytes) -> ProxyHeader | int:
    end = data.find(b"\r\n", 0, LINE_LIMIT)
    if end < 0:
        if len(data) >= LINE_LIMIT:
            raise BadHeader(f"a line of more than {LINE_LIMIT} bytes")
        return 1
    match data[:end].split(b" "):
        case [_, b"UNKNOWN", *_]:
            return ProxyHeader(end + 2, None)
        case [_, (b"TCP4" | b"TCP6") as family, host, _, port, _]:
            return ProxyHeader(end + 2, _caller(family, host, port))
    raise BadHeader("a line that names no caller")


def _caller(family: bytes, host: bytes, port: bytes) -> tuple[str, int]:
    try:
        address = ip_address(host.decode("ascii"))
        number = int(port) if port.isdigit() else -1
    except ValueError:
        raise BadHeader("a line with an address that is none") from None
    if address.version != int(family[3:]) or not 0 <= number <= 0xFFFF:
        raise BadHeader("a line with an address that is none")
    return str(address), number


def _binary(data: bytes) -> ProxyHeader | int:
    if len(data) < FIXED:
        return FIXED - len(data)
    command, family = data[12], data[13]
    length = FIXED + int.from_bytes(data[14:16])
    if command not in (LOCAL, PROXY) or length > HEADER_LIMIT:
        raise BadHeader("a header of another version, or too long")
    if len(data) < length:
        return length - len(data)
    if command == LOCAL or family not in FAMILIES:
        return ProxyHeader(length, None)
    kind, size = FAMILIES[family]
    if length < FIXED + 2 * size + 4:
        raise BadHeader("a header without its addresses")
    host = socket.inet_ntop(kind, data[FIXED : FIXED + size])
    at = FIXED + 2 * size
    return ProxyHeader(length, (host, int.from_bytes(data[at : at + 2])))
