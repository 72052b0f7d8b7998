from __future__ import annotations

import pytest

from ovms.net.address import PLAIN_PORT, address_text, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("example.org", ("example.org", PLAIN_PORT)),
        ("example.org:1", ("example.org", 1)),
        ("127.0.0.1:65535", ("127.0.0.1", 65535)),
        ("[::1]", ("::1", PLAIN_PORT)),
        ("[fe80::1%eth0]:6870", ("fe80::1%eth0", 6870)),
    ],
)
def test_an_address_is_read(text: str, address: tuple[str, int]) -> None:
    """Names, IPv4 and IPv6 in brackets, with and without a port."""
    assert parse_address(text, PLAIN_PORT) == address


@pytest.mark.parametrize(
    "text", ["", ":6867", "::1", "a b", "host:", "host:0", "host:65536", "host:x", "[::1", "h:1:2"]
)
def test_anything_else_is_none(text: str) -> None:
    """What is no host, or no port, is no address."""
    assert parse_address(text, PLAIN_PORT) is None


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("::1", 5, 0, 0), "[::1]:5"),
        (("1.2.3.4", 5), "1.2.3.4:5"),
        (None, ""),
        ("/run/socket", ""),
    ],
)
def test_addresses(address: object, text: str) -> None:
    """An address is written as host and port, or not at all."""
    assert address_text(address) == text
