from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.modem.at import Reply, Request
from ovms.car.modem.replies import network_answer, network_of, outcome, signal_of
from ovms.protocol.commands import Result

AT = Request("AT")


@pytest.mark.parametrize(
    ("line", "network"),
    [
        ('+COPS: 0,0,"Telekom.de",7', "Telekom.de"),
        ('+COPS: 1 , 2, "26201"', "26201"),
        ('+COPS: 0,0,"a,b\x00"', "a;b@"),
        ("+COPS: 0", None),
        ('+COPS: 0,0,""', None),
        ("nonsense", None),
    ],
)
def test_networks(line: str, network: str | None) -> None:
    """A name, a number or nothing; other lines before it do no harm."""
    assert network_of(Reply(AT, ("x", line))) == network


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('+CUSD: 0,"5,20 EUR",15', (Result.OK, "5;20 EUR")),
        ('+CUSD:1,"a "quoted" word"', (Result.OK, 'a "quoted" word')),
        ("+CUSD: 5", (Result.FAILED, "the network did not answer in time")),
        ('+CUSD: 3,"why"', (Result.FAILED, "why")),
        ('+CUSD: 7,""', (Result.FAILED, "the network gave no text")),
        ("+CUSD: x", None),
        ("RING", None),
    ],
)
def test_answers_of_networks(line: str, told: tuple[Result, str] | None) -> None:
    """Result and text of an answer; nothing of what is none."""
    assert network_answer(line) == told


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (None, ""),
        ("ERROR", "the modem refused (ERROR)"),
        ("+CME ERROR: 011", "the SIM wants its PIN (CME ERROR: 011)"),
        ("+CMS ERROR: 331", "no network (CMS ERROR: 331)"),
        ("+CMS ERROR: unknown", "the modem refused (CMS ERROR: unknown)"),
    ],
)
def test_outcomes(error: str | None, text: str) -> None:
    """Success says nothing; an error is told, in words where there are some."""
    assert outcome(Reply(AT, (), error)) == (Result.FAILED if error else Result.OK, text)


@given(st.text(st.characters(max_codepoint=255), max_size=50))
def test_no_answer_fails(text: str) -> None:
    """Whatever a modem says is read, or is nothing."""
    for line in (text, f"+CSQ: {text}", f"+COPS: {text}", f'+COPS: 0,0,"{text}"'):
        reply = Reply(AT, (line,))
        assert signal_of(reply) in (None, *range(32))
        assert "," not in (network_of(reply) or "")
    for line in (f"+CUSD: {text}", f'+CUSD: 0,"{text}",72', f"+CUSD: 0,{text}"):
        told = network_answer(line)
        assert told is None or "," not in told[1]
