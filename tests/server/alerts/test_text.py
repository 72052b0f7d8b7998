from __future__ import annotations

import pytest

from ovms.server.alerts.text import BODY_LIMIT, body, readable, shortened, title


def test_title() -> None:
    """The title names the vehicle as its reader spells it."""
    assert title("MyCar") == "Open Vehicles MyCar"


def test_body_tells_each_text_once() -> None:
    """Three alerts of one event are three lines, in order, none twice."""
    assert body(["b", "a", "b", "", "c"]) == "b\na\nc"
    assert body([]) == ""


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("one\rtwo\r\nthree\n", "one\ntwo\nthree"),
        ("Ladung läuft ⚡", "Ladung läuft ⚡"),
        (b"k\xe4lter".decode("utf-8", "surrogateescape"), "kälter"),
        ("bell\x07 \x1b[31mred", "bell [31mred"),
        ("\r\r", ""),
        (" padded ", "padded"),
        ("", ""),
    ],
)
def test_readable(text: str, read: str) -> None:
    """Line ends of modules, Latin-1 and control characters come out as people read them."""
    assert readable(text) == read


def test_body_is_bounded() -> None:
    """A body has at most as many characters as the limit says."""
    assert body(["x" * BODY_LIMIT]) == "x" * BODY_LIMIT
    cut = body(["x" * (BODY_LIMIT + 1)])
    assert len(cut) == BODY_LIMIT
    assert cut.endswith("x…")


def test_shortened() -> None:
    """A cut text ends in an ellipsis, without a blank before it."""
    assert shortened("ab cd", 5) == "ab cd"
    assert shortened("ab cde", 4) == "ab…"
