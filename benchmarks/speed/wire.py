"""What goes over the wire: welcomes, lines in plain and ciphered, messages as cars say them."""

from __future__ import annotations

import hmac
import os
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from typing import Final

from ovms.protocol.crypto import StreamCipher, make_digest, make_token

PING: Final = b"MP-0 A"
PONG: Final = b"MP-0 a"
UPDATE: Final = b"MP-0 T"
"""How an update's age begins: the last line that an app gets when it logs in."""

COMMAND: Final = b"MP-0 C7,status"
ANSWER: Final = b"MP-0 c7,0,SOC: 80% Ideal range: 290 km Not charging"

FIRST_ACK: Final = 100_000
"""Acknowledgement codes have six digits, so that each line of one has :data:`ACK_LENGTH` bytes."""

ACK_LENGTH: Final = 18
PING_LENGTH: Final = 10
"""Bytes of the ciphered lines of an acknowledgement, and of a ping or its answer."""


def vehicle_id(number: int) -> str:
    """Return the id of a vehicle."""
    return f"CAR{number:06}"


def secret_of(vehicle: str) -> bytes:
    """Return a vehicle's secret: each has its own, because a server remembers tokens by it."""
    return b"secret of " + vehicle.encode()


def welcome(role: str, vehicle: str) -> tuple[str, bytes]:
    """Return a caller's token and its welcome line; ``role`` is ``C`` or ``A``."""
    token = make_token(os.urandom)
    line = f"MP-{role} 0 {token} {make_digest(secret_of(vehicle), token)} {vehicle}\r\n"
    return token, line.encode()


def key_of(answer: bytes, vehicle: str, token: str) -> bytes:
    """Return the session key after a server's welcome line, which must prove the secret."""
    _, _, server_token, digest = answer.split()
    secret = secret_of(vehicle)
    proof = make_digest(secret, server_token.decode()).encode()
    if proof.rstrip(b"=") != digest.rstrip(b"="):
        raise ValueError("the server does not know the secret")
    return hmac.digest(secret, server_token + token.encode(), "md5")


def encipher(cipher: StreamCipher, lines: Sequence[bytes]) -> list[bytes]:
    """Return ciphered lines with their ends."""
    text, at, written = cipher.update(b"".join(lines)), 0, []
    for line in lines:
        written.append(b2a_base64(text[at : at + len(line)], newline=False) + b"\r\n")
        at += len(line)
    return written


def decipher(cipher: StreamCipher, line: bytes) -> bytes:
    """Return a line in plain."""
    return cipher.update(a2b_base64(line))


def report(number: int) -> bytes:
    """Return what a driving car says next: status, doors and place in turn, always new."""
    turn, kind = divmod(number, 3)
    if kind == 0:
        return (
            b"MP-0 S%d,K,0,0,stopped,standard,%d,%d,32,0,0,0,%d,1,0,0,1,0,0,0,0,0,0,0,%d,0,0,100,"
            b"0,0,100,395.5,0.0" % (80 - turn % 60, 310 - turn % 200, 290 - turn % 200, turn, turn)
        )
    if kind == 1:
        return b"MP-0 D0,1,5,%d,%d,21,%d,%d,65,0,1,1,1,13.8,0,1,12.6,0,0,20" % (
            20 + turn % 20, 25 + turn % 30, 1200 + turn % 800, 123_000 + turn,
        )  # fmt: skip
    return b"MP-0 L22.%06d,114.%06d,%d,12,1,1,%d,1234,0,0,0,5,9,0.0" % (
        turn * 17 % 1_000_000, turn * 31 % 1_000_000, turn % 360, 60 + turn % 40,
    )  # fmt: skip


def record(number: int) -> bytes:
    """Return an ``h`` that no other equals, as a module logs it: a line of a trip or a charge."""
    return (
        b"MP-0 h%d,0,*-LOG-Trip,0,2678400,2026-11-27 10:20:30,%d,22.274165,114.185715,"
        b"80.5,395.2,12.5,-3.2,1234,56,7.8,9.1" % (FIRST_ACK + number, number)
    )
