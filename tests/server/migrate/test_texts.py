from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.server.migrate.texts import number_of, text_of, time_of


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        (None, ""),
        ("", ""),
        ("plain", "plain"),
        ("Zürich", "Zürich"),
        ("ZÃ¼rich", "Zürich"),
        ("â‚¬", "€"),
        ("Ð“Ð°Ð\u0081", "Га\u0401"[:2] + "Ё"),
        ("日本", "日本"),
        (b"Z\xc3\xbcrich", "Zürich"),
        (b"Z\xfcrich", "Zürich"),
        (bytearray(b"a"), "a"),
        (12, "12"),
        ("a\0b", "ab"),
        (b"\xc3\xbc\0", "ü"),
        ("\ud800", "?"),
    ],
)
def test_texts(stored: object, meant: str) -> None:
    """UTF-8 that was taken for Latin-1 is put right, and what is right already stays."""
    assert text_of(stored) == meant


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_bytes_that_were_taken_for_latin1(text: str) -> None:
    """Whatever is written through such a connection comes back."""
    letters = [bytes([each]) for each in text.encode()]
    stored = "".join(each.decode("cp1252", "replace") for each in letters)
    for place, letter in enumerate(letters):
        if stored[place] == "\ufffd":
            stored = stored[:place] + letter.decode("latin-1") + stored[place + 1 :]
    assert text_of(stored) == text


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3), ("4", 4), (None, 0), ("x", 0), (b"5", 5), ("", 0)]
)
def test_numbers(value: object, number: int) -> None:
    """What is no number counts as none."""
    assert number_of(value) == number


@pytest.mark.parametrize(
    ("value", "time"), [(None, None), (0, None), (-2208988800, None), (5, 5.0)]
)
def test_times(value: object, time: float | None) -> None:
    """Times that stand for never are none."""
    assert time_of(value) == time
