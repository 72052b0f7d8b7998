"""The messages of a DBC file, each as far as it is understood.

The library cantools decodes frames, but its reader of DBC files refuses a whole file for one flaw
anywhere in it, and most files in use have some. So files are read here, statement by statement. A
flaw leaves out the signal or message that it concerns, and is noted with its line. Where the
meaning is certain nothing is left out, and the flaw is *harmless*.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from cantools.database import Message
from cantools.database.can import Signal
from cantools.database.conversion import BaseConversion

from ovms.car.vehicles.data.raw import (
    LONGEST_MESSAGE,
    Flaw,
    RawMessage,
    RawSignal,
    check_message,
    drop_unselected,
    read_bound,
    read_number,
)
from ovms.car.vehicles.data.statements import Statement, statements

MOST_SELECTORS = 1 << 16
"""Values of a multiplexer that select one signal."""

UNASSIGNED = "VECTOR__INDEPENDENT_SIG_MSG"
"""The message in which tools keep signals that are in no message."""

EXTENDED = 1 << 31
"""Added to ids of 29 bits."""

MOST_STANDARD_ID, MOST_EXTENDED_ID = 0x7FF, 0x1FFFFFFF

FLOAT_SIZES = {1: 32, 2: 64}
"""The length of floating-point signals by their number in ``SIG_VALTYPE_``."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_MESSAGE = re.compile(
    r"BO_\s+(0x[0-9A-Fa-f]{1,8}|\d{1,15})\s+([^\s:]+)\s*:\s*(0x[0-9A-Fa-f]{1,8}|\d{1,9})(?!\d)"
)
_SIGNAL = re.compile(
    r"SG_\s+(?P<name>[^\s:]+)(?:\s+(?P<mark>M|m\d{1,10}M?))?\s*:\s*"
    r"(?P<start>\d{1,9})\s*\|\s*(?P<length>\d{1,9})\s*@\s*(?P<order>[01])\s*(?P<sign>[-+])\s*"
    rf"\(\s*(?P<scale>{_NUMBER})\s*,\s*(?P<offset>{_NUMBER})\s*\)\s*"
    r"\[(?P<least>[^|\]]*)(?:\|(?P<most>[^\]]*))?\]\s*(?:\"(?P<unit>[^\"\r\n]*))?"
)
_SIGNAL_NAME = re.compile(r"SG_\s+([^\s:]+)")
_MESSAGE_NAME = re.compile(r"BO_\s+\S+\s+([^\s:]+)")
_SELECTORS = re.compile(r"SG_MUL_VAL_\s+(\d{1,15})\s+(\S+)\s+(\S+)\s+([\d\s,-]*)")
_RANGE = re.compile(r"(\d{1,15})\s*-\s*(\d{1,15})")
_TYPE = re.compile(r"SIG_VALTYPE_\s+(\d{1,15})\s+([^\s:;]+)\s*:?\s*(\d{1,9})")
_TABLE = re.compile(r"VAL_\s+(\d{1,15})\s+(\S+)\s+(.*)", re.DOTALL)
_PAIR = re.compile(r"(-?\d{1,20})\s*\"((?:\\\"|[^\"])*)\"")
_LONG = re.compile(
    r"BA_\s+\"System(?:Signal|Message)LongSymbol\"\s+"
    r"(?:SG_\s+(\d{1,15})\s+(\S+)|BO_\s+(\d{1,15}))\s+\"([^\"]+)"
)


@dataclass(slots=True)
class DbcContents:
    """What was understood of a DBC file, and what is wrong with it."""

    messages: list[Message] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    tables: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    """The texts of values (``VAL_``) by message and signal."""
    is_dbc: bool = False
    """Whether anything of it is a DBC file's."""


def read_contents(text: str, needed: Collection[str] = ()) -> DbcContents:
    """Return the contents of a DBC file. Any text gives some.

    Signals that are ``needed`` stay, where they overlap with others.
    """
    return _Reader(needed).read(text)


class _Reader:
    def __init__(self, needed: Collection[str]) -> None:
        self._needed = frozenset(needed)
        self._contents = DbcContents()
        self._messages: list[RawMessage] = []
        self._named: set[str] = set()
        self._open: RawMessage | None = None
        self._skipped = ""
        """The message that is left out, and whose signals come next."""

    def read(self, text: str) -> DbcContents:
        cut = list(statements(text))
        for each in cut:
            self._read_frame(each)
        self._contents.is_dbc = any(each.keyword for each in cut)
        if not any(each.keyword == "BU_" for each in cut):
            self._note(Flaw(1, "there is no list of nodes (BU_:)", is_harmless=True))
        for keyword, read in (
            ("BA_", self._read_long_name), ("SIG_VALTYPE_", self._read_type),
            ("SG_MUL_VAL_", self._read_selectors), ("VAL_", self._read_table),
        ):  # fmt: skip
            for each in cut:
                if each.keyword == keyword:
                    read(each)
        self._check_ids()
        for message in self._messages:
            self._make(message)
        self._contents.flaws.sort()
        return self._contents

    def _note(self, flaw: Flaw) -> None:
        self._contents.flaws.append(flaw)

    # -- messages and signals ---------------------------------------------------------------

    def _read_frame(self, each: Statement) -> None:
        if each.keyword == "BO_":
            self._open = self._read_message(each)
        elif each.keyword == "SG_":
            self._read_signal(each)
        elif not each.keyword:
            self._note(Flaw(each.line, f"{_short(each.text)} is not understood", is_harmless=True))

    def _read_message(self, each: Statement) -> RawMessage | None:
        found = _MESSAGE.match(each.text)
        self._skipped = ""
        if found is None:
            name = _MESSAGE_NAME.match(each.text)
            text = f"the message is not understood: {_short(each.text)}"
            self._skipped = name[1] if name else "of no name"
            self._note(Flaw(each.line, text, self._skipped, (self._skipped,)))
            return None
        if found[2] == UNASSIGNED:
            self._skipped = UNASSIGNED
            return None
        number, size = _whole(found[1]), _whole(found[3])
        name_ = found[2]
        if name_ in self._named:
            name_ = f"{name_}_{number & ~EXTENDED:X}"
            text = f"there is a message {found[2]} already: this one is called {name_} here"
            self._note(Flaw(each.line, text, name_, is_harmless=True))
        message = RawMessage(name_, each.line, number, size)
        self._named.add(name_)
        self._messages.append(message)
        return message

    def _read_signal(self, each: Statement) -> None:
        message, found = self._open, _SIGNAL.match(each.text)
        name = _SIGNAL_NAME.match(each.text)
        if message is None:
            if self._skipped != UNASSIGNED:
                text = f"the signal is in no message: {_short(each.text)}"
                self._note(Flaw(each.line, text, self._skipped, _tuple(name)))
        elif found is None:
            text = f"the signal is not understood: {_short(each.text)}"
            self._note(Flaw(each.line, text, message.name, _tuple(name)))
        elif found["name"] in message.signals:
            message.dropped.add(found["name"])
            text = f"there are two signals {found['name']} in message {message.name}"
            self._note(Flaw(each.line, text, message.name, (found["name"],)))
        else:
            message.signals[found["name"]] = RawSignal(found["name"], each.line, found)

    # -- what is said of them elsewhere -----------------------------------------------------

    def _find(self, number: str) -> list[RawMessage]:
        return [each for each in self._messages if each.number == int(number)]

    def _find_signals(self, number: str, name: str, each: Statement, what: str) -> list[RawSignal]:
        """Return the signals of an id and a name. Note it if there is none."""
        messages = self._find(number)
        found = [message.signals[name] for message in messages if name in message.signals]
        if not found:
            where = f"message {messages[0].name}" if messages else f"id {number}"
            known = self._contents.flaws
            if not any(name in flaw.signals for flaw in known):
                text = f"{what} of a signal {name} that {where} does not have"
                self._note(Flaw(each.line, text, is_harmless=True))
        return found

    def _read_long_name(self, each: Statement) -> None:
        """Use the whole name of what has a long one, as other tools do."""
        found = _LONG.match(each.text)
        for message in self._find(found[1] or found[3]) if found else ():
            assert found is not None
            if found[3]:
                message.name = found[4]
            elif found[2] in message.signals and found[4] not in message.signals:
                message.signals = {
                    (found[4] if name == found[2] else name): signal
                    for name, signal in message.signals.items()
                }
                message.signals[found[4]].name = found[4]

    def _read_type(self, each: Statement) -> None:
        found = _TYPE.match(each.text)
        if found is None:
            self._note(Flaw(each.line, f"{_short(each.text)} is not understood", is_harmless=True))
            return
        for signal in self._find_signals(found[1], found[2], each, "the type"):
            signal.float_size = FLOAT_SIZES.get(int(found[3]), 0)

    def _read_selectors(self, each: Statement) -> None:
        found = _SELECTORS.match(each.text)
        if found is None:
            self._note(Flaw(each.line, f"{_short(each.text)} is not understood", is_harmless=True))
            return
        ranges = [range(int(a), int(b) + 1) for a, b in _RANGE.findall(found[4])]
        is_bounded = sum(map(len, ranges)) <= MOST_SELECTORS
        for signal in self._find_signals(found[1], found[2], each, "the multiplexing"):
            signal.multiplexer = found[3]
            signal.selectors = frozenset(itertools.chain(*ranges)) if is_bounded else frozenset()
        for message in [] if is_bounded else self._find(found[1]):
            message.dropped.add(found[2])
            text = f"more than {MOST_SELECTORS} values select {found[2]}"
            self._note(Flaw(each.line, text, message.name, (found[2],)))

    def _read_table(self, each: Statement) -> None:
        found = _TABLE.match(each.text)
        if found is None:  # of an environment variable
            return
        texts = {int(code): text for code, text in _PAIR.findall(found[3])}
        self._find_signals(found[1], found[2], each, "the table of values")
        for message in self._find(found[1]):
            if found[2] in message.signals:
                self._contents.tables[message.name, found[2]] = texts

    # -- checks -----------------------------------------------------------------------------

    def _check_ids(self) -> None:
        """Check the ids, and read one that has too many bits for a short one as a long one."""
        first: dict[tuple[int, bool], str] = {}
        for message in self._messages[:]:
            number = message.number & ~EXTENDED
            if number > MOST_EXTENDED_ID:
                text = f"the id of {message.name} has more than 29 bits: {message.number:#x}"
                names = (message.name, *message.signals)
                self._note(Flaw(message.line, text, message.name, names))
                self._messages.remove(message)
                continue
            if number == message.number > MOST_STANDARD_ID:
                text = (
                    f"the id of {message.name} has more than 11 bits, so it counts as one of 29: "
                    f"as such it is written {number | EXTENDED}"
                )
                self._note(Flaw(message.line, text, message.name, is_harmless=True))
                message.number |= EXTENDED
            key = (number, bool(message.number & EXTENDED))
            other = first.setdefault(key, message.name)
            if other != message.name:
                text = f"{message.name} has the id of {other}, {number:#x}: its frames are both"
                self._note(Flaw(message.line, text, message.name, is_harmless=True, twin=other))

    def _make(self, raw: RawMessage) -> None:
        """Make the library's message of all signals that can be used."""
        raw.signals = {name: each for name, each in raw.signals.items() if name not in raw.dropped}
        for flaw in [*check_message(raw, self._needed)]:
            self._note(flaw)
            for name in flaw.signals if not flaw.is_harmless else ():
                raw.signals.pop(name, None)
        for flaw in [*drop_unselected(raw)]:
            self._note(flaw)
        try:
            message = Message(
                raw.number & ~EXTENDED, raw.name, min(raw.size, LONGEST_MESSAGE),
                [_signal(each) for each in raw.signals.values()],
                is_extended_frame=bool(raw.number & EXTENDED), strict=False,
            )  # fmt: skip
        except Exception as error:  # whatever the library finds
            names = (raw.name, *raw.signals)
            self._note(Flaw(raw.line, f"{raw.name} cannot be read: {error}", raw.name, names))
        else:
            self._contents.messages.append(message)


def _signal(raw: RawSignal) -> Signal:
    """Return the library's signal."""
    found = raw.found
    least, most = read_bound(found["least"]), read_bound(found["most"])
    has_range = least is not None and most is not None and not least == most == 0
    return Signal(
        raw.name, raw.start, raw.length, "little_endian" if found["order"] == "1" else "big_endian",
        found["sign"] == "-",
        conversion=BaseConversion.factory(
            read_number(found["scale"]), read_number(found["offset"]), is_float=bool(raw.float_size)
        ),
        minimum=least if has_range else None, maximum=most if has_range else None,
        unit=found["unit"] or None,
        is_multiplexer=raw.mark.endswith("M"),
        multiplexer_ids=sorted(raw.selectors) or None,
        multiplexer_signal=raw.multiplexer or None,
    )  # fmt: skip


def _whole(text: str) -> int:
    return int(text, 16) if text.startswith("0x") else int(text)


def _short(text: str) -> str:
    row = " ".join(text.split())
    return repr(row if len(row) <= 60 else row[:57] + "...")


def _tuple(name: re.Match[str] | None) -> tuple[str, ...]:
    return (name[1],) if name else ()
