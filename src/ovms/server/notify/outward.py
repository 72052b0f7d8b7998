"""Addresses that owners have the server call: never one that only the server can reach.

A name is resolved once, and the connection goes to the address that was looked at.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from ovms.server.notify.errors import NotDelivered

NAT64: Final = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that lead to an IPv4 address, which are their last four bytes."""


def is_public(address: str) -> bool:
    """Return whether an address is one of the Internet, and no other can stand behind it."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.is_site_local:  # what networks called their own before RFC 3879
            return False
        if found in NAT64:
            return is_public(str(IPv4Address(found.packed[-4:])))
        behind = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if behind:
            return is_public(str(behind))
    return found.is_global and not (found.is_multicast or found.is_reserved)


def is_private_literal(host: str) -> bool:
    """Return whether a host is an address, or a name, that is not of the Internet for sure."""
    try:
        return not is_public(host.strip("[]"))
    except ValueError:
        return "." not in host or host.lower().rstrip(".").endswith((".localhost", ".local"))


async def resolve(host: str, port: int, *, allows_private: bool) -> str:
    """Return an address of a host that may be called. Raises :class:`NotDelivered`."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotDelivered("the push service's name is not known") from None
    addresses = [str(each[4][0]) for each in found]
    allowed = [each for each in addresses if allows_private or is_public(each)]
    if not allowed:
        raise NotDelivered("the push service is at a private address")
    return allowed[0]
