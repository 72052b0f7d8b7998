"""The ciphers of scheme 0x30: proof of a shared secret, the session's streams, sealed messages.

Both ends know a secret. Each sends a random token with its HMAC-MD5 digest under that secret, which
proves that it knows the secret. The session key is the digest of the *server's* token followed by
the *client's*. Each direction is an RC4 stream of its own under that key, without its first 1024
bytes. Sealed (paranoid) messages and provisioning records use the same parts with other secrets.

MD5 and RC4 are weak today, but the modules on the road speak them. TLS around the connection is
what protects it. Source: protocol guide, "Encryption Protection Scheme 0x30".
"""

from __future__ import annotations

import binascii
import hmac
import warnings
from collections.abc import Callable
from functools import partial
from typing import Protocol

TOKEN_LENGTH = 22
"""Characters of a token, which are of the base64 alphabet."""

DROPPED = 1024
"""Bytes of key stream that are not used, at its start."""

_DROPPED = bytes(DROPPED)

RandomBytes = Callable[[int], bytes]
"""A source of randomness, which returns as many bytes as asked for. ``os.urandom`` is one."""


class StreamCipher(Protocol):
    """A key stream. Enciphering and deciphering are the same operation."""

    def update(self, data: bytes, /) -> bytes:
        """Return ``data`` enciphered or deciphered, and advance the stream by its length."""
        ...


def _openssl_rc4(key: bytes) -> Callable[[], StreamCipher]:
    return _Cipher(_ARC4(key), mode=None).encryptor


class _PyCryptodomeRc4:
    """RC4 for a machine whose OpenSSL has no legacy provider: ten times slower, same bytes."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        from Crypto.Cipher import ARC4

        self._cipher = ARC4.new(key)

    def update(self, data: bytes, /) -> bytes:
        return self._cipher.encrypt(data)


def _pycryptodome_rc4(key: bytes) -> Callable[[], StreamCipher]:
    return partial(_PyCryptodomeRc4, key)


def _choose_rc4() -> Callable[[bytes], Callable[[], StreamCipher]]:
    """Return OpenSSL's RC4 where it works (0.2 µs a message), else pycryptodome's.

    It returns, for a key, what makes its streams.

    Raises :class:`ModuleNotFoundError` where neither is there.
    """
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        _openssl_rc4(bytes(16))().update(b"\0")
    except UnsupportedAlgorithm:
        _pycryptodome_rc4(bytes(16))()
        return _pycryptodome_rc4
    return _openssl_rc4


with warnings.catch_warnings():
    # cryptography marks RC4 as decrepit, which is right; the protocol leaves no choice.
    warnings.simplefilter("ignore")
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4 as _ARC4
    from cryptography.hazmat.primitives.ciphers import Cipher as _Cipher

    _rc4 = _choose_rc4()


def stream(key: bytes) -> StreamCipher:
    """Return an RC4 stream under ``key`` (16 bytes), without its first 1024 bytes."""
    return _begun(_rc4(key)())


def streams(key: bytes) -> tuple[StreamCipher, StreamCipher]:
    """Return two such streams under one key, for both directions of a connection."""
    make = _rc4(key)
    return _begun(make()), _begun(make())


def _begun(cipher: StreamCipher) -> StreamCipher:
    cipher.update(_DROPPED)
    return cipher


def make_token(random_bytes: RandomBytes) -> str:
    """Return a new token: 22 characters of the base64 alphabet, 132 random bits."""
    return encode_base64(random_bytes(17))[:TOKEN_LENGTH].decode("ascii")


def encode_base64(data: bytes) -> bytes:
    """Return padded base64 without a line end."""
    return binascii.b2a_base64(data, newline=False)


def decode_base64(text: bytes) -> bytes:
    """Return the bytes of base64, padded or not.

    Raises ``ValueError`` for anything that is not base64.
    """
    if len(text) % 4:
        text += b"=" * (-len(text) % 4)
    return binascii.a2b_base64(text, strict_mode=True)


def hmac_md5(secret: bytes, data: bytes) -> bytes:
    """Return the 16 bytes of HMAC-MD5 of ``data`` under ``secret``."""
    # Not hmac.digest, which gives up the interpreter lock: a thread of the database takes it then,
    # eight times a log-in.
    return hmac.new(secret, data, "md5").digest()


def make_digest(secret: bytes, token: str) -> str:
    """Return the digest of ``token`` under ``secret``, in padded base64 as modules compare it."""
    return encode_base64(hmac_md5(secret, token.encode("latin-1"))).decode("ascii")


def digest_proves(secret: bytes, token: str, digest: str) -> bool:
    """Return whether ``digest`` (padded or not) is that of ``token`` under ``secret``."""
    expected = make_digest(secret, token).rstrip("=")
    return hmac.compare_digest(expected.encode("ascii"), digest.rstrip("=").encode("latin-1"))


def session_key(secret: bytes, server_token: str, client_token: str) -> bytes:
    """Return the 16-byte key of both streams of a connection."""
    return hmac_md5(secret, (server_token + client_token).encode("latin-1"))


def paranoid_key(module_password: bytes, token: str) -> bytes:
    """Return the 16-byte key of sealed messages, made from the ``ET`` token."""
    return hmac_md5(module_password, token.encode("latin-1"))


def seal(key: bytes, data: bytes) -> bytes:
    """Return a message's data enciphered by a new stream, in base64."""
    return encode_base64(stream(key).update(data))


def unseal(key: bytes, sealed: bytes) -> bytes:
    """Return the data that :func:`seal` sealed. With a wrong key they are rubbish.

    A paranoid ESP32 cuts what it has sealed to its unsealed length: what is whole is returned, and
    an odd last character dropped. Raises ``ValueError`` if ``sealed`` is not base64.
    """
    is_odd = len(sealed) % 4 == 1
    # An odd character begins a byte, which is not whole.
    data = decode_base64(sealed + b"A")[:-1] if is_odd else decode_base64(sealed)
    return stream(key).update(data)
