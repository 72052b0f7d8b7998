from __future__ import annotations

import pytest

from ovms.server.http.desk import SetupToken


@pytest.mark.parametrize(
    ("text", "is_right"),
    [("ab" * 16, True), (" " + "AB" * 16 + "\n", True), ("ab" * 15, False), ("", False),
     ("ü", False), ("\ud800", False)],
)  # fmt: skip
def test_set_up_token(text: str, is_right: bool) -> None:
    """It is right however it was copied."""
    assert SetupToken(lambda size: b"\xab" * size).is_right(text) == is_right
    assert len(SetupToken().text) == 32
