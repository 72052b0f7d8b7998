from __future__ import annotations

import pytest

from ovms.server import strays as strays_module
from ovms.server.strays import StrayDigests


def test_strays_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go, and what is too long to be a digest, or too short, takes no room."""
    monkeypatch.setattr(strays_module, "STRAYS_LIMIT", 2)
    strays = StrayDigests()
    for digest in ("a" * 22 + "==", "b" * 22, "c" * 22, "d" * 900, ""):
        strays.put(digest)
    assert len(strays) == 2
    assert ("a" * 22 in strays, "b" * 22 in strays, "c" * 22 + "==" in strays) == (
        False, True, True,
    )  # fmt: skip


def test_a_digest_in_a_line_that_is_no_welcome() -> None:
    """It is the fourth word, if there is one, whatever stands behind it."""
    strays = StrayDigests()
    for line in (b"", b"MP-A 0 token", b"\xff " * 4, b"MP-A 0 token " + b"a" * 22 + b"== \r\nmore"):
        strays.put_line(line)
    assert len(strays) == 1
    assert "a" * 22 in strays
