"""What is needed to push to a device: the JSON of a browser's ``PushSubscription``."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

PORTS: Final = {"https": 443, "http": 80}

POINT_BYTES: Final = 65
"""Bytes of a device's public key, a point on the curve P-256."""

SECRET_BYTES: Final = 16
"""Bytes of the secret that the device shares with whoever may push to it."""


class SubscriptionKeys(msgspec.Struct):
    """The keys of a device, in base64url."""

    p256dh: str
    auth: str


class SubscriptionJson(msgspec.Struct):
    """A subscription as browsers write it; what else they write is not needed."""

    endpoint: str
    keys: SubscriptionKeys


@dataclass(frozen=True, slots=True)
class PushTarget:
    """A device, and where its push service takes messages."""

    endpoint: str = field(repr=False)
    scheme: str
    host: str
    port: int
    netloc: str
    """Host and port as they stand in the endpoint."""
    point: bytes = field(repr=False)
    secret: bytes = field(repr=False)

    def encrypt(self, data: bytes) -> bytes:
        """Return data that only the device can read (RFC 8291)."""
        import http_ece  # only here: few servers push

        own = ec.generate_private_key(ec.SECP256R1())
        sealed: bytes = http_ece.encrypt(
            data, private_key=own, dh=self.point, auth_secret=self.secret, version="aes128gcm"
        )
        return sealed


def parse_target(key: str) -> PushTarget:
    """Return what a key says. Raises ``ValueError``, which repeats nothing of it."""
    try:
        found = msgspec.json.decode(key, type=SubscriptionJson)
    except msgspec.DecodeError:
        raise ValueError("the key is not the JSON of a PushSubscription") from None
    endpoint = found.endpoint
    if not (endpoint.isascii() and endpoint.isprintable()) or " " in endpoint:
        raise ValueError("the endpoint is not a URL")
    try:
        parts = urlsplit(endpoint)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise ValueError("the endpoint is not a URL") from None
    if not parts.hostname or not port or "@" in parts.netloc:
        raise ValueError("the endpoint is not a URL that begins with https://")
    point = _decoded(found.keys.p256dh, POINT_BYTES)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise ValueError("the device's public key is none") from None
    secret = _decoded(found.keys.auth, SECRET_BYTES)
    return PushTarget(endpoint, parts.scheme, parts.hostname, port, parts.netloc, point, secret)


def subscription_text(endpoint: str, point: str, secret: str) -> str:
    """Return the key of a device as it is stored."""
    wanted = SubscriptionJson(endpoint, SubscriptionKeys(point, secret))
    return msgspec.json.encode(wanted).decode()


def _decoded(text: str, length: int) -> bytes:
    text = text.rstrip("=")
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (ValueError, binascii.Error):
        found = b""
    if len(found) != length:
        raise ValueError("the device's keys are not in base64url")
    return found
