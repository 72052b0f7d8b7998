from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.modem.text import (
    CONTROL,
    GSM,
    field_text,
    from_gsm,
    from_network,
    lines_text,
    to_gsm,
    to_ucs2,
)


def pack(codes: bytes) -> str:
    """Pack codes of 7 bits, as they go over the air, in hexadecimal."""
    bits = sum(code << 7 * at for at, code in enumerate(codes))
    return bits.to_bytes((len(codes) * 7 + 7) // 8, "little").hex().upper()


def test_the_alphabet_is_whole() -> None:
    """128 different characters, ASCII's letters and digits at their own codes."""
    assert len(GSM) == len(set(GSM)) == 128
    assert all(GSM[ord(c)] == c for c in "azAZ09 +,")


@pytest.mark.parametrize(
    ("text", "codes"),
    [("Hello", b"Hello"), ("@£$_", b"\0\x01\x02\x11"), ("äöüß", b"\x7b\x7c\x7e\x1e"),
     ("5 €", None), ("[x]", None), ("ò", None), ("Ξ", None), ("привет", None), ("😀", None)],
)  # fmt: skip
def test_a_text_fits_or_not(text: str, codes: bytes | None) -> None:
    """What has no code, or one that a modem takes for something else, does not fit."""
    assert to_gsm(text) == codes


@given(st.text(st.sampled_from(sorted(set(GSM) - CONTROL)), max_size=160))
def test_what_fits_comes_back(text: str) -> None:
    """A text in the default alphabet has no byte that ends or edits it, and reads the same."""
    codes = to_gsm(text)
    assert codes is not None
    assert not set(codes) & set(b"\x08\n\r\x1a\x1b")
    assert from_gsm(codes.decode("latin-1")) == text


@pytest.mark.parametrize(
    ("text", "scheme", "expected"),
    [
        ("Your balance\n5 EUR", 15, "Your balance\n5 EUR"),
        ("\x00 5 \x1be \x1b(x\x1b) {", 15, "@ 5 € {x} ä"),
        ("\x1bq\x1b", 15, " \x1b"),
        ("\xe4", None, "ä"),
        ("0427043504", 72, "0427043504"),  # half a character: not what it says
        ("0411043004300440", 72, "Баар"),
        ("0411043004300440", 0x11, "Баар"),
        ("00480065006C006C006F", 15, "Hello"),
        (pack(b"Your balance: 5"), 15, "Your balance: 5"),
        (pack(b"seven78"), 15, "seven78"),
        (pack(b"seven 7\r"), 15, "seven 7"),
        ("12345678", 15, "12345678"),
        ("CAFE", 15, "CAFE"),
        ("D83D", 72, "\ufffd"),
        ("", 15, ""),
        ("", None, ""),
    ],
)
def test_networks_are_read_however_the_modem_gives_them(
    text: str, scheme: int | None, expected: str
) -> None:
    """Characters, UCS2 and packed bits are told apart; a number stays one."""
    assert from_network(text, scheme) == expected


@given(st.text(st.characters(max_codepoint=255), max_size=60), st.one_of(st.none(), st.integers()))
def test_no_answer_of_a_network_fails(text: str, scheme: int | None) -> None:
    """Whatever it is, a text for a field comes of it."""
    told = field_text(from_network(text, scheme))
    assert "," not in told
    assert all(c.isprintable() or c == "\r" for c in told)


def test_texts_for_fields() -> None:
    """Ends of lines are CR; in a field a comma is a semicolon; control characters are blanks."""
    assert field_text("\na,b\r\nc\nd\re\x00f\n") == "a;b\rc\rd\re f"
    assert lines_text("+CSQ: 17,99\r\r\n") == "+CSQ: 17,99"


def test_ucs2_is_hexadecimal() -> None:
    """Two bytes a character, what is beyond them in pairs."""
    assert to_ucs2("Я+😀") == "042F002BD83DDE00"
