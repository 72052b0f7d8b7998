from __future__ import annotations

import argon2
import pytest

from ovms.server.accounts.passwords import (
    MAX_PASSWORD,
    PasswordError,
    Verification,
    fingerprint,
    hash_password,
    verify_password,
)


@pytest.mark.parametrize("password", ["a%b", "a b,c", "pässwörd €", "x" * MAX_PASSWORD])
def test_round_trip(password: str) -> None:
    """A password is right for its hash, another is not, and the hash does not show it."""
    hashed = hash_password(password)
    assert password not in hashed
    assert verify_password(hashed, password) == Verification(ok=True, rehash=False)
    assert verify_password(hashed, password[:-1] + "#") == Verification(ok=False)


def test_salted() -> None:
    """The same password hashes differently each time."""
    assert hash_password("pw") != hash_password("pw")


@pytest.mark.parametrize("password", ["", "x" * (MAX_PASSWORD + 1), "a\udc80"])
def test_unusable(password: str) -> None:
    """An empty password, one past the bound and one that is no text are refused."""
    with pytest.raises(PasswordError):
        hash_password(password)


@pytest.mark.parametrize("password_hash", [None, "", "rubbish", "$argon2id$broken", "$S$Dxyz"])
def test_no_hash(password_hash: str | None) -> None:
    """Without a hash, or with a broken one, no password is right."""
    assert not verify_password(password_hash, "nobody's password").ok


@pytest.mark.parametrize("password", ["x" * (MAX_PASSWORD + 1), "a\udc80"])
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
