"""Commands to the car (``C``), its answers (``c``), and the table of what each number means.

A command is a number and the text behind the first comma. Most commands take parameters separated
by commas. The last parameter of some runs to the end of the line (``whole_line``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from itertools import chain, repeat
from typing import Self

import msgspec

from ovms.protocol.messages import Message
from ovms.protocol.parameters import (
    ChoiceParameter,
    NumberParameter,
    ParameterType,
    PinParameter,
    TextParameter,
    find_problem,
)
from ovms.protocol.records.capabilities import HIGHEST_COMMAND
from ovms.protocol.records.history import LONGEST_TYPE
from ovms.protocol.settings_names import FEATURE_NAMES, PARAMETER_NAMES

_NAME = re.compile(r"[a-z]+(?:-[a-z]+)*", re.ASCII)
_NUMBER = re.compile(rb"0*(\d{1,5})", re.ASCII)
_USUAL: dict[bytes, int] = {}
"""The numbers that are in use, as most commands and answers have them: each is read several times.
"""
_ROW = re.compile(r"(\d{1,9}),(\d{1,9})(?:,|$)", re.ASCII)


class Result(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    UNSUPPORTED = 2
    UNIMPLEMENTED = 3


class Command(msgspec.Struct, frozen=True, gc=False):
    """``C<number>[,<text>]``."""

    number: int
    text: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters in the text. A last one that is a whole line keeps its commas."""
        spec = BY_NUMBER.get(self.number)
        cuts = len(spec.parameters) - 1 if spec is not None and spec.whole_line else -1
        return tuple(self.text.split(",", cuts)) if self.text else ()

    @property
    def by_server(self) -> bool:
        """Whether the server answers it, and the car never sees it."""
        spec = BY_NUMBER.get(self.number)
        return spec is not None and spec.by_server

    @property
    def message(self) -> Message:
        """The message that carries the command."""
        text = f",{self.text}" if self.text else ""
        return Message("C", f"{self.number}{text}".encode("utf-8", "surrogateescape"))

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Read the data of a ``C``; ``None`` if they do not begin with a number up to 65535."""
        number, _, text = data.partition(b",")
        value = _USUAL.get(number)
        if value is None and (value := _unusual_number(number)) is None:
            return None
        return cls(value, text.decode("utf-8", "surrogateescape"))


class Answer(msgspec.Struct, frozen=True, gc=False):
    """``c<number>,<result>[,<text>]``. Some commands are answered by several rows."""

    number: int
    result: int
    text: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters in the text."""
        return tuple(self.text.split(",")) if self.text else ()

    @property
    def message(self) -> Message:
        """The message that carries the answer."""
        text = f",{self.text}" if self.text else ""
        data = f"{self.number},{int(self.result)}{text}"
        return Message("c", data.encode("utf-8", "surrogateescape"))

    @property
    def is_last(self) -> bool:
        """Return whether no more rows follow, as far as the answer shows it.

        Rows are counted from 0 or from 1, as the table says for the command.
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
        """Read the data of a ``c``; ``None`` if they have no number and no result."""
        number, _, rest = data.partition(b",")
        result, _, text = rest.partition(b",")
        value, outcome = _USUAL.get(number), _USUAL.get(result)
        if value is None and (value := _unusual_number(number)) is None:
            return None
        if outcome is None and (outcome := _unusual_number(result)) is None:
            return None
        return cls(value, outcome, text.decode("utf-8", "surrogateescape"))


def number_of(data: bytes) -> int | None:
    """Return the number of a ``C`` or ``c`` by its data; ``None`` if they begin with none."""
    text = data.partition(b",")[0]
    value = _USUAL.get(text)
    return value if value is not None else _unusual_number(text)


def _unusual_number(text: bytes) -> int | None:
    match = _NUMBER.fullmatch(text)
    value = int(match[1]) if match else None
    return value if value is not None and value <= HIGHEST_COMMAND else None


class AnsweredBy(Enum):
    """Who carries a command out and answers it."""

    MODULE = "module"
    VEHICLE = "vehicle"
    """The module passes it on to its vehicle."""
    MODEM = "modem"
    """The module passes it on to its modem; one without a modem does not support it."""
    SERVER = "server"
    """The car never sees it, so it is never sealed."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One row of the command table."""

    number: int
    name: str
    parameters: tuple[ParameterType, ...]
    meaning: str
    answered_by: AnsweredBy = AnsweredBy.VEHICLE
    first_row: int | None = None
    """The number of the first row, for an answer in rows: ``<number>,<total>,…``."""
    whole_line: bool = False
    """The last parameter runs to the end of the line, commas included."""
    optional: int = 0
    """How many of the last parameters may be left out."""
    needs_comma: bool = False
    """Without a comma behind its number it crashes the newest ESP32."""
    nothing: str = ""
    """The text of a server's answer that has no rows. Clients know these texts."""
    by_server: bool = field(init=False)
    """The server answers it. Made once from ``answered_by``: each command asks for it."""

    def __post_init__(self) -> None:
        """Raise ``ValueError`` or ``TypeError`` for a row that cannot be carried out."""
        object.__setattr__(self, "by_server", self.answered_by is AnsweredBy.SERVER)
        for kind in self.parameters:
            if not isinstance(kind, ParameterType):
                raise TypeError(f"parameter {kind!r} of command {self.name} has no type")
        if not 0 <= self.number <= HIGHEST_COMMAND or not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.number} {self.name!r} is no number and name of a command")
        if len({*self.parameter_names}) < len(self.parameters):
            raise ValueError(f"two parameters of command {self.name} have the same name")
        if self.optional not in range(len(self.parameters) + 1):
            raise ValueError(f"command {self.name} has fewer parameters than optional ones")
        if self.whole_line and not self.parameters:
            raise ValueError(f"command {self.name} has no parameter for the whole line")
        if self.by_server and not self.nothing:
            raise ValueError(f"command {self.name} has no text for an answer without rows")

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The names of the parameters in their order."""
        return tuple(kind.name for kind in self.parameters)

    def problem(self, given: Sequence[str]) -> str | None:
        """Return what is wrong with parameters for it; ``None`` if nothing is."""
        return find_problem(self.parameters, given, self.optional)

    def in_numbers(self, given: Sequence[str]) -> tuple[str, ...]:
        """Return parameters as they are sent: words of a choice become numbers."""
        kinds = chain(self.parameters, repeat(None))
        return tuple(
            kind.number_of(text) if isinstance(kind, ChoiceParameter) else text
            for kind, text in zip(kinds, given, strict=False)
        )


class CommandTable:
    """The rows of the command table, by number and by name. Iterating gives the rows."""

    def __init__(self, rows: Iterable[CommandSpec]) -> None:
        self.by_number: dict[int, CommandSpec] = {}
        self.by_name: dict[str, CommandSpec] = {}
        for row in rows:
            self.add(row)

    def __iter__(self) -> Iterator[CommandSpec]:
        return iter(self.by_number.values())

    def add(self, row: CommandSpec) -> None:
        """Add a row. Raises ``ValueError`` for a number or name that is taken."""
        if row.number in self.by_number or row.name in self.by_name:
            raise ValueError(f"command {row.number} {row.name} is in the table already")
        self.by_number[row.number] = row
        self.by_name[row.name] = row

    def answered_by(self, who: AnsweredBy) -> frozenset[int]:
        """Return the numbers of the commands that somebody answers."""
        return frozenset(row.number for row in self if row.answered_by is who)


CHARGE_MODE_NUMBERS = {"standard": 0, "storage": 1, "range": 3, "performance": 4}
"""The charge modes as commands 10 and 16 and field 15 of ``S`` number them."""

FEATURE_LIMIT, PARAMETER_LIMIT = 32, 32
"""Features and parameters that a module has at most: the ESP32's; the PIC has 16 and 32."""

LONGEST_VALUE = 255
"""Bytes of a parameter's value; with its row it fits a line, sealed or not."""

LONGEST_COMMAND_TEXT = 700
"""Bytes of a text command; a line to the car has room for them."""

LONGEST_SINCE = len("2000-01-01 00:00:00")

_MODE = ChoiceParameter("mode", {number: word for word, number in CHARGE_MODE_NUMBERS.items()})
_AMPS = NumberParameter("amps", 1, 255, "current", units=("a", "amp", "amps", "ampere", "amperes"))
_PIN = PinParameter()
_SINCE = TextParameter("since", LONGEST_SINCE)
_NOTHING = "No historical data available"
_MODULE, _MODEM, _SERVER = AnsweredBy.MODULE, AnsweredBy.MODEM, AnsweredBy.SERVER


def _line(name: str) -> TextParameter:
    """Return the type of a parameter that is the rest of the line."""
    return TextParameter(name, LONGEST_COMMAND_TEXT)


COMMANDS = CommandTable(
    [
        CommandSpec(1, "features", (), "list the features", _MODULE, first_row=0),
        CommandSpec(2, "set-feature", (
            NumberParameter("feature", 0, FEATURE_LIMIT - 1, names=FEATURE_NAMES),
            NumberParameter("value", 0, 255, units=("%", "s"), names={0: "off", 1: "on"}),
        ), "set a feature", _MODULE, whole_line=True),
        CommandSpec(3, "parameters", (), "list the parameters", _MODULE, first_row=0),
        CommandSpec(4, "set-parameter", (
            NumberParameter("parameter", 0, PARAMETER_LIMIT - 1, names=PARAMETER_NAMES),
            TextParameter("value", LONGEST_VALUE),
        ), "set a parameter", _MODULE, whole_line=True),
        CommandSpec(5, "reboot", (), "restart the module", _MODULE),
        CommandSpec(6, "charge-alert", (), "ask for a charge alert", _MODULE),
        CommandSpec(7, "shell", (_line("text"),), "a text command for the module's shell",
                    _MODULE, whole_line=True, needs_comma=True),
        CommandSpec(10, "charge-mode", (_MODE,), "set the charge mode"),
        CommandSpec(11, "charge-start", (), "start to charge"),
        CommandSpec(12, "charge-stop", (), "stop charging"),
        CommandSpec(15, "charge-current", (_AMPS,), "set the charge current limit"),
        CommandSpec(16, "charge-mode-current", (_MODE, _AMPS),
                    "set charge mode and current limit"),
        CommandSpec(17, "charge-timer", (
            ChoiceParameter("timer", {0: "plug-in", 1: "timer"}, "timer mode"),
            NumberParameter("minutes", 0, 1439, "start time", is_time=True),
        ), "set timer mode and start time"),
        CommandSpec(18, "wakeup", (), "wake the car up"),
        CommandSpec(19, "wakeup-temperature", (), "wake the temperature subsystem up"),
        CommandSpec(20, "lock", (_PIN,), "lock the car"),
        CommandSpec(21, "valet", (_PIN,), "switch valet mode on"),
        CommandSpec(22, "unlock", (_PIN,), "unlock the car"),
        CommandSpec(23, "unvalet", (_PIN,), "switch valet mode off"),
        CommandSpec(24, "homelink", (NumberParameter("button", 0, 2),),
                    "press a HomeLink button, 0 to 2"),
        CommandSpec(25, "cooldown", (), "cool the battery down"),
        CommandSpec(26, "climate", (ChoiceParameter("on", {0: "off", 1: "on"}, "climate"),),
                    "climate control on or off"),
        CommandSpec(30, "utilisation", (), "list the traffic by day", _SERVER, first_row=1,
                    nothing="No GPRS utilisation data available"),
        CommandSpec(31, "history-summary", (_SINCE,), "list the history's record types",
                    _SERVER, first_row=1, optional=1, nothing=_NOTHING),
        CommandSpec(32, "history", (TextParameter("type", LONGEST_TYPE), _SINCE),
                    "list history records", _SERVER, first_row=1, optional=1, nothing=_NOTHING),
        CommandSpec(40, "sms", (TextParameter("number", 21), _line("text")), "send an SMS",
                    _MODEM, whole_line=True),
        CommandSpec(41, "ussd", (_line("code"),), "send a USSD code", _MODEM, whole_line=True),
        CommandSpec(49, "at", (_line("command"),), "send a raw AT command", _MODEM,
                    whole_line=True),
    ]
)  # fmt: skip
"""The commands of the guide, and those that the field has added (7, 26)."""

BY_NUMBER, BY_NAME = COMMANDS.by_number, COMMANDS.by_name

_USUAL.update({b"%d" % number: int(number) for number in (*BY_NUMBER, *Result)})
