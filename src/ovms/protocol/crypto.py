"""The ciphers of scheme 0x30: proof of a shared secret, the session's streams, sealed messages.

Both ends know a secret. Each sends a random token with its HMAC-MD5 digest under that secret, and
so proves to know it. The session key is the digest of the *server's* token followed by the
*client's*; each direction is an RC4 stream of its own under that key, its first 1024 bytes thrown
away. Sealed (paranoid) messages and provisioning records use the same pieces with other secrets.

MD5 and RC4 are weak today. They are what the modules on the road speak; TLS around the connection
is the protection that counts. Source: protocol guide, "Encryption Protection Scheme 0x30".
"""

from __future__ import annotations

import binascii
import hmac
import warnings
from collections.abc import Callable
from typing import Protocol

TOKEN_LENGTH = 22
"""Characters of a token, all of the base64 alphabet."""

DROPPED = 1024
"""Bytes of key stream thrown away before the first byte is used."""

RandomBytes = Callable[[int], bytes]
"""A source of randomness: gives as many bytes as asked for. ``os.urandom`` is one."""


class StreamCipher(Protocol):
    """A running key stream; enciphering and deciphering are the same step."""

    def update(self, data: bytes, /) -> bytes:
        """Pass ``data`` through the stream and move it on by as many bytes."""
        ...


def _openssl_rc4(key: bytes) -> StreamCipher:
    return _Cipher(_ARC4(key), mode=None).encryptor()


class _PyCryptodomeRc4:
    """RC4 for a machine whose OpenSSL has no legacy provider: ten times slower, same bytes."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        from Crypto.Cipher import ARC4

        self._cipher = ARC4.new(key)

    def update(self, data: bytes, /) -> bytes:
        return self._cipher.encrypt(data)


def _choose_rc4() -> Callable[[bytes], StreamCipher]:
    """Take OpenSSL's RC4 where it works (0.2 µs a message), else pycryptodome's."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        _openssl_rc4(bytes(16)).update(b"\0")
    except UnsupportedAlgorithm:
        return _PyCryptodomeRc4
    return _openssl_rc4


with warnings.catch_warnings():
    # cryptography marks RC4 as decrepit, which it is; the protocol leaves no choice.
    warnings.simplefilter("ignore")
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4 as _ARC4
    from cryptography.hazmat.primitives.ciphers import Cipher as _Cipher

    _rc4 = _choose_rc4()


def stream(key: bytes) -> StreamCipher:
    """Open an RC4 stream under ``key`` (16 bytes) with its first 1024 bytes thrown away."""
    cipher = _rc4(key)
    cipher.update(bytes(DROPPED))
    return cipher


def make_token(random_bytes: RandomBytes) -> str:
    """Make a token: 22 characters of the base64 alphabet, 132 random bits."""
    return encode_base64(random_bytes(17))[:TOKEN_LENGTH].decode("ascii")


def encode_base64(data: bytes) -> bytes:
    """Encode as padded base64 without a line end."""
    return binascii.b2a_base64(data, newline=False)


def decode_base64(text: bytes) -> bytes:
    """Decode base64, padded or not.

    Raises ``ValueError`` for anything that is not base64.
    """
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)


def hmac_md5(secret: bytes, data: bytes) -> bytes:
    """Return the 16 bytes of HMAC-MD5 of ``data`` under ``secret``."""
    return hmac.digest(secret, data, "md5")


def make_digest(secret: bytes, token: str) -> str:
    """Prove to know ``secret``: the digest of ``token`` in padded base64, as modules compare it."""
    return encode_base64(hmac_md5(secret, token.encode("latin-1"))).decode("ascii")


def digest_proves(secret: bytes, token: str, digest: str) -> bool:
    """Return whether ``digest`` (padded or not) is that of ``token`` under ``secret``."""
    expected = make_digest(secret, token).rstrip("=")
    return hmac.compare_digest(expected.encode("ascii"), digest.rstrip("=").encode("latin-1"))


def session_key(secret: bytes, server_token: str, client_token: str) -> bytes:
    """Derive the 16-byte key of both streams of a connection."""
    return hmac_md5(secret, (server_token + client_token).encode("latin-1"))


def paranoid_key(module_password: bytes, token: str) -> bytes:
    """Derive the 16-byte key of sealed messages from the ``ET`` token."""
    return hmac_md5(module_password, token.encode("latin-1"))


def seal(key: bytes, data: bytes) -> bytes:
    """Seal a message's data: base64 of a stream begun afresh."""
    return encode_base64(stream(key).update(data))


def unseal(key: bytes, sealed: bytes) -> bytes:
    """Open what :func:`seal` made. A wrong key gives rubbish, not an error.

    Raises ``ValueError`` if ``sealed`` is not base64.
    """
    return stream(key).update(decode_base64(sealed))
