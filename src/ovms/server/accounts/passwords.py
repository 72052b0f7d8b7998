"""Passwords of owners, stored as argon2id hashes, never in clear.

Hashing takes tens of milliseconds and 19 MiB on purpose: a server calls these in a thread.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_PASSWORD: Final = 1024
"""Characters; longer ones only cost time."""

# What OWASP asks for at least. RFC 9106 would take 64 MiB and four threads a login, which the small
# machines that servers run on do not have to spare. Stored hashes follow when this changes.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class PasswordError(ValueError):
    """A password that cannot be used: empty, too long, or no text."""


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a password was right, and whether its hash is due to be made anew from it."""

    ok: bool
    rehash: bool = False


def hash_password(password: str) -> str:
    """Return the hash to store. Raises :class:`PasswordError`."""
    if not password:
        raise PasswordError("the password is empty")
    if len(password) > MAX_PASSWORD:
        raise PasswordError(f"the password is longer than {MAX_PASSWORD} characters")
    try:
        return _hasher.hash(password)
    except UnicodeEncodeError as error:
        raise PasswordError("the password is not valid text") from error


def verify_password(password_hash: str | None, password: str) -> Verification:
    """Return whether a password is right; never raises.

    ``password_hash`` is what was stored, ``None`` for an owner who has none or does not exist:
    that is never right, and takes as long, so that nobody learns which names exist.
    """
    if len(password) > MAX_PASSWORD:
        return Verification(ok=False)
    try:
        _hasher.verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return Verification(ok=False)
    if not password_hash:
        return Verification(ok=False)
    return Verification(ok=True, rehash=_hasher.check_needs_rehash(password_hash))


def fingerprint(password_hash: str) -> bytes:
    """Return 16 bytes that tell one stored hash from another, and tell nothing else."""
    return hashlib.sha256(password_hash.encode()).digest()[:16]


@cache
def _nobody() -> str:
    return _hasher.hash("nobody's password")
