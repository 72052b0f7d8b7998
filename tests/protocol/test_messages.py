from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol import errors
from ovms.protocol.messages import LatestMessage, Message, parse_plain

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "corpus" / "messages.json").read_text()
)[1:]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["comment"])
def test_case(case: dict[str, Any]) -> None:
    """A deciphered line is read as the corpus says, and a message is written the same."""
    line = case["plain"].encode("latin-1")
    if "error" in case:
        with pytest.raises(getattr(errors, case["error"])):
            parse_plain(line)
    elif case["message"] is None:
        assert parse_plain(line) is None
    else:
        code, data = case["message"]
        message = Message(code, data.encode("latin-1"))
        assert parse_plain(line) == message
        assert message.plain == line


@given(code=st.characters(max_codepoint=0xFF), data=st.binary())
def test_round_trip(code: str, data: bytes) -> None:
    """Any code of one byte and any data are read as they were written."""
    assert parse_plain(Message(code, data).plain) == Message(code, data)


@given(st.binary() | st.binary().map(b"MP-0 ".__add__))
def test_any_line(line: bytes) -> None:
    """Any line is a message that is written the same, or nothing, or unreadable."""
    try:
        message = parse_plain(line)
    except errors.UnreadableLine:
        assert not line.startswith(b"MP-0 ")
    else:
        assert line == (b"MP-0 " if message is None else message.plain)


@pytest.mark.parametrize("code", ["", "AB", "€", "\ud800"])
def test_no_code(code: str) -> None:
    """A code that is not one byte is our own mistake."""
    with pytest.raises(errors.LocalProtocolError, match="no message code"):
        _ = Message(code).plain


LATEST = [
    (LatestMessage("S", b"80,K", 1.0), Message("S", b"80,K"), ["", "old", "new"]),
    (LatestMessage("S", b"bv5T", 1.0, "new"), Message("E", b"MSbv5T"), ["new"]),
    (LatestMessage("\xe4", b"\xff", 1.0, "new"), Message("E", b"M\xe4\xff"), ["new"]),
]


@pytest.mark.parametrize(("latest", "message", "tokens"), LATEST)
def test_latest(latest: LatestMessage, message: Message, tokens: list[str]) -> None:
    """A stored message goes out as it came, and counts while its paranoid token does."""
    assert latest.message == message
    assert [token for token in ("", "old", "new") if latest.counts(token)] == tokens


def test_latest_is_discreet() -> None:
    """A stored message shows neither its content nor its token where it is logged."""
    shown = repr(LatestMessage("L", b"22.27,114.18", 1.0, "token"))
    assert "22.27" not in shown
    assert "token'" not in shown
