"""Which addresses count as one: the keys of buckets of tries, see :mod:`ovms.base.buckets`."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Final

NETWORK_BITS: Final = 48
"""Leading bits of an IPv6 address that count: whoever has one address has as many as they like."""

ADDRESS_LENGTH: Final = 64
"""Characters of an address that is none that we can read."""


def network_of(address: str) -> str:
    """Return what of an address counts: all of IPv4, the network's part of IPv6."""
    try:
        found = ip_address(address.strip("[]"))
    except ValueError:
        return address[:ADDRESS_LENGTH]
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    hidden = 128 - NETWORK_BITS
    return str(IPv6Address(int(found) >> hidden << hidden))
