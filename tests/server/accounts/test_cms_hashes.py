from __future__ import annotations

import base64
import hashlib

import pytest

from ovms.server.accounts import cms_hashes
from ovms.server.accounts.cms_hashes import MAX_ROUNDS, is_cms_hash, is_cms_hash_of
from ovms.server.accounts.passwords import Verification, rehash_password, verify_password

PUBLISHED = {
    "hashcat": "$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf",
    "password": "$S$CFURCPa.k6FAEbJPgejaW4nijv7rYgGc4dUJtChQtV4KLJTPTC/u",
}
"""Examples of the programs that try passwords, hashcat and John the Ripper."""

LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def described(password: bytes, salt: str, logarithm: int) -> str:
    """Make a hash as the description says, by another way of writing six bits: base64's."""
    digest = hashlib.sha512(salt.encode() + password).digest()
    for _ in range(2**logarithm):
        digest = hashlib.sha512(digest + password).digest()
    standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    # Three bytes, low bits first, are the same three backwards, high bits first, read backwards.
    text = ""
    for start in range(0, 63, 3):
        four = base64.b64encode(digest[start : start + 3][::-1]).decode()[::-1]
        text += four.translate(str.maketrans(standard, LETTERS))
    return f"$S${LETTERS[logarithm]}{salt}{text}"[:55]


@pytest.mark.parametrize("password", PUBLISHED)
def test_published_answers(password: str) -> None:
    """What other programs publish as hashes of these passwords is right, for no other one."""
    hashed = PUBLISHED[password]
    assert is_cms_hash(hashed)
    assert is_cms_hash_of(hashed, password)
    assert not is_cms_hash_of(hashed, f"{password}.")


@pytest.mark.parametrize("password", ["", "a b", "pässwörd€", "x" * 500])
@pytest.mark.parametrize("logarithm", [7, 8])
def test_described_answers(password: str, logarithm: int) -> None:
    """What the description gives is right, for no other password, salt or number of rounds."""
    hashed = described(password.encode(), "a.Z/0z19", logarithm)
    assert is_cms_hash(hashed)
    assert is_cms_hash_of(hashed, password)
    assert not is_cms_hash_of(hashed, password + "x")
    other = hashed[:3] + LETTERS[logarithm + 1] + hashed[4:]
    assert not is_cms_hash_of(other, password)
    assert not is_cms_hash_of(hashed[:5] + "b" + hashed[6:], password)


def test_older_hash() -> None:
    """One that is marked is of the MD5 of the password, in hexadecimal."""
    word = hashlib.md5(b"secret", usedforsecurity=False).hexdigest()
    hashed = "U" + described(word.encode(), "12345678", 7)
    assert len(hashed) == 56
    assert is_cms_hash(hashed)
    assert is_cms_hash_of(hashed, "secret")
    assert not is_cms_hash_of(hashed, word)
    assert not is_cms_hash_of(hashed[1:], "secret")


@pytest.mark.parametrize(
    "text",
    ["", "secret", "$S$Dxyz", "$argon2id$v=19$m=1", "$P$" + "a" * 52, "$S$" + "5" * 51,
     "$S$" + "5" * 53, "$S$" + "5" * 51 + "!", "UU$S$" + "5" * 52, "$S$" + "5" * 51 + "\n"],
)  # fmt: skip
def test_others(text: str) -> None:
    """What is in another form is none, and no password's."""
    assert not is_cms_hash(text)
    assert not verify_password(text, "secret").ok


def test_rounds_have_a_bound() -> None:
    """Whoever can write a hash cannot have a log-in take minutes."""
    at, past = LETTERS[MAX_ROUNDS], LETTERS[MAX_ROUNDS + 1]
    assert is_cms_hash(f"$S${at}" + "5" * 51)
    assert not is_cms_hash(f"$S${past}" + "5" * 51)


def test_made_anew() -> None:
    """A right password's hash is due to be ours, which then is none of the CMS."""
    hashed = described(b"pw", "12345678", 7)
    assert verify_password(hashed, "pw") == Verification(ok=True, rehash=True)
    assert verify_password(hashed, "wrong") == Verification(ok=False)
    assert not verify_password(hashed, "\ud800").ok
    ours = rehash_password("pw")
    assert not is_cms_hash(ours)
    assert verify_password(ours, "pw") == Verification(ok=True, rehash=False)


def test_letters() -> None:
    """Bytes are written low bits first, a character for each six."""
    assert cms_hashes._encode(b"\x01\x00\x00") == "/..."
    assert cms_hashes._encode(b"\xff\xff\xff\x01") == "zzzz/."
