from __future__ import annotations

import pytest

from ovms.server.notify.errors import NotDelivered
from ovms.server.notify.outward import is_private_literal, is_public, resolve


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::9", "64:ff9b::909:909", "2002:909:909::"])
def test_public(address: str) -> None:
    """Addresses of the Internet may be called, those among them that carry an IPv4 address too."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%eth0", "fc00::1",
     "fec0::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "192.0.2.1"],
)  # fmt: skip
def test_private(address: str) -> None:
    """Others may not: this machine, its network, and what leads there."""
    assert not is_public(address)
    assert is_private_literal(address)


@pytest.mark.parametrize(
    ("host", "is_private"),
    [("push.example.org", False), ("localhost", True), ("router", True), ("nas.local", True),
     ("a.localhost.", True), ("[::1]", True), ("9.9.9.9", False)],
)  # fmt: skip
def test_names(host: str, is_private: bool) -> None:
    """Names that only this network knows are told from others before they are looked up."""
    assert is_private_literal(host) is is_private


async def test_resolve() -> None:
    """The address that is returned is the one that was looked at."""
    assert await resolve("127.0.0.1", 443, allows_private=True) == "127.0.0.1"
    with pytest.raises(NotDelivered, match="private"):
        await resolve("127.0.0.1", 443, allows_private=False)
    with pytest.raises(NotDelivered, match="not known"):
        await resolve("x" * 70, 443, allows_private=False)
