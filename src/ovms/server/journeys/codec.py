"""Journeys as bytes and back: what the storage keeps of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from ovms.server.journeys.values import Charge, Journey, JourneyKind, Parked, Trip

JOURNEY_TYPES: Final[dict[JourneyKind, type[Trip | Charge | Parked]]] = {
    JourneyKind.TRIP: Trip,
    JourneyKind.CHARGE: Charge,
    JourneyKind.PARKED: Parked,
}

KINDS: Final[dict[type[Journey], JourneyKind]] = {
    each: kind for kind, each in JOURNEY_TYPES.items()
}

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODERS: Final = {
    kind: msgspec.msgpack.Decoder(each, strict=False) for kind, each in JOURNEY_TYPES.items()
}


def kind_of(journey: Journey) -> JourneyKind:
    """Return what kind of journey it is."""
    return KINDS[type(journey)]


def encode_journey(journey: Journey) -> bytes:
    """Return a journey as bytes, with its track or curve."""
    return _ENCODER.encode(journey)


def decode_journey(kind: JourneyKind, data: bytes) -> Trip | Charge | Parked:
    """Return the journey that was encoded. Raises :class:`msgspec.MsgspecError` for others."""
    return _DECODERS[kind].decode(data)


def without_points(journey: Journey) -> Journey:
    """Return a journey without its track or curve."""
    if isinstance(journey, Trip):
        return replace(journey, track=())
    return replace(journey, curve=()) if isinstance(journey, Charge) else journey
