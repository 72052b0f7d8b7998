from __future__ import annotations

import argon2
import pytest

from ovms.server.accounts.passwords import (
    MAX_PASSWORD,
    MAX_TRIED,
    PasswordError,
    Verification,
    _hasher,
    fingerprint,
    hash_password,
    rehash_password,
    verify_password,
)


@pytest.mark.parametrize("password", ["a%b", "a,b;c", "pässwörd€", "x" * MAX_PASSWORD])
def test_round_trip(password: str) -> None:
    """A password is right for its hash, another is not, and the hash does not show it."""
    hashed = hash_password(password)
    assert password not in hashed
    assert verify_password(hashed, password) == Verification(ok=True, rehash=False)
    assert verify_password(hashed, password[:-1] + "#") == Verification(ok=False)


def test_salted() -> None:
    """The same password hashes differently each time."""
    assert hash_password("pw") != hash_password("pw")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "x" * (MAX_PASSWORD + 1),
        "€" * (MAX_PASSWORD // 3 + 1),
        "a\udc80",
        "a b",
        " a",
        "a\tb",
        "a\xa0b",
        "a\x1bb",
        "a\nb",
    ],
)
def test_unusable(password: str) -> None:
    """An empty password, one past the bound, and one that is no word of a welcome are refused."""
    with pytest.raises(PasswordError):
        hash_password(password)


@pytest.mark.parametrize("password_hash", [None, "", "rubbish", "$argon2id$broken", "$S$Dxyz"])
def test_no_hash(password_hash: str | None) -> None:
    """Without a hash, or with a broken one, no password is right."""
    assert not verify_password(password_hash, "nobody's password").ok


@pytest.mark.parametrize("password", ["x" * (MAX_TRIED + 1), "a\udc80"])
def test_impossible_password(password: str) -> None:
    """A password that cannot have been stored is wrong, not an error."""
    assert not verify_password(hash_password("pw"), password).ok


def test_rehash() -> None:
    """A hash of other costs is right, and due to be made anew."""
    old = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("pw")
    assert verify_password(old, "pw") == Verification(ok=True, rehash=True)


def test_fingerprint() -> None:
    """Two hashes of one password are told apart, and neither is shown."""
    one, two = hash_password("pw"), hash_password("pw")
    assert fingerprint(one) == fingerprint(one) != fingerprint(two)
    assert len(fingerprint(one)) == 16


NFC, NFD = "J\xf6rg", "Jo\u0308rg"


@pytest.mark.parametrize(("first", "then"), [(NFC, NFD), (NFD, NFC), (NFD, NFD)])
def test_spellings(first: str, then: str) -> None:
    """How a keyboard composes an accent does not matter."""
    assert verify_password(hash_password(first), then) == Verification(ok=True, rehash=False)


@pytest.mark.parametrize("password", [NFC, NFD])
def test_a_hash_of_the_other_spelling(password: str) -> None:
    """A hash that was made before is right for both spellings, and due to be made anew."""
    old = _hasher.hash(NFD)
    assert verify_password(old, password) == Verification(ok=True, rehash=True)
    assert verify_password(rehash_password(password), NFC) == Verification(ok=True, rehash=False)
    assert not verify_password(old, "Jorg").ok


def test_a_password_of_before_may_hold_a_blank() -> None:
    """What would be refused today still logs in, and its hash can be made anew."""
    old = _hasher.hash("a b")
    assert verify_password(old, "a b").ok
    assert verify_password(rehash_password("a b"), "a b").ok
