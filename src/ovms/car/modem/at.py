"""The dialogue with a modem: AT commands (V.250, 3GPP TS 27.007 and 27.005). Pure.

There is one command at a time. The modem answers with lines, the last of which is a final result
(``OK``, ``ERROR``, ``+CME ERROR: …``). At any time it may send unsolicited lines (``RING``,
``+CUSD: …``), which differ from an answer by their first word. Lines end with CR, LF or both. A
modem may echo what it is sent. ``"> "`` without a line end asks for the text of an SMS.

Text is the bytes as Latin-1, whatever alphabet the modem uses (:mod:`ovms.car.modem.text`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LINE_LIMIT = 2048
"""Bytes of one line, or of a network's answer over several lines. Longer ones are dropped."""

ANSWER_LIMIT = 8192
"""Bytes that are kept of one answer's lines. A message to the server holds a tenth of them."""

SUBMIT, ABORT = b"\x1a", b"\x1b"
"""Ends the text of an SMS (Ctrl-Z); cancels it (Escape)."""

NO_TEXT = "the modem asked for a text"
"""The error of a command whose modem gave no reason."""

CONNECTED = "CONNECT"
"""The error of a command that switched the modem from commands to data."""

UNSOLICITED = (
    "RING", "^", "*PSUTTZ", "RDY", "SMS DONE", "SMS READY", "CALL READY", "PB DONE",
    "NORMAL POWER DOWN", "+CRING:", "+CLIP:", "+CCWA:", "+CMTI:", "+CMT:", "+CDSI:", "+CDS:",
    "+CBM:", "+CUSD:", "+CREG:", "+CGREG:", "+CEREG:", "+C5GREG:", "+CGEV:", "+CTZV:", "+CTZE:",
    "+CIEV:", "+CPIN:", "+CFUN:", "+QIND:",
)  # fmt: skip
"""How unsolicited lines begin. Those of the command under way are its answer."""

WITH_CONTENT = ("+CMT:", "+CDS:", "+CBM:")
"""Unsolicited lines that are followed by one more line."""

_FAILURE = re.compile(r"(?:\+(?:CM[ES] )?ERROR\b|ERROR$|COMMAND NOT SUPPORT)")
_END_OF_CALL = ("NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "NO DIAL TONE")
_CALLS = ("ATD", "ATA", "ATO", "ATH")
_NAME = re.compile(r"AT([+^*$#%&]?[A-Z]*)", re.IGNORECASE)
_BEGUN_USSD = re.compile(r'\+CUSD: *\d+ *, *"')
_WHOLE_USSD = re.compile(r'\+CUSD: *\d+ *, *".*" *(?:, *\d+ *)?', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Request:
    """A command: its line in ASCII without the end, and the text that the modem asks for."""

    line: str
    body: bytes | None = None

    @property
    def name(self) -> str:
        """The command's name in capitals, without its parameters, which may be secret."""
        found = _NAME.match(self.line)
        if found is None:
            return ""
        name = found[1].upper()
        return f"AT{name if name[:1] in '+^*$#%' else name[:1]}"


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole answer to a command. ``error`` is its final result if that is not ``OK``."""

    request: Request
    lines: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """An unsolicited line."""

    line: str


Event = Reply | Unsolicited


class Dialogue:
    """One dialogue with a modem. Received bytes go in, events come out.

    After each call :meth:`data_to_send` returns the bytes to send.
    """

    def __init__(self) -> None:
        self._out = bytearray()
        self._in = bytearray()
        self._request: Request | None = None
        self._lines: list[str] = []
        self._size = 0
        self._is_prompted = False
        self._skips = False
        """Whether the rest of a line is dropped because the line is too long."""
        self._ussd: str | None = None
        """The beginning of a network's answer whose end is still to come."""
        self._owes_content = False

    @property
    def is_busy(self) -> bool:
        """A command is under way."""
        return self._request is not None

    def ask(self, request: Request) -> None:
        """Start a command. Raise :class:`RuntimeError` if one is under way."""
        if self._request is not None:
            raise RuntimeError(f"{self._request.name} is still under way")
        self._request = request
        self._lines, self._size, self._is_prompted = [], 0, False
        self._out += request.line.encode("ascii") + b"\r"

    def data_to_send(self) -> bytes:
        """Return the bytes to send, once."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def receive_data(self, data: bytes) -> list[Event]:
        """Handle received bytes, however they are split. Return the events that they complete."""
        self._in += data
        events: list[Event] = []
        while (line := self._next_line()) is not None:
            events.extend(self._take(line.decode("latin-1").strip(" ")))
        return events

    def _next_line(self) -> bytes | None:
        """Return the next whole line that is not empty. Answer prompts before it."""
        while self._in:
            if not self._skips:
                self._take_prompts()
            end = re.search(rb"[\r\n]", self._in)
            if end is None:
                if len(self._in) > LINE_LIMIT:
                    self._in.clear()
                    self._skips = True
                return None
            line = bytes(self._in[: end.start()])
            del self._in[: end.end()]
            is_dropped, self._skips = self._skips or len(line) > LINE_LIMIT, False
            if line.strip(b" ") and not is_dropped:
                return line
        return None

    def _take_prompts(self) -> None:
        """Answer a prompt at the beginning of a line: with the text, or by cancelling."""
        request = self._request
        if request is None or self._is_prompted:
            return
        self._in = self._in.lstrip(b"\r\n")
        if not self._in.startswith(b"> " if request.body is None else b">"):
            return
        del self._in[:1]
        self._is_prompted = True
        self._out += ABORT if request.body is None else request.body + SUBMIT

    # -- lines ------------------------------------------------------------------------------

    def _take(self, line: str) -> Iterator[Event]:
        if self._ussd is not None:
            yield from self._take_ussd(f"{self._ussd}\n{line}")
        elif self._owes_content:
            self._owes_content = False
        elif self._is_unsolicited(line):
            self._owes_content = line.startswith(WITH_CONTENT)
            if _BEGUN_USSD.match(line):
                yield from self._take_ussd(line)
            else:
                yield Unsolicited(line)
        elif self._request is not None and not self._is_echo(line, self._request):
            yield from self._take_answer(line, self._request)

    def _take_ussd(self, text: str) -> Iterator[Event]:
        """Collect a network's answer over several lines until its quotation marks are closed."""
        is_too_long = len(text) > LINE_LIMIT
        is_whole = is_too_long or _WHOLE_USSD.fullmatch(text) is not None
        self._ussd = None if is_whole else text
        if is_whole and not is_too_long:
            yield Unsolicited(text)

    def _take_answer(self, line: str, request: Request) -> Iterator[Event]:
        if self._is_final(line, request):
            self._request = None
            yield Reply(request, tuple(self._lines), self._error(line, request))
            return
        self._size += len(line)
        if self._size <= ANSWER_LIMIT:
            self._lines.append(line)

    def _error(self, line: str, request: Request) -> str | None:
        if self._is_prompted and request.body is None:
            return NO_TEXT
        if line.startswith(CONNECTED):
            return CONNECTED
        return None if line == "OK" else line

    def _is_unsolicited(self, line: str) -> bool:
        request = self._request
        if request is None:
            return True
        if line in _END_OF_CALL:
            return request.name not in _CALLS
        if not line.startswith(UNSOLICITED):
            return False
        is_own = line.startswith(f"{request.name[2:]}:") and len(request.name) > 3
        if request.name == "AT+CUSD":  # the network's answer may come before the modem's
            return not (is_own and request.line.endswith("?"))
        return not is_own

    def _is_echo(self, line: str, request: Request) -> bool:
        if self._is_prompted and request.body is not None:
            return line.strip("\x1a ") in (request.body.decode("latin-1").strip(" "), "")
        return line == request.line.strip(" ")

    @staticmethod
    def _is_final(line: str, request: Request) -> bool:
        if line == "OK" or _FAILURE.match(line):
            return True
        if line in _END_OF_CALL:  # of another command it is unsolicited
            return True
        return line == CONNECTED or line.startswith(f"{CONNECTED} ")
