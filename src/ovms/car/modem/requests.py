"""The commands that need a modem, as requests to it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from unicodedata import category

from ovms.car.modem import RAW_AT, SMS, USSD
from ovms.car.modem.at import Request
from ovms.car.modem.text import SMS_LIMIT, SMS_LIMIT_UCS2, to_gsm, to_ucs2
from ovms.protocol.commands import Command

CODE_LIMIT = 160
"""Characters of a USSD code. A network takes 182."""

AT_LIMIT = 400
"""Characters of a raw command. Modems take a few more."""

CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that no SMS can hold: control characters, line ends, invalid UTF-8."""

_NUMBER = re.compile(r"\+?[0-9]{1,20}", re.ASCII)
_CODE = re.compile(r"[0-9*#+]+", re.ASCII)
_AT = re.compile(r"[Aa][Tt][ -~]*")


class Declined(ValueError):
    """The command is refused; the text tells the client why."""


@dataclass(frozen=True, slots=True)
class Sms:
    """An SMS: its recipient and its text."""

    number: str
    text: str

    @property
    def requests(self) -> list[Request]:
        """The requests that send it, in order.

        They use text mode, and the network's default alphabet if the text fits into it. Otherwise
        text and number are in UCS2.
        """
        body = to_gsm(self.text)
        kind = 145 if self.number.startswith("+") else 129
        number = self.number if body is not None else to_ucs2(self.number)
        return [
            Request("AT+CMGF=1"),
            Request(alphabet("GSM" if body is not None else "UCS2").line),
            Request(f"AT+CSMP=17,167,0,{0 if body is not None else 8}"),
            Request(
                f'AT+CMGS="{number}",{kind}',
                body if body is not None else to_ucs2(self.text).encode("ascii"),
            ),
        ]


@dataclass(frozen=True, slots=True)
class Ussd:
    """A code for the network, which answers later."""

    code: str

    @property
    def request(self) -> Request:
        """The request that sends it."""
        return Request(f'AT+CUSD=1,"{self.code}",15')


@dataclass(frozen=True, slots=True)
class Raw:
    """A command that is passed to the modem as it is."""

    line: str

    @property
    def request(self) -> Request:
        """The request that sends it."""
        return Request(self.line)


def alphabet(name: str) -> Request:
    """Return the request that sets the alphabet for text between the modem and us."""
    return Request(f'AT+CSCS="{name}"')


def read(command: Command) -> Sms | Ussd | Raw:
    """Return what a command asks for. Raise :class:`Declined` if its parameters are wrong."""
    return _READERS[command.number](command)


def _read_sms(command: Command) -> Sms:
    if len(command.parameters) != 2:
        raise Declined("give a number and a text")
    number, text = command.parameters
    if not _NUMBER.fullmatch(number):
        raise Declined("the number must be up to 20 digits, with or without +")
    _check_text(text)
    return Sms(number, text)


def _check_text(text: str) -> None:
    if not text.strip():
        raise Declined("the text is empty")
    if any(category(c) in CONTROL_CATEGORIES for c in text):
        raise Declined("the text holds a control character")
    is_gsm = to_gsm(text) is not None
    limit = SMS_LIMIT if is_gsm else SMS_LIMIT_UCS2
    if (len(text) if is_gsm else len(to_ucs2(text)) // 4) > limit:
        raise Declined(f"the text is too long: an SMS has {limit} of its characters")


def _read_ussd(command: Command) -> Ussd:
    code = command.text
    if not code:
        raise Declined("give a code")
    if len(code) > CODE_LIMIT:
        raise Declined(f"the code is too long: at most {CODE_LIMIT} characters")
    if not _CODE.fullmatch(code):
        raise Declined("the code must consist of digits and * # +")
    return Ussd(code)


def _read_raw(command: Command) -> Raw:
    line = command.text.strip(" ")
    if not _AT.fullmatch(line):
        raise Declined("give a command that begins with AT, in ASCII")
    if len(line) > AT_LIMIT:
        raise Declined(f"the command is too long: at most {AT_LIMIT} characters")
    return Raw(line)


_READERS: dict[int, Callable[[Command], Sms | Ussd | Raw]] = {
    SMS: _read_sms,
    USSD: _read_ussd,
    RAW_AT: _read_raw,
}
