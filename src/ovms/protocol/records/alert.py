"""``P``: an alert, and ``p``: who wants alerts pushed where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Self

from ovms.protocol.messages import Message
from ovms.protocol.records.record import JsonValue, legible

PUSH_TYPES = ("apns", "gcm", "expo", "mail")
SIMPLE = "simple"
"""In the place of a key type: subscribe the session's own vehicle, without a password."""
UNSUBSCRIBE = "-"
"""As the key of a ``mail`` subscription: end it."""


class AlertKind(Enum):
    """The first byte of a ``P``."""

    ALERT = "A"
    INFORMATION = "I"
    ERROR = "E"


@dataclass(frozen=True, slots=True)
class Alert:
    """``P<kind><text>``. ``kind`` is one character, an :class:`AlertKind` or one not known."""

    CODE: ClassVar = "P"
    extra: ClassVar[tuple[str, ...]] = ()

    kind: str
    text: str

    @property
    def message(self) -> Message:
        """The message that carries the alert."""
        return Message(self.CODE, self.encode())

    def encode(self) -> bytes:
        """Write the data of the message."""
        return (self.kind + self.text).encode("utf-8", "surrogateescape")

    def as_json(self) -> dict[str, JsonValue]:
        """Name kind and text; a known kind by its word."""
        words = {kind.value: kind.name.lower() for kind in AlertKind}
        return {"kind": words.get(self.kind, legible(self.kind)), "text": legible(self.text)}

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Read the data of a ``P``; ``None`` for an empty one."""
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
class Subscription:
    """One vehicle's alerts, wanted by one app: a line of a ``p``.

    ``vehicle_id`` and ``secret`` are empty in the simple form, which means the session's own
    vehicle. ``key`` is what the channel needs: a device token, a mail address.
    """

    app_id: str
    push_type: str
    key_type: str
    vehicle_id: str
    secret: str
    key: str

    @property
    def is_simple(self) -> bool:
        """It is about the session's own vehicle, and needs no proof."""
        return self.key_type == SIMPLE

    @property
    def ends(self) -> bool:
        """It ends a subscription rather than making one."""
        return self.push_type == "mail" and self.key == UNSUBSCRIBE


def parse_subscriptions(data: bytes) -> tuple[Subscription, ...]:
    """Read the data of a ``p``: ``<app>,<push type>,<key type>{,<vehicle>,<secret>,<key>}``.

    With one triple the secret may hold commas, since the key is the last field. Several triples,
    as the guide has them, are read as such when their fields make whole triples and no secret
    could have held them: see :func:`_triples`. Returns nothing for a malformed message.
    """
    fields = data.decode("utf-8", "surrogateescape").split(",")
    if len(fields) == 4 and fields[2] == SIMPLE:
        app_id, push_type, key_type, key = fields
        return (Subscription(app_id, push_type, key_type, "", "", key),)
    if len(fields) < 6 or not fields[0]:
        return ()
    app_id, push_type, key_type = fields[:3]
    return tuple(
        Subscription(app_id, push_type, key_type, *triple) for triple in _triples(fields[3:])
    )


def _triples(fields: list[str]) -> Iterator[tuple[str, str, str]]:
    """Cut fields into vehicle, secret and key.

    More than three can be several triples, or one whose secret has commas; both occur. They are
    given in both readings: only one of them proves to know a vehicle's secret.
    """
    yield fields[0], ",".join(fields[1:-1]), fields[-1]
    if len(fields) > 3 and len(fields) % 3 == 0:
        for at in range(0, len(fields), 3):
            vehicle, secret, key = fields[at : at + 3]
            yield vehicle, secret, key
