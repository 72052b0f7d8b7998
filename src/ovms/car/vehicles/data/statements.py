"""The statements of a DBC file, each with its line.

A file is cut before it is understood, so that a statement that is damaged, or of a kind that is not
read, hides none of the others. Statements may stand in any order, and over several lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

LONGEST_STATEMENT = 1 << 16
"""Characters of a statement that ends with a semicolon. A longer one ends with its first row."""


class Statement(NamedTuple):
    """A statement: its keyword (empty for what begins with none), text, and line from 1."""

    keyword: str
    text: str
    line: int


_KEYWORDS = (
    "BA_DEF_DEF_REL_", "BA_DEF_DEF_", "BA_DEF_REL_", "BA_DEF_SGTYPE_", "BA_DEF_", "BA_REL_",
    "BA_SGTYPE_", "BA_", "BO_TX_BU_", "BO_", "BS_", "BU_BO_REL_", "BU_EV_REL_", "BU_SG_REL_",
    "BU_", "CAT_DEF_", "CAT_", "CM_", "ENVVAR_DATA_", "EV_DATA_", "EV_", "FILTER", "NS_DESC_",
    "NS_", "SG_MUL_VAL_", "SG_", "SGTYPE_VAL_", "SGTYPE_", "SIG_GROUP_", "SIG_TYPE_REF_",
    "SIG_VALTYPE_", "SIGTYPE_VALTYPE_", "VAL_TABLE_", "VAL_", "VERSION",
)  # fmt: skip

_WORD = re.compile(rf"(?:{'|'.join(_KEYWORDS)})(?=[\s:\"]|$)")
_SPACE = re.compile(r"(?:\s|//[^\r\n]*)*+")
_LINE = re.compile(r"[^\r\n]*")

_NEW_SYMBOLS = re.compile(r"NS_[ \t]*:?[ \t]*(?:\s*[\r\n][ \t]*\w+_?[ \t]*(?=[\r\n]|$))*")
_NODES = re.compile(r"BU_[^\r\n]*(?:[\r\n]+[ \t]+[\w \t,]+(?=[\r\n]|$))*")
_WRAPPED = re.compile(r"[^\r\n\"]*(?:\"[^\"\r\n]*\"?[^\r\n]*)?")
_MESSAGE = re.compile(r"BO_\s+\S+\s+[^\s:]+\s*:\s*[^\s\"]+(?:[ \t]+(?!SG_\s)[^\s\"]+)?")
_SIGNAL = re.compile(
    r"SG_\s[^\"\[;]*?\[[^\]\"]*\]\s*(?:\"[^\"\r\n]*\"?)?"
    r"(?:[ \t]*(?!SG_[ \t]|BO_[ \t])[^\s,\"]+(?:[ \t]*,\s*[^\s,\"]+)*)?"
)
_ENDED = re.compile(r"(?>[^\";]+|\"(?>\\\"|[^\"])*+\")*+;")
_NEXT = re.compile(
    r"[\r\n]\s*(?:BO_\s+\d+\s+[^\s:]+\s*:|SG_\s+\S+[^\"\r\n]*:\s*\d+\s*\||"
    r"(?:VAL_|SG_MUL_VAL_|SIG_VALTYPE_)\s+\d+\s+\w+\s|CM_\s+[A-Z\"]|BA_\s+\")"
)
_ROW_END = re.compile(r";[ \t]*(?=[\r\n]|$)")


def statements(text: str) -> Iterator[Statement]:
    """Yield the statements of a file in their order."""
    starts = [0, *(found.end() for found in re.finditer(r"\r\n?|\n", text))]
    at = _skip(text, 0)
    while at < len(text):
        word = _WORD.match(text, at)
        end = _end(text, at, word[0]) if word else _row_end(text, at)
        end = max(end, at + 1)
        yield Statement(word[0] if word else "", text[at:end].strip(), bisect_right(starts, at))
        at = _skip(text, end)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _row_end(text: str, at: int) -> int:
    found = _LINE.match(text, at)
    return found.end() if found else at


def _end(text: str, at: int, keyword: str) -> int:
    """Return where a statement ends."""
    match keyword:
        case "BO_":
            pattern = _MESSAGE
        case "SG_":
            pattern = _SIGNAL
        case "NS_":
            pattern = _NEW_SYMBOLS
        case "BU_":
            pattern = _NODES
        case "VERSION" | "BS_":
            pattern = _WRAPPED
        case _:
            return _ended(text, at)
    found = pattern.match(text, at)
    return found.end() if found else _row_end(text, at)


def _ended(text: str, at: int) -> int:
    """Return where a statement with a semicolon ends.

    A quotation mark too many would join it to those that follow, so what looks like the next
    statement ends it as well, if a semicolon ends a row before.
    """
    found = _ENDED.match(text, at, at + LONGEST_STATEMENT)
    end = found.end() if found else min(len(text), at + LONGEST_STATEMENT)
    next_ = _NEXT.search(text, at, end)
    if next_ is not None:
        row = _ROW_END.search(text, at, next_.start() + 1)
        return row.end() if row else end if found else next_.start()
    return end if found else _row_end(text, at)
