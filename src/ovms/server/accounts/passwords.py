"""Passwords of owners, stored as argon2id hashes, never in clear.

They are hashed in NFC: which of two spellings of an accent a keyboard sends does not matter. A hash
of before that is found by the other spelling, and made anew at the next login; so is one that came
with an owner from a server of today (:mod:`.cms_hashes`).

Hashing takes tens of milliseconds and 19 MiB on purpose: a server calls these in a thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ovms.protocol.spelling import composed
from ovms.server.accounts.cms_hashes import is_cms_hash, is_cms_hash_of

MAX_PASSWORD: Final = 512
"""Bytes in UTF-8 of a new password: a welcome line of 1024 bytes has room for it, and for the
longest name and vehicle id."""

MAX_TRIED: Final = 1024
"""Characters of a password that is tried; longer ones only cost time."""

# What OWASP asks for at least. RFC 9106 would take 64 MiB and four threads a login, which the small
# machines that servers run on do not have to spare. Stored hashes follow when this changes.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class PasswordError(ValueError):
    """A password that cannot be used: empty, too long, or one that no app can send."""


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a password was right, and whether its hash is due to be made anew from it."""

    ok: bool
    rehash: bool = False


def hash_password(password: str) -> str:
    """Return the hash to store. Raises :class:`PasswordError`.

    A password is a word in the welcome that an app sends, so it holds no blank.
    """
    check_password(password)
    return rehash_password(password)


def rehash_password(password: str) -> str:
    """Return the hash to store of a password that was right until now, whatever it holds."""
    return _hasher.hash(composed(password))


def check_password(password: str) -> None:
    """Raise :class:`PasswordError` for a new password that is none, or that no app can send."""
    if not password:
        raise PasswordError("the password is empty")
    try:
        size = len(composed(password).encode())
    except UnicodeEncodeError as error:
        raise PasswordError("the password is not valid text") from error
    if size > MAX_PASSWORD:
        raise PasswordError(f"the password is longer than {MAX_PASSWORD} bytes")
    if any(letter.isspace() for letter in password):
        raise PasswordError("the password holds a blank, and no app can send one")
    if not password.isprintable():
        raise PasswordError("the password holds a character that cannot be typed, nor sent")


def verify_password(password_hash: str | None, password: str) -> Verification:
    """Return whether a password is right; never raises.

    ``password_hash`` is what was stored, ``None`` for an owner who has none or does not exist:
    that is never right, and takes as long, so that nobody learns which names exist.
    """
    if len(password) > MAX_TRIED:
        return Verification(ok=False)
    for spelling in _spellings(password):
        if _is_hash_of(password_hash or _nobody(), spelling) and password_hash:
            is_due = spelling != composed(password) or _is_outdated(password_hash)
            return Verification(ok=True, rehash=is_due)
    return Verification(ok=False)


def _spellings(password: str) -> Iterable[str]:
    """Return how a password may have been hashed: in NFC, and before in the other spelling."""
    return dict.fromkeys((composed(password), password, normalize("NFD", password)))


def _is_outdated(password_hash: str) -> bool:
    return is_cms_hash(password_hash) or _hasher.check_needs_rehash(password_hash)


def _is_hash_of(password_hash: str, password: str) -> bool:
    try:
        if is_cms_hash(password_hash):
            return is_cms_hash_of(password_hash, password)
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def fingerprint(password_hash: str) -> bytes:
    """Return 16 bytes that tell one stored hash from another, and tell nothing else."""
    return hashlib.sha256(password_hash.encode()).digest()[:16]


@cache
def _nobody() -> str:
    return _hasher.hash("nobody's password")
