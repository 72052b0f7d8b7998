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
