"""How push services know the server: a key that signs each message (VAPID, RFC 8292)."""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIGNED_FOR: Final = 12 * 3600
"""Seconds that a signature holds; push services take a day at most."""


class VapidKey:
    """A private key on the curve P-256; ``text`` is its number of 32 bytes in base64url.

    ``contact`` is where an operator of a push service reaches ours: an address with ``mailto:``, or
    a page.
    """

    def __init__(self, text: str, contact: str) -> None:
        self._text = text
        self._contact = contact
        number = int.from_bytes(base64.urlsafe_b64decode(f"{text}="))
        self._key = ec.derive_private_key(number, ec.SECP256R1())

    @property
    def public(self) -> str:
        """What browsers call ``applicationServerKey``: the public key as a point, in base64url."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def authorization(self, endpoint: str, now: float) -> str:
        """Return the header ``Authorization`` of a message to an endpoint."""
        from py_vapid import Vapid02  # only here: few servers push

        parts = urlsplit(endpoint)
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(now) + SIGNED_FOR,
                  "sub": self._contact}  # fmt: skip
        signed: dict[str, str] = Vapid02(self._key).sign(claims)
        return signed["Authorization"]


def make_vapid_key() -> str:
    """Return a new private key as text."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return base64.urlsafe_b64encode(number.to_bytes(32)).rstrip(b"=").decode()
