"""The meaning of a modem's answers. Pure."""

from __future__ import annotations

import re

from ovms.car.modem.at import Reply
from ovms.car.modem.text import field_text, from_gsm, from_network
from ovms.protocol.commands import Result

NETWORK_LIMIT = 32
"""Characters of the network's name that are reported."""

NO_TEXT = "the network gave no text"

ENDED_USSD = {
    2: "the network has ended it", 3: "another client has answered",
    4: "the network does not support the code", 5: "the network did not answer in time",
}  # fmt: skip
"""How a code ended, by the number in TS 27.007. 0 and 1 (the network asks further) carry a text."""

REASONS = {
    "CME 10": "no SIM", "CME 11": "the SIM wants its PIN", "CME 12": "the SIM wants its PUK",
    "CME 13": "the SIM has failed", "CME 30": "no network", "CME 31": "the network did not answer",
    "CME 32": "only emergency calls", "CMS 38": "the network is out of order",
    "CMS 310": "no SIM", "CMS 311": "the SIM wants its PIN", "CMS 330": "no SMS centre is set",
    "CMS 331": "no network", "CMS 332": "the network did not answer",
}  # fmt: skip
"""Errors that owners can fix, by their numbers in TS 27.007 and 27.005."""

_ERROR = re.compile(r"(CM[ES]) ERROR: *(\d{1,4})")
_CSQ = re.compile(r"\+CSQ: *(\d{1,3}) *,")
_COPS = re.compile(r'\+COPS: *\d+ *, *\d+ *, *"([^"]*)"')
_CUSD = re.compile(r'\+CUSD: *(\d+) *(?:, *"(.*)" *(?:, *(\d+) *)?)?', re.DOTALL)
_STRONGEST = 31


def signal_of(reply: Reply) -> int | None:
    """Return the signal, 0 to 31, in the answer to ``AT+CSQ``; ``None`` if it is unknown."""
    found = _CSQ.match(_line_of(reply, "+CSQ:"))
    level = int(found[1]) if found else None
    return level if level is not None and level <= _STRONGEST else None


def network_of(reply: Reply) -> str | None:
    """Return the network's name in the answer to ``AT+COPS?``, fit for a field."""
    found = _COPS.match(_line_of(reply, "+COPS:"))
    name = field_text(from_gsm(found[1])) if found else ""
    return name[:NETWORK_LIMIT] or None


def network_answer(line: str) -> tuple[Result, str] | None:
    """Return a network's answer to a code, fit for a field; ``None`` for any other line."""
    found = _CUSD.fullmatch(line)
    if found is None:
        return None
    kind, text, scheme = int(found[1]), found[2], found[3]
    told = field_text(from_network(text or "", int(scheme) if scheme else None))
    is_told = kind < min(ENDED_USSD) or (kind == min(ENDED_USSD) and told != "")
    if is_told:
        return Result.OK, told
    return Result.FAILED, told or ENDED_USSD.get(kind, NO_TEXT)


def _line_of(reply: Reply, beginning: str) -> str:
    """Return the line of an answer that begins with a word, or nothing."""
    return next((line for line in reply.lines if line.startswith(beginning)), "")


def outcome(reply: Reply) -> tuple[Result, str]:
    """Return the result and the text of a command whose answer is only a final result."""
    if reply.error is None:
        return Result.OK, ""
    error = reply.error.removeprefix("+")
    found = _ERROR.match(error)
    known = REASONS.get(f"{found[1]} {int(found[2])}") if found else None
    return Result.FAILED, field_text(f"{known or 'the modem refused'} ({error})")
