"""``P``: an alert. ``p``: a subscription to alerts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Self

from ovms.protocol.messages import Message
from ovms.protocol.records.record import JsonValue, legible

PUSH_TYPES = ("apns", "gcm", "expo", "mail")
SIMPLE = "simple"
"""In the place of a key type: it is about the session's own vehicle, without a password."""
UNSUBSCRIBE = "-"
"""The key of a ``mail`` subscription that ends it."""


class AlertKind(Enum):
    """The first byte of a ``P``."""

    ALERT = "A"
    INFORMATION = "I"
    ERROR = "E"


@dataclass(frozen=True, slots=True)
class Alert:
    """``P<kind><text>``. ``kind`` is one character, an :class:`AlertKind` or another."""

    CODE: ClassVar = "P"
    extra: ClassVar[tuple[str, ...]] = ()

    kind: str
    text: str

    @property
    def message(self) -> Message:
        """The message that carries the alert."""
        return Message(self.CODE, self.encode())

    def encode(self) -> bytes:
        """Return the data of the message."""
        return (self.kind + self.text).encode("utf-8", "surrogateescape")

    def as_json(self) -> dict[str, JsonValue]:
        """Return kind and text; a known kind as its word."""
        words = {kind.value: kind.name.lower() for kind in AlertKind}
        return {"kind": words.get(self.kind, legible(self.kind)), "text": legible(self.text)}

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Read the data of a ``P``; ``None`` if they are empty."""
        text = data.decode("utf-8", "surrogateescape")
        return cls(text[0], text[1:]) if text else None


@dataclass(frozen=True, slots=True)
class VehicleError:
    """The text of an alert of kind ``E``: ``<vehicle type>,<code>,<data>``."""

    vehicle_type: str
    code: int
    data: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read the text of an error alert; ``None`` if it is not of that form."""
        vehicle_type, code, data = (*text.split(",", 2), "", "", "")[:3]
        if not (code.isascii() and code.isdecimal() and len(code) <= 9):
            return None
        return cls(vehicle_type, int(code), data)


@dataclass(frozen=True, slots=True)
class AlertSubscription:
    """One app's subscription to the alerts of one vehicle, from a ``p``.

    ``vehicle_id`` and ``secret`` are empty in the simple form, which is about the session's own
    vehicle. ``key`` is what the channel needs, such as a device token or a mail address.
    """

    app_id: str
    push_type: str
    key_type: str
    vehicle_id: str
    secret: str
    key: str

    @property
    def is_simple(self) -> bool:
        """Return whether it is about the session's own vehicle, and so needs no secret."""
        return self.key_type == SIMPLE

    @property
    def ends(self) -> bool:
        """Return whether it ends a subscription."""
        return self.push_type == "mail" and self.key == UNSUBSCRIBE


def parse_subscriptions(data: bytes) -> tuple[AlertSubscription, ...]:
    """Read the data of a ``p``: ``<app>,<push type>,<key type>{,<vehicle>,<secret>,<key>}``.

    With one triple the secret may contain commas, since the key is the last field. The guide has
    several triples; see :func:`_triples`. The result is empty for a malformed message.
    """
    fields = data.decode("utf-8", "surrogateescape").split(",")
    if len(fields) == 4 and fields[2] == SIMPLE:
        app_id, push_type, key_type, key = fields
        return (AlertSubscription(app_id, push_type, key_type, "", "", key),)
    if len(fields) < 6 or not fields[0]:
        return ()
    app_id, push_type, key_type = fields[:3]
    return tuple(
        AlertSubscription(app_id, push_type, key_type, *triple) for triple in _triples(fields[3:])
    )


def _triples(fields: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield vehicle, secret and key of each triple.

    More than three fields can be several triples, or one whose secret has commas. Both occur, so
    both readings are yielded: only the right one has a secret that the server knows.
    """
    yield fields[0], ",".join(fields[1:-1]), fields[-1]
    if len(fields) > 3 and len(fields) % 3 == 0:
        for at in range(0, len(fields), 3):
            vehicle, secret, key = fields[at : at + 3]
            yield vehicle, secret, key
