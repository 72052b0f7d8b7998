"""Which bus a frame came from: a recording's channels, and the buses that a vehicle type names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

_NUMBERED = re.compile(r"(?:v?can|bus)?0*(\d+)", re.ASCII | re.IGNORECASE)


class ChannelError(ValueError):
    """The channels that are asked for do not fit the vehicle type or the recording."""


def find_channel(name: str, known: Iterable[str]) -> str | None:
    """Return the channel that a name means: ``can2`` is ``CAN2``, and else ``2``."""
    known = list(known)
    for each in known:
        if each.casefold() == name.casefold():
            return each
    number = _NUMBERED.fullmatch(name)
    if number is None:
        return None
    return next(
        (each for each in known if (other := _NUMBERED.fullmatch(each)) and other[1] == number[1]),
        None,
    )


def split_choice(text: str, buses: Collection[str]) -> tuple[str, str | None]:
    """Return the channel and the bus that ``[BUS=]CHANNEL`` means; ``None`` if no bus is named.

    Raise :class:`ChannelError` if that is not clear for a type that names these ``buses``.
    """
    bus, equals, channel = text.partition("=")
    if not equals:
        bus, channel = "", text
    if not channel:
        raise ChannelError(f"{text!r} is not [BUS=]CHANNEL, as in can0")
    if equals and bus not in buses:
        known = f"it names {', '.join(sorted(buses))}" if buses else "it names none"
        raise ChannelError(f"the vehicle type names no bus {bus}: {known}")
    if equals or not buses:
        return channel, bus or None
    if len(buses) == 1:
        return channel, next(iter(buses))
    found = find_channel(channel, buses)
    if found is None:
        raise ChannelError(
            f"which bus is {channel}? BUS={channel}, with BUS one of {', '.join(sorted(buses))}"
        )
    return channel, found


def name_channels(channels: Sequence[str], buses: Collection[str]) -> dict[str, str]:
    """Return which of a type's buses the channels of a recording are, as far as that is clear."""
    named = {
        channel: bus for channel in channels if (bus := find_channel(channel, buses)) is not None
    }
    if not named and len(channels) == len(buses) == 1:
        return dict(zip(channels, buses, strict=True))
    return named


def list_channels(channels: Sequence[str]) -> str:
    """Return channels as a text."""
    return ", ".join(channel or "one without a name" for channel in channels)
