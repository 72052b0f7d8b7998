from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol import errors
from ovms.protocol.messages import Message, parse_plain

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
