"""Hashes of passwords as the CMS beside today's public servers makes them (Drupal 7).

``$S$``, a character for the rounds, eight of salt, then the hash: SHA-512 of salt and password, and
again of hash and password as often as the rounds say, six bits a character, low bits first, cut to
55 in all. ``U$S$`` marks the hash of an older one: the password's MD5 stands in its place.

Owners who moved in have such a hash until their next log-in, which makes it anew.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

PREFIX: Final = "$S$"
OLDER: Final = "U"
ALPHABET: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SALT: Final = 8
LENGTH: Final = 55

MAX_ROUNDS: Final = 20
"""The binary logarithm of the rounds: half a second of a core. The CMS makes 15, newer ones 16."""


def is_cms_hash(text: str) -> bool:
    """Return whether a hash is one of the CMS that can be checked."""
    hashed = text.removeprefix(OLDER)
    if len(hashed) != LENGTH or not hashed.startswith(PREFIX):
        return False
    letters = hashed[len(PREFIX) :]
    return set(letters) <= set(ALPHABET) and ALPHABET.index(letters[0]) <= MAX_ROUNDS


def is_cms_hash_of(hashed: str, password: str) -> bool:
    """Return whether a hash for which :func:`is_cms_hash` holds is that of a password.

    Raises ``UnicodeEncodeError`` for a password that is no text.
    """
    word = password.encode()
    if hashed.startswith(OLDER):
        hashed = hashed.removeprefix(OLDER)
        word = hashlib.md5(word, usedforsecurity=False).hexdigest().encode()
    return hmac.compare_digest(_hash(hashed[: len(PREFIX) + 1 + SALT], word), hashed)


def _hash(head: str, word: bytes) -> str:
    rounds = 1 << ALPHABET.index(head[len(PREFIX)])
    digest = hashlib.sha512(head[-SALT:].encode() + word).digest()
    for _ in range(rounds):
        digest = hashlib.sha512(digest + word).digest()
    return (head + _encode(digest))[:LENGTH]


def _encode(data: bytes) -> str:
    """Write bytes six bits a character, low bits first."""
    number = int.from_bytes(data, "little")
    return "".join(ALPHABET[number >> shift & 63] for shift in range(0, 8 * len(data), 6))
