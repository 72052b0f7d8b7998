from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol import crypto

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "corpus" / "vectors.json").read_text()
)
WELCOME = VECTORS["welcome"]
SECRET = WELCOME["secret"].encode()
PARANOID = VECTORS["paranoid"]
CIPHERS = [crypto._openssl_rc4, crypto._pycryptodome_rc4]
MakeRc4 = Callable[[bytes], Callable[[], crypto.StreamCipher]]


@pytest.mark.parametrize("side", ["client", "server"])
def test_digest(side: str) -> None:
    """A digest is the known one, believed with and without padding, and under no other secret."""
    token, digest = WELCOME[f"{side}_token"], WELCOME[f"{side}_digest"]
    assert crypto.make_digest(SECRET, token) == digest
    assert crypto.digest_proves(SECRET, token, digest)
    assert crypto.digest_proves(SECRET, token, digest.rstrip("="))
    assert not crypto.digest_proves(SECRET + b"x", token, digest)
    assert not crypto.digest_proves(SECRET, token + "x", digest)


@pytest.mark.parametrize("digest", ["", "=", "====", "äöü", "9/O32Bkim3ovD9vF/WeY1", "\xff" * 1000])
def test_digest_that_is_none(digest: str) -> None:
    """Rubbish in place of a digest proves nothing."""
    assert not crypto.digest_proves(SECRET, WELCOME["client_token"], digest)


def test_session_key() -> None:
    """The session's key comes of the server's token first, then the client's."""
    key = crypto.session_key(SECRET, WELCOME["server_token"], WELCOME["client_token"])
    assert key.hex() == WELCOME["session_key_hex"]


@pytest.mark.parametrize("rc4", CIPHERS)
@pytest.mark.parametrize("direction", ["client_to_server", "server_to_client"])
def test_stream(rc4: MakeRc4, direction: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream runs on from line to line, forth and back, with either library."""
    monkeypatch.setattr(crypto, "_rc4", rc4)
    key = bytes.fromhex(WELCOME["session_key_hex"])
    forth, back = crypto.stream(key), crypto.streams(key)[1]
    for case in VECTORS[direction]:
        plain, line = case["plain"].encode(), case["line"].encode()
        assert crypto.encode_base64(forth.update(plain)) == line
        assert back.update(crypto.decode_base64(line)) == plain


@given(key=st.binary(min_size=16, max_size=16), chunks=st.lists(st.binary(), max_size=5))
def test_ciphers_agree(key: bytes, chunks: list[bytes]) -> None:
    """Both libraries give the same bytes, however the text is cut."""
    streams = [rc4(key)() for rc4 in CIPHERS]
    whole = crypto._openssl_rc4(key)().update(b"".join(chunks))
    assert [b"".join(map(s.update, chunks)) for s in streams] == [whole, whole]


def test_choice_without_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OpenSSL refuses RC4, the other library is taken; where it does not, OpenSSL."""
    assert crypto._choose_rc4() is crypto._openssl_rc4

    def refuse(key: bytes) -> Callable[[], crypto.StreamCipher]:
        raise UnsupportedAlgorithm(repr(key))

    monkeypatch.setattr(crypto, "_openssl_rc4", refuse)
    assert crypto._choose_rc4() is crypto._pycryptodome_rc4


def test_without_legacy_provider() -> None:
    """A program whose OpenSSL has no legacy provider speaks the same bytes, without a warning."""
    script = (
        "from ovms.protocol import crypto;"
        f"s = crypto.stream(bytes.fromhex({WELCOME['session_key_hex']!r}));"
        "print(crypto._rc4.__name__, crypto.encode_base64(s.update(b'MP-0 A')).decode())"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env={**os.environ, "CRYPTOGRAPHY_OPENSSL_NO_LEGACY": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.split() == ["_pycryptodome_rc4", VECTORS["client_to_server"][0]["line"]]


@pytest.mark.parametrize("case", PARANOID["messages"])
def test_seal(case: dict[str, str]) -> None:
    """A sealed message begins its stream afresh and opens again, with padding or without."""
    key = crypto.paranoid_key(PARANOID["module_password"].encode(), PARANOID["token"])
    assert key.hex() == PARANOID["key_hex"]
    data, sealed = case["plain"][1:].encode(), case["sealed"][3:].encode()
    assert crypto.seal(key, data) == sealed
    assert crypto.unseal(key, sealed) == data
    assert crypto.unseal(key, sealed.rstrip(b"=")) == data


def test_unseal_with_wrong_key() -> None:
    """A wrong key gives rubbish of the same length."""
    opened = crypto.unseal(bytes(16), crypto.seal(b"x" * 16, b"80,K"))
    assert opened != b"80,K"
    assert len(opened) == 4


@given(st.binary())
def test_base64(data: bytes) -> None:
    """Base64 is read back, padded or not."""
    text = crypto.encode_base64(data)
    assert len(text) % 4 == 0
    assert crypto.decode_base64(text) == crypto.decode_base64(text.rstrip(b"=")) == data


@pytest.mark.parametrize(
    "text", [b"=", b"A===", b"AA=A", b"AA==AA==", b"AAA A", b"AAA-", b"AAAA\n", b"\xff\xff"]
)
def test_not_base64(text: bytes) -> None:
    """What is not base64 is a ``ValueError``, here and in a sealed message."""
    with pytest.raises(ValueError, match=r".+"):
        crypto.decode_base64(text)
    with pytest.raises(ValueError, match=r".+"):
        crypto.unseal(bytes(16), text)


def test_an_odd_character_is_dropped_from_what_is_sealed() -> None:
    """A module may have cut it there; elsewhere such text is an error."""
    sealed = crypto.seal(bytes(16), b"abcdef")
    for length, data in ((8, b"abcdef"), (7, b"abcde"), (6, b"abcd"), (5, b"abc"), (1, b"")):
        assert crypto.unseal(bytes(16), sealed[:length]) == data
    with pytest.raises(ValueError, match=r".+"):
        crypto.decode_base64(sealed[:5])


@given(st.binary(min_size=17, max_size=17))
def test_token(random: bytes) -> None:
    """A token has 22 characters of the base64 alphabet, and all randomness asked for is used."""
    token = crypto.make_token(lambda length: random[:length])
    assert len(token) == crypto.TOKEN_LENGTH
    assert token.isascii()
    assert not set(token) & set("= \r\n")
    assert crypto.decode_base64(token.encode())[:16] == random[:16]


def test_a_token_of_known_bytes() -> None:
    """The token is the first 22 characters of the bytes in base64."""
    assert crypto.make_token(lambda count: b"\xff" * count) == "/" * 22
