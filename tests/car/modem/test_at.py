from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.modem.at import (
    ANSWER_LIMIT,
    CONNECTED,
    LINE_LIMIT,
    NO_TEXT,
    Dialogue,
    Event,
    Reply,
    Request,
    Unsolicited,
)

CSQ = Request("AT+CSQ")
SMS = Request('AT+CMGS="1",129', b"Hello")
U = Unsolicited

CASES: list[tuple[str, Request, bytes, list[Event], bytes]] = [
    ("plain", CSQ, b"\r\n+CSQ: 9,99\r\n\r\nOK\r\n", [Reply(CSQ, ("+CSQ: 9,99",))], b""),
    ("echo", CSQ, b"AT+CSQ\r\r\n+CSQ: 9\r\n\r\nOK\r\n", [Reply(CSQ, ("+CSQ: 9",))], b""),
    ("LF alone", CSQ, b"+CSQ: 9\nOK\n", [Reply(CSQ, ("+CSQ: 9",))], b""),
    ("CR alone", CSQ, b"+CSQ: 9\rOK\r", [Reply(CSQ, ("+CSQ: 9",))], b""),
    ("blanks", CSQ, b"  \r\n  OK \r\n", [Reply(CSQ)], b""),
    ("error", CSQ, b"\r\nERROR\r\n", [Reply(CSQ, (), "ERROR")], b""),
    ("CME", CSQ, b"\r\n+CME ERROR: 10\r\n", [Reply(CSQ, (), "+CME ERROR: 10")], b""),
    ("CMS", SMS, b"\r\n+CMS ERROR: 310\r\n", [Reply(SMS, (), "+CMS ERROR: 310")], b""),
    ("rings", CSQ, b"RING\r\n+CSQ: 9\r\n+CMTI: \"SM\",1\r\nOK\r\nRING\r\n",
     [U("RING"), U('+CMTI: "SM",1'), Reply(CSQ, ("+CSQ: 9",)), U("RING")], b""),
    ("an SMS comes in", CSQ, b'+CMT: "1"\r\nOK\r\n+CSQ: 9\r\nOK\r\n',
     [U('+CMT: "1"'), Reply(CSQ, ("+CSQ: 9",))], b""),
    ("a call of others ends", CSQ, b"NO CARRIER\r\nOK\r\n", [U("NO CARRIER"), Reply(CSQ)], b""),
    ("own call ends", Request("ATD1;"), b"BUSY\r\n", [Reply(Request("ATD1;"), (), "BUSY")], b""),
    ("data", Request("ATO"), b"CONNECT 9600\r\n", [Reply(Request("ATO"), (), CONNECTED)], b""),
    ("own registration", Request("AT+CREG?"), b"+CREG: 0,1\r\nOK\r\n",
     [Reply(Request("AT+CREG?"), ("+CREG: 0,1",))], b""),
    ("own, in small letters", Request("at+creg?"), b"+CREG: 0,1\r\nOK\r\n",
     [Reply(Request("at+creg?"), ("+CREG: 0,1",))], b""),
    ("foreign registration", CSQ, b"+CREG: 1\r\nOK\r\n", [U("+CREG: 1"), Reply(CSQ)], b""),
    ("code asked for", Request("AT+CUSD?"), b"+CUSD: 1\r\nOK\r\n",
     [Reply(Request("AT+CUSD?"), ("+CUSD: 1",))], b""),
    ("early network", Request('AT+CUSD=1,"#",15'), b'+CUSD: 2\r\nOK\r\n',
     [U("+CUSD: 2"), Reply(Request('AT+CUSD=1,"#",15'))], b""),
    ("network in lines", CSQ, b'OK\r\n+CUSD: 0,"You\r\nhave \r\nOK",15\r\nRING\r\n',
     [Reply(CSQ), U('+CUSD: 0,"You\nhave\nOK",15'), U("RING")], b""),
    ("prompt", SMS, b"\r\n> \r\n+CMGS: 1\r\n\r\nOK\r\n", [Reply(SMS, ("+CMGS: 1",))],
     b"Hello\x1a"),
    ("prompt with echo", SMS, b'AT+CMGS="1",129\r\r\n> Hello\x1a\r\n+CMGS: 1\r\nOK\r\n',
     [Reply(SMS, ("+CMGS: 1",))], b"Hello\x1a"),
    ("bare prompt", SMS, b">\r\nOK\r\n", [Reply(SMS)], b"Hello\x1a"),
    ("prompt without a text", CSQ, b"\r\n> \r\nOK\r\n", [Reply(CSQ, (), NO_TEXT)], b"\x1b"),
    ("no prompt", CSQ, b">x\r\nOK\r\n", [Reply(CSQ, (">x",))], b""),
    ("garbage", CSQ, b"\xff\x00\xfe\r\nOK\r\n\x80\r\n",
     [Reply(CSQ, ("\xff\x00\xfe",)), U("\x80")], b""),
    ("line at the bound", CSQ, b"x" * LINE_LIMIT + b"\r\nOK\r\n",
     [Reply(CSQ, ("x" * LINE_LIMIT,))], b""),
    ("line past the bound", CSQ, b"x" * (LINE_LIMIT + 1) + b"\r\nOK\r\n", [Reply(CSQ)], b""),
    ("network past the bound", CSQ, b'OK\r\n+CUSD: 0,"' + b"x\r\n" * LINE_LIMIT + b"RING\r\n",
     [Reply(CSQ), *[U("x")] * (LINE_LIMIT // 2 + 4), U("RING")], b""),
]  # fmt: skip


def converse(request: Request, chunks: list[bytes]) -> tuple[list[Event], bytes]:
    """Ask, and feed what comes; give the events, and what was sent behind the command."""
    dialogue = Dialogue()
    dialogue.ask(request)
    assert dialogue.data_to_send() == request.line.encode() + b"\r"
    events = [event for chunk in chunks for event in dialogue.receive_data(chunk)]
    return events, dialogue.data_to_send()


@pytest.mark.parametrize(
    ("request_", "data", "expected", "sent"), [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)  # fmt: skip
def test_what_a_modem_says(
    request_: Request, data: bytes, expected: list[Event], sent: bytes
) -> None:
    """Each case gives its events, whole and byte by byte."""
    assert converse(request_, [data]) == (expected, sent)
    assert converse(request_, [data[at : at + 1] for at in range(len(data))]) == (expected, sent)


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [*(case[2][:80] for case in CASES), b"\r", b"\n", b"> ", b">", b" ", b'"', b"OK"]
            ),
            st.binary(max_size=6),
        ),
        max_size=12,
    ).map(b"".join),
    st.lists(st.integers(0, 400), max_size=8),
    st.sampled_from([CSQ, SMS, Request("ATD1"), Request("AT+CUSD?")]),
)
def test_splitting_never_matters(data: bytes, cuts: list[int], request_: Request) -> None:
    """Whatever comes, in whatever pieces, it gives the same, and fails in no way."""
    places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    chunks = [data[a:b] for a, b in pairwise(places)]
    assert converse(request_, chunks) == converse(request_, [data])


def test_an_answer_is_bounded() -> None:
    """Of an answer without end the beginning is kept, up to the bound."""
    line = b"x" * (LINE_LIMIT - 1)
    (reply,), _ = converse(CSQ, [b"y" * 4 + b"\r\n" + (line + b"\r\n") * 10 + b"OK\r\n"])
    assert isinstance(reply, Reply)
    assert [len(kept) for kept in reply.lines] == [4, *[LINE_LIMIT - 1] * 4]
    assert sum(map(len, reply.lines)) == ANSWER_LIMIT
    (reply,), _ = converse(CSQ, [b"y" * 5 + b"\r\n" + (line + b"\r\n") * 10 + b"OK\r\n"])
    assert isinstance(reply, Reply)
    assert len(reply.lines) == 4


def test_one_command_at_a_time() -> None:
    """A second command is the caller's error; after the answer there is room for it."""
    dialogue = Dialogue()
    dialogue.ask(CSQ)
    assert dialogue.is_busy
    with pytest.raises(RuntimeError, match="CSQ"):
        dialogue.ask(SMS)
    assert dialogue.receive_data(b"OK\r\nOK\r\n") == [Reply(CSQ), Unsolicited("OK")]
    assert not dialogue.is_busy
    dialogue.ask(SMS)


@pytest.mark.parametrize(
    ("line", "name"),
    [("AT", "AT"), ("ATE0V1", "ATE"), ("atd+49123", "ATD"), ("AT+CPIN=1234", "AT+CPIN"),
     ("AT+CPIN1234", "AT+CPIN"), ("at^sysinfo", "AT^SYSINFO"), ("1234", "")],
)  # fmt: skip
def test_a_name_tells_no_secret(line: str, name: str) -> None:
    """A command's name is that, and nothing of what is handed over."""
    assert Request(line).name == name
