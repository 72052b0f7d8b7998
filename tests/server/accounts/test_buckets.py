from __future__ import annotations

import pytest

from ovms.server.accounts.buckets import ADDRESS_LENGTH, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("[2001:db8:1::9]", "2001:db8:1::"),
        ("home", "home"),
        ("", ""),
        ("x" * 1000, "x" * ADDRESS_LENGTH),
    ],
)
def test_networks(address: str, network: str) -> None:
    """All of an IPv4 address counts, and 48 bits of IPv6; what is no address counts as it is."""
    assert network_of(address) == network
