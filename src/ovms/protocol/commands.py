"""Commands to the car (``C``), its answers (``c``), and the table of what each number means.

A command is a number and text: what stands behind the first comma. Most commands take parameters
separated by commas; for some the text is one parameter, commas included (``whole_line``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from ovms.protocol.messages import Message

_NUMBER = re.compile(rb"0*(\d{1,5})", re.ASCII)
_ROW = re.compile(r"(\d{1,9}),(\d{1,9})(?:,|$)", re.ASCII)


class Result(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    UNSUPPORTED = 2
    UNIMPLEMENTED = 3


@dataclass(frozen=True, slots=True)
class Command:
    """``C<number>[,<text>]``."""

    number: int
    text: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The text, cut at its commas; where it is a whole line, no oftener than the table says."""
        spec = BY_NUMBER.get(self.number)
        cuts = len(spec.parameters) - 1 if spec is not None and spec.whole_line else -1
        return tuple(self.text.split(",", cuts)) if self.text else ()

    @property
    def message(self) -> Message:
        """The message that carries the command."""
        text = f",{self.text}" if self.text else ""
        return Message("C", f"{self.number}{text}".encode("utf-8", "surrogateescape"))

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Read the data of a ``C``; ``None`` if it does not begin with a number up to 65535."""
        number, _, text = data.partition(b",")
        value = _command_number(number)
        return None if value is None else cls(value, text.decode("utf-8", "surrogateescape"))


@dataclass(frozen=True, slots=True)
class Answer:
    """``c<number>,<result>[,<text>]``. Some commands are answered by several of them."""

    number: int
    result: int
    text: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The text, cut at its commas."""
        return tuple(self.text.split(",")) if self.text else ()

    @property
    def message(self) -> Message:
        """The message that carries the answer."""
        text = f",{self.text}" if self.text else ""
        data = f"{self.number},{int(self.result)}{text}"
        return Message("c", data.encode("utf-8", "surrogateescape"))

    @property
    def is_last(self) -> bool:
        """Return whether nothing more is to come, as far as the answer shows it.

        Of an answer in rows it is the last, counted from 0 or from 1 as the command does.
        """
        spec = BY_NUMBER.get(self.number)
        if spec is None or spec.first_row is None or self.result != Result.OK:
            return True
        rows = _ROW.match(self.text)
        if rows is None:
            return True
        return int(rows[1]) >= int(rows[2]) - 1 + spec.first_row

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Read the data of a ``c``; ``None`` if there is no number and no result in it."""
        number, _, rest = data.partition(b",")
        result, _, text = rest.partition(b",")
        value, outcome = _command_number(number), _command_number(result)
        if value is None or outcome is None:
            return None
        return cls(value, outcome, text.decode("utf-8", "surrogateescape"))


def _command_number(text: bytes) -> int | None:
    match = _NUMBER.fullmatch(text)
    value = int(match[1]) if match else None
    return value if value is not None and value <= 65535 else None


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One line of the command table."""

    number: int
    name: str
    parameters: tuple[str, ...]
    meaning: str
    first_row: int | None = None
    """For an answer in rows, the number of the first; rows tell their number and the total."""
    whole_line: bool = False
    """The last parameter runs to the end of the line, commas included."""
    by_server: bool = False
    """The server answers it, not the car; so it is never sealed."""


COMMANDS = (
    CommandSpec(1, "features", (), "list the features", first_row=0),
    CommandSpec(2, "set-feature", ("feature", "value"), "set a feature", whole_line=True),
    CommandSpec(3, "parameters", (), "list the parameters", first_row=0),
    CommandSpec(4, "set-parameter", ("parameter", "value"), "set a parameter", whole_line=True),
    CommandSpec(5, "reboot", (), "restart the module"),
    CommandSpec(6, "charge-alert", (), "ask for a charge alert"),
    CommandSpec(7, "shell", ("text",), "a text command for the module's shell", whole_line=True),
    CommandSpec(10, "charge-mode", ("mode",), "set the charge mode"),
    CommandSpec(11, "charge-start", (), "start to charge"),
    CommandSpec(12, "charge-stop", (), "stop charging"),
    CommandSpec(15, "charge-current", ("amps",), "set the charge current limit"),
    CommandSpec(16, "charge-mode-current", ("mode", "amps"), "set charge mode and current limit"),
    CommandSpec(17, "charge-timer", ("timer", "minutes"), "set timer mode and start time"),
    CommandSpec(18, "wakeup", (), "wake the car up"),
    CommandSpec(19, "wakeup-temperature", (), "wake the temperature subsystem up"),
    CommandSpec(20, "lock", ("pin",), "lock the car"),
    CommandSpec(21, "valet", ("pin",), "switch valet mode on"),
    CommandSpec(22, "unlock", ("pin",), "unlock the car"),
    CommandSpec(23, "unvalet", ("pin",), "switch valet mode off"),
    CommandSpec(24, "homelink", ("button",), "press a HomeLink button, 0 to 2"),
    CommandSpec(25, "cooldown", (), "cool the battery down"),
    CommandSpec(26, "climate", ("on",), "climate control on or off"),
    CommandSpec(30, "utilisation", (), "list the traffic by day", first_row=1, by_server=True),
    CommandSpec(31, "history-summary", ("since",), "list the history's record types",
                first_row=1, by_server=True),
    CommandSpec(32, "history", ("type", "since"), "list history records",
                first_row=1, by_server=True),
    CommandSpec(40, "sms", ("number", "text"), "send an SMS", whole_line=True),
    CommandSpec(41, "ussd", ("code",), "send a USSD code", whole_line=True),
    CommandSpec(49, "at", ("command",), "send a raw AT command", whole_line=True),
)  # fmt: skip
"""The command table: the guide's, and what the field has added (7, 26)."""

BY_NUMBER = {spec.number: spec for spec in COMMANDS}
BY_NAME = {spec.name: spec for spec in COMMANDS}

CHARGE_MODE_NUMBERS = {"standard": 0, "storage": 1, "range": 3, "performance": 4}
"""The charge modes as commands 10 and 16 and field 15 of ``S`` number them."""
