from __future__ import annotations

import pytest

from ovms.server.unfit import (
    ANSWER,
    NO_PROXY,
    REASON,
    TEXT,
    answer_to,
    facts_of,
    is_caller,
    reason_of,
)


@pytest.mark.parametrize(
    ("data", "is_known", "is_answered"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True, True),
        (b"POST /api HTTP/1.1\r\n", True, True),
        (b"MP-C 0 token digest CAR1\r\n", True, False),
        (b"AP-C 0 key\r\n", True, False),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 5555 6870\r\n", True, False),
        (b"\r\n\r\n\x00\r\nQUIT\n\x21\x11", True, False),
        (b"\x00\x01", False, False),
        (b"SSH-2.0-x\r\n", False, False),
    ],
)
def test_who_is_told_and_answered(data: bytes, is_known: bool, is_answered: bool) -> None:
    """Programs that were set wrong are logged; of them HTTP clients understand an answer."""
    assert is_caller(data) is is_known
    assert answer_to(data) == (ANSWER if is_answered else b"")


def test_the_reason() -> None:
    """Who forgot to name a proxy is told of that, not of TLS."""
    assert reason_of(b"PROXY TCP6 ::1 ::1 1 2\r\n") == NO_PROXY
    assert reason_of(b"\r\n\r\n\x00\r\nQUIT\n") == NO_PROXY
    assert reason_of(b"MP-C 0 token digest CAR1\r\n") == REASON


def test_the_answer_is_http() -> None:
    """It says its length, and that the connection ends."""
    head, _, body = ANSWER.partition(b"\r\n\r\n")
    assert body == TEXT
    assert b"\r\nContent-Length: %d\r\n" % len(body) in head
    assert head.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (b"MP-C 0 token digest car1\r\nmore", {"vehicle": "CAR1"}),
        (b"MP-A 0 token digest CAR1 picture", {"vehicle": "CAR1"}),
        (b"MP-A 0 token digest " + b"x" * 40, {"vehicle": "X" * 32}),
        (b"MP-A 1 user password CAR1", {}),
        (b"MP-A 0 token digest", {}),
        (b"GET / 1 2 3", {}),
    ],
)
def test_what_is_logged(data: bytes, facts: dict[str, str]) -> None:
    """The vehicle of a welcome by secret; of an owner's nothing: it holds a password."""
    assert facts_of(data) == facts
