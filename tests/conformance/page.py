"""Write docs/conformance.md: ``python -m tests.conformance.page``."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.conformance.elsewhere import ELSEWHERE
from tests.conformance.sentences import Elsewhere, Sentence, sentences_of

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "conformance.md"

SOURCES = (
    "guide: On startup",
    "guide: Encryption Protection Scheme 0x30",
    "guide: Auto Provisioning",
    "guide: Auto Provisioning Protection Scheme 0x30",
    "guide: Backwards Compatibility",
    "guide: Car <-> Server <-> App",
    "guide: Ping message",
    "guide: Ping Acknowledgement",
    "guide: Command message",
    "guide: Command response",
    "guide: Car Environment message",
    "guide: Paranoid-mode encrypted message",
    "guide: Car firmware message",
    "guide: Server firmware message",
    "guide: Car group subscription message",
    "guide: Car group update message",
    "guide: Historical Data update message",
    "guide: Historical Data update+ack message",
    "guide: Push notification message",
    "guide: Push notification subscription",
    "guide: Server -> Server Record message",
    "guide: Server -> Server Message Replication message",
    "guide: Car state message",
    "guide: Car update time message",
    "guide: Car location message",
    "guide: Car Capabilities message",
    "guide: Car TPMS message",
    "guide: Peer connection message",
    "guide: Commands and Expected Responses",
    "guide: 1 - Request feature list",
    "guide: 2 - Set feature",
    "guide: 3 - Request parameter list",
    "guide: 4 - Set parameter",
    "guide: 5 - Reboot",
    "guide: 6 – Charge Alert",
    "guide: 10 - Set Charge Mode",
    "guide: 11 - Start Charge",
    "guide: 12 - Stop Charge",
    "guide: 15 - Set Charge Current",
    "guide: 16 - Set Charge Mode and Current",
    "guide: 17 - Set Charge Timer",
    "guide: 18 - Wakeup car",
    "guide: 19 - Wakeup temperature",
    "guide: 20 - Lock Car",
    "guide: 21 - Activate Valet Mode",
    "guide: 22 - Unlock Car",
    "guide: 23 - Deactivate Value Mode",
    "guide: 24 - Home Link",
    "guide: 25 - Cooldown",
    "guide: 30 - Request GPRS utilization data",
    "guide: 31 - Request historical data summary",
    "guide: 32 - Request historical data records",
    "guide: 40 - Send SMS",
    "guide: 41 - Send MMI/USSD Codes",
    "guide: 49 - Send raw AT Command",
    *(f"interop {number}" for number in range(1, 8)),
)
"""Where sentences come from, in the order of the documents; a heading may be cut short."""

Row = tuple[str, str, str]


def cases() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every case of the suite, with the file that it is in."""
    for path in sorted(HERE.glob("test_*.py")):
        if path.stem != "test_page":
            module = importlib.import_module(f"tests.conformance.{path.stem}")
            for name, member in vars(module).items():
                if name.startswith("test_") and member.__module__ == module.__name__:
                    yield path.stem, member


def claims() -> list[tuple[Sentence | Elsewhere, str, str]]:
    """Return every sentence with the case that stands for it, or with the reason for none."""
    found: list[tuple[Sentence | Elsewhere, str, str]] = [
        (sentence, meaning(case), f"`{file}` `{case.__name__}`")
        for file, case in cases()
        for sentence in sentences_of(case)
    ]
    return found + [(each, f"*{each.reason}*", _tests(each)) for each in ELSEWHERE]


def meaning(case: Callable[..., Any]) -> str:
    """Return the one sentence that says what a case sees."""
    return inspect.getdoc(case) or ""


def _tests(each: Elsewhere) -> str:
    return ", ".join(f"`{test.removeprefix('tests/')}`" for test in each.tests)


def rows_of(source: str) -> list[Row]:
    """Return the rows of a source: its words, what is seen, and where."""
    rows: dict[str, tuple[list[str], list[str]]] = {}
    for sentence, seen, where in claims():
        if sentence.source == source:
            text = "all of it" if sentence.text == "*" else sentence.text
            row = rows.setdefault(text, ([], []))
            if where not in row[1] or not where:
                row[0].append(seen)
                row[1].append(where)
    return [(f"{text} …", " ".join(seen), " ".join(where)) for text, (seen, where) in rows.items()]


def make() -> str:
    """Put the page together."""
    own = [(meaning(case), f"`{file}` `{case.__name__}`") for file, case in cases()
           if not sentences_of(case)]  # fmt: skip
    lines = [
        "# Conformance",
        "",
        "<!-- Written by python -m tests.conformance.page; change the suite instead. -->",
        "",
        "What the protocol guide (*guide*) and the page about programs in the field (*interop*)",
        "say, each sentence by its beginning, and the case of `tests/conformance/` that holds the",
        "running server to it, over plain TCP, TLS, WebSocket and WebSocket over TLS. In italics:",
        "why a sentence is none for that suite, and which tests see to it instead.",
        "",
        *(line for source in SOURCES for line in _section(source)),
        "## Beside the sentences",
        "",
        "| seen | case |",
        "| --- | --- |",
        *(f"| {_cell(seen)} | {where} |" for seen, where in own),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _section(source: str) -> list[str]:
    table = [" | ".join(map(_cell, row)) for row in rows_of(source)]
    head = [f"## {source}", "", "| sentence | seen | where |", "| --- | --- | --- |"]
    return [*head, *(f"| {row} |" for row in table), ""]


def _cell(text: str) -> str:
    return text.replace("|", "&#124;").replace("<", "&lt;").replace("\\", "\\\\")


if __name__ == "__main__":
    PAGE.write_text(make(), "utf-8")
