from __future__ import annotations

import os

import pytest

from ovms.protocol.errors import AuthenticationFailed
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.sealing import check_iccid, seal_parameters

ICCID = "8985200011112222333"


def test_sealed() -> None:
    """A record opens with the ICCID and with no other number, and is another one each time."""
    one, two = (seal_parameters(f" {ICCID}\n", ["+49", "pässwörd", "-"]) for _ in range(2))
    assert one.open(ICCID) == two.open(ICCID) == "+49 pässwörd -"
    assert (one.token != two.token, one.record != two.record) == (True, True)
    with pytest.raises(AuthenticationFailed):
        one.open(ICCID[:-1])


def test_random() -> None:
    """What is random in it comes from where the caller says."""
    assert seal_parameters(ICCID, ["x"], bytes) == seal_parameters(ICCID, ["x"], bytes)
    assert seal_parameters(ICCID, ["x"], bytes) != seal_parameters(ICCID, ["x"], os.urandom)


@pytest.mark.parametrize("word", ["", "pass word", "a\x07b", " a", "a\n"])
def test_no_word(word: str) -> None:
    """A parameter that is no word is refused by its number, and not repeated."""
    with pytest.raises(InvalidValue, match=r"^parameter 1 is empty or holds a blank") as refused:
        seal_parameters(ICCID, ["x", word])
    assert "pass" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("8985 2000", "blank"),
        ("1" * 256, "255"),
        ("1\x002", "print"),
    ],
)
def test_no_iccid(text: str, reason: str) -> None:
    """What is no number of a SIM card is refused."""
    with pytest.raises(InvalidValue, match=reason):
        check_iccid(text)
