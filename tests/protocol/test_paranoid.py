from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol import Message
from ovms.protocol.crypto import make_token
from ovms.protocol.paranoid import (
    Sealer,
    WrongPassword,
    sealed_message,
    token_of,
)

VECTORS = json.loads((Path(__file__).parents[1] / "corpus" / "vectors.json").read_text())
PARANOID = VECTORS["paranoid"]
SEALER = Sealer.make(PARANOID["module_password"], PARANOID["token"])

PLAIN = "AEPag"
"""What interop.md says goes in plain."""

codes = st.characters(min_codepoint=33, max_codepoint=255)
texts = st.text(st.characters(min_codepoint=32, exclude_categories=["C"])).map(str.encode)


def test_the_key_is_the_known_one() -> None:
    """Password and token give the key of the vectors; the token is what is told."""
    assert SEALER.key.hex() == PARANOID["key_hex"]
    assert SEALER.announcement == Message("E", b"T" + PARANOID["token"].encode())


@pytest.mark.parametrize("case", PARANOID["messages"], ids=lambda case: case["plain"][:1])
def test_known_answers(case: dict[str, str]) -> None:
    """The vectors are sealed and opened as they stand."""
    plain = Message(case["plain"][0], case["plain"][1:].encode())
    sealed = Message(case["sealed"][0], case["sealed"][1:].encode())
    assert SEALER.seal(plain) == sealed
    assert SEALER.open(sealed) == plain


@given(codes, texts, st.text(max_size=20), st.binary(min_size=17, max_size=17))
def test_what_is_sealed_opens(code: str, data: bytes, password: str, random: bytes) -> None:
    """Any text under any password and token comes back; what goes in plain stays as it is."""
    sealer = Sealer.make(password, make_token(lambda count: random))
    message = Message(code, data)
    sealed = sealer.seal(message)
    assert (sealed == message) is (code in PLAIN)
    assert sealer.open(sealed) == message
    if code not in PLAIN:
        assert data not in sealed.data or len(data) < 4


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"7,0,line\rline\r\n\tx",
        "7,0,Zürich 12 °C".encode("latin-1"),
        "7,0,日本".encode(),
        b"0",
    ],
)
def test_text_of_modules_opens(data: bytes) -> None:
    """Empty data, line ends, UTF-8 and Latin-1 with its few letters are text."""
    assert SEALER.open(SEALER.seal(Message("c", data))) == Message("c", data)


@pytest.mark.parametrize("plain", [case["plain"] for case in PARANOID["messages"]])
def test_a_wrong_password_is_an_error(plain: str) -> None:
    """What another password sealed is told from text."""
    sealed = SEALER.seal(Message(plain[0], plain[1:].encode()))
    with pytest.raises(WrongPassword, match="paranoid password"):
        Sealer.make("wrong", SEALER.token).open(sealed)


@pytest.mark.parametrize(
    "data", [b"\x00", b"80,K\x1b[2J", b"\xff\xfe\xfd", b"12345\xe4\xf6\xfc"], ids=repr
)
def test_rubbish_is_an_error(data: bytes) -> None:
    """Control characters, and bytes that are mostly no text, are not what a module writes."""
    with pytest.raises(WrongPassword):
        SEALER.open(SEALER.seal(Message("S", data)))


@pytest.mark.parametrize("data", [b"MS!!!!", b"MSabcd-", b"MS\xff"])
def test_what_is_no_base64_is_an_error(data: bytes) -> None:
    """Data that nobody sealed are refused in the same way."""
    with pytest.raises(WrongPassword):
        SEALER.open(Message("E", data))


@given(st.binary(min_size=60, max_size=300), st.text(min_size=1, max_size=10))
def test_rubbish_never_opens_as_a_record(sealed: bytes, password: str) -> None:
    """Whatever is opened without an error is legible text; no other error comes out."""
    message = Message("E", b"MS" + sealed)
    try:
        opened = Sealer.make(password, "T" * 22).open(message)
    except WrongPassword:
        return
    assert not any(byte < 32 and byte not in b"\r\n\t" for byte in opened.data)


@given(codes, st.binary(max_size=30))
def test_other_messages_are_given_as_they_are(code: str, data: bytes) -> None:
    """What is not sealed is not touched."""
    message = Message(code, data)
    if sealed_message(message) is None:
        assert SEALER.open(message) is message


@pytest.mark.parametrize(
    ("code", "data", "token", "sealed"),
    [
        ("E", b"Tabc", "abc", None),
        ("E", b"T", "", None),
        ("E", b"MSabc", None, Message("S", b"abc")),
        ("E", b"MS", None, Message("S")),
        ("E", b"M\xe4x", None, Message("ä", b"x")),
        ("E", b"M", None, None),
        ("E", b"", None, None),
        ("E", b"Xyz", None, None),
        ("S", b"Tabc", None, None),
        ("S", b"MSx", None, None),
    ],
)
def test_forms_of_e(code: str, data: bytes, token: str | None, sealed: Message | None) -> None:
    """ET has a token, EM a message, anything else neither."""
    message = Message(code, data)
    assert token_of(message) == token
    assert sealed_message(message) == sealed


@pytest.mark.parametrize("code", PLAIN)
def test_some_messages_are_never_sealed(code: str) -> None:
    """Pings, tokens, groups and alerts go in plain, and open as they are."""
    sealer = Sealer.make("password", "token")
    message = Message(code, b"plain")
    assert sealer.seal(message) == message
    assert sealer.open(message) == message


@pytest.mark.parametrize("length", range(1, 40))
def test_what_a_module_has_cut_is_opened(length: int) -> None:
    """An ESP32 cuts what it seals to the unsealed length: what is whole of it opens."""
    data = b"80,K,220,70,charging,standard,280,270,70"[:length]
    sealed = SEALER.seal(Message("S", data))
    cut = Message("E", sealed.data[: 2 + length])
    opened = SEALER.open(cut)
    assert opened.code == "S"
    assert opened.data == data[: length * 3 // 4]
