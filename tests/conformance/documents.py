"""The two documents, taken apart into sentences, to see that none is left out."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

SHARED = Path(os.environ.get("OVMS_SHARED", Path(__file__).parents[3] / "shared"))
GUIDE = SHARED / "protocol" / "ovms-protocol-guide-v2.5.1.md"
INTEROP = SHARED / "protocol" / "interop.md"

FIRST = "On startup"
"""The guide's first section that says anything."""

_END = re.compile(r"(?<=[^.][^B]\.)\s+(?=[A-Z`<\"'(])")
_ITEM = re.compile(r"\s*(?:- |\d+\. )")


@dataclass(frozen=True)
class Section:
    """A heading's text and its sentences, blanks evened out."""

    name: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(self.sentences)

    def touched(self, words: str) -> set[int]:
        """Return which sentences some words are of; none if they do not stand here."""
        words = even(words)
        found = set()
        for place in re.finditer(re.escape(words), self.text):
            start = 0
            for number, sentence in enumerate(self.sentences):
                if start < place.end() and place.start() < start + len(sentence):
                    found.add(number)
                start += len(sentence) + 1
        return found


def even(text: str) -> str:
    """Leave out emphasis, and make every gap one blank."""
    return " ".join(text.replace("**", "").split())


def sections() -> list[Section]:
    """Return all sections of both documents, those of the guide that only introduce left out."""
    guide = _read(GUIDE, "guide: ")
    names = [section.name for section in guide]
    interop = [
        Section(f"interop {section.name.split('.')[0].removeprefix('interop ')}", section.sentences)
        for section in _read(INTEROP, "interop ")
        if re.match(r"interop \d", section.name)
    ]
    return [each for each in guide[names.index(f"guide: {FIRST}") :] if each.sentences] + interop


def _read(path: Path, prefix: str) -> list[Section]:
    parts = re.split(r"^#+ +(.*)$", path.read_text("utf-8"), flags=re.MULTILINE)
    return [
        Section(prefix + even(name), tuple(_sentences(body, keeps_lists=prefix == "guide: ")))
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    ]


def _sentences(body: str, *, keeps_lists: bool) -> list[str]:
    """Cut a section into sentences; a list of the guide belongs to the sentence before it."""
    found: list[str] = []
    for line in _lines(body):
        is_field = keeps_lists and line.lstrip().startswith("- ")
        if is_field and found:
            found[-1] += " " + even(line)
        else:
            text = even(_ITEM.sub("", line, count=1) if _ITEM.match(line) else line)
            found += [part for part in _END.split(text) if part]
    return [each for each in found if len(each) > 5]


def _lines(body: str) -> list[str]:
    """Join lines that go on: what is no item of a list, and follows a line without a gap."""
    lines: list[str] = []
    is_open = False
    for line in body.splitlines():
        if is_open and line.strip() and not _ITEM.match(line.lstrip()):
            lines[-1] += " " + line.strip()
        elif line.strip():
            lines.append(line)
        is_open = bool(line.strip())
    return lines
