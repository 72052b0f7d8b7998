from __future__ import annotations

import ssl

import pytest

from ovms.server.hello import HELLO_LIMIT, RECORDS_LIMIT, BadHello, missing
from tests.server.hellos import client_hello, hello_of


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", ["cars.example", "x" * 60 + ".example", None])
def test_byte_by_byte(version: ssl.TLSVersion, name: str | None) -> None:
    """It tells how much is missing, never more than there is, and nothing once it is whole."""
    hello = client_hello(name, version)
    for length in range(len(hello)):
        more = missing(hello[:length])
        assert 0 < more <= len(hello) - length
    assert missing(hello) == missing(hello + b"and more") == 0


def test_two_waits_are_enough() -> None:
    """Behind the header of its record the whole length is known."""
    hello = client_hello("cars.example")
    assert missing(b"") == 5
    assert missing(hello[:5]) == len(hello) - 5


@pytest.mark.parametrize("parts", [2, RECORDS_LIMIT, RECORDS_LIMIT + 1])
def test_several_records(parts: int) -> None:
    """A hello may be split, a few times."""
    message = client_hello("cars.example")[5:]
    size = -(-len(message) // parts)
    records = [message[start : start + size] for start in range(0, len(message), size)]
    data = b"".join(b"\x16\x03\x01" + len(each).to_bytes(2) + each for each in records)
    assert len(records) == parts
    if parts > RECORDS_LIMIT:
        with pytest.raises(BadHello, match="records"):
            missing(data)
    else:
        assert missing(data) == 0
        assert all(missing(data[:length]) > 0 for length in range(len(data)))


def test_the_longest() -> None:
    """At its bound a hello is whole; one byte more is refused by its header alone."""
    assert missing(hello_of(HELLO_LIMIT)) == 0
    for data in (hello_of(HELLO_LIMIT + 1)[:5], hello_of(HELLO_LIMIT + 1)):
        with pytest.raises(BadHello, match=f"more than {HELLO_LIMIT}"):
            missing(data)


def test_a_message_that_is_longer_than_its_records() -> None:
    """Its own length counts, before the records have come that would fill the memory."""
    start = b"\x16\x03\x01\x00\x10\x01" + HELLO_LIMIT.to_bytes(3) + bytes(12)
    with pytest.raises(BadHello, match=f"more than {HELLO_LIMIT}"):
        missing(start)


@pytest.mark.parametrize(
    "data",
    [b"M", b"MP-C 0 ", b"GET / HTTP/1.1\r\n", b"\x15\x03\x01\x00\x02\x01\x00", b"\x16\x02",
     b"\x80\x2e\x01", b"\x16\x03\x01\x00\x04\x02\x00\x00\x00"],
)  # fmt: skip
def test_what_is_no_hello(data: bytes) -> None:
    """It is refused at its first wrong byte."""
    with pytest.raises(BadHello):
        missing(data)
