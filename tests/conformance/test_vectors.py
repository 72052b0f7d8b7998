"""Known answers: the suite's own client derives the same bytes as everybody else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.client import (
    Caller,
    SocketWire,
    Stream,
    Transport,
    Wire,
    digest_of,
    hmac_md5,
    open_paranoid,
    seal_paranoid,
)
from tests.conformance.sentences import stands_for

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "corpus" / "vectors.json").read_text("utf-8")
)
WELCOME: dict[str, str] = VECTORS["welcome"]


def caller(wire: Wire) -> Caller:
    """Return the caller of the known conversation; nothing goes over the wire."""
    return Caller(wire, WELCOME["secret"], WELCOME["client_token"])


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Yield a wire that leads nowhere: only the lines are in question."""
    here, there = socket.socketpair()
    with here, there:
        yield SocketWire(here)


def test_the_welcome(wire: Wire) -> None:
    """Both welcome lines and the session key are the known ones."""
    assert caller(wire).greeting("C", "TESTCAR").decode() == WELCOME["client_line"]
    assert digest_of(WELCOME["secret"], WELCOME["server_token"]) == WELCOME["server_digest"]
    tokens = WELCOME["server_token"] + WELCOME["client_token"]
    assert hmac_md5(WELCOME["secret"], tokens).hex() == WELCOME["session_key_hex"]
    assert {transport.port_key for transport in Transport} == {"mp", "mp_tls"}


def test_the_lines(wire: Wire) -> None:
    """Each line of both directions is the known one."""
    speaker = caller(wire)
    speaker.start(WELCOME["server_line"].encode())
    for each in VECTORS["client_to_server"]:
        assert speaker.line(each["plain"][5:].encode()).decode() == each["line"]
    for each in VECTORS["server_to_client"]:
        assert speaker.read(each["line"].encode()) == each["plain"][5:].encode()


@stands_for(
    "guide: Paranoid-mode encrypted message",
    "The <data> is the corresponding encrypted payload message",
    "The encryption is performed on the <data>",
)
def test_sealed_messages() -> None:
    """Sealed messages are the known ones, each afresh from the start of the stream."""
    paranoid = VECTORS["paranoid"]
    password, token = paranoid["module_password"], paranoid["token"]
    assert hmac_md5(password, token).hex() == paranoid["key_hex"]
    for each in paranoid["messages"]:
        sealed = seal_paranoid(password, token, each["plain"].encode())
        assert sealed.decode() == each["sealed"]
        assert open_paranoid(password, token, sealed).decode() == each["plain"]


def test_auto_provisioning() -> None:
    """The known record opens with the known secret, and seals to the same bytes."""
    known = VECTORS["auto_provisioning"]
    key = hmac_md5(known["iccid"], known["server_token"])
    assert digest_of(known["iccid"], known["server_token"]) == known["server_digest"]
    assert Stream(key).open(known["record"].encode()).decode() == known["parameters"]
    assert Stream(key).seal(known["parameters"].encode()).decode() == known["record"]
    line = f"AP-S 0 {known['server_token']} {known['server_digest']} {known['record']}"
    assert line == known["server_line"]
