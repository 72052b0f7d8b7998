"""Where a bus is: ``INTERFACE:CHANNEL`` and further options for python-can."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_OPTION = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)

OURS = frozenset({"interface", "channel", "bitrate", "can_filters", "ignore_config"})
"""Options of python-can that have an option of their own."""


class PlaceError(ValueError):
    """The text does not name a bus."""


@dataclass(frozen=True, slots=True)
class BusPlace:
    """A bus that can be opened."""

    interface: str
    channel: str
    bitrate: int | None = None
    """Bits a second; ``None`` leaves it to the interface."""
    options: dict[str, Any] = field(default_factory=dict)
    bus: str = ""
    """What the vehicle type calls it; empty if it is the only one."""

    def __str__(self) -> str:
        """Return the place as it was given."""
        return f"{self.interface}:{self.channel}"


def parse_place(text: str, bitrate: int | None, options: Iterable[str] = ()) -> BusPlace:
    """Parse ``[BUS=]INTERFACE:CHANNEL`` and ``KEY=VALUE`` options. Raise :class:`PlaceError`."""
    bus, text = _split_bus(text)
    interface, colon, channel = text.partition(":")
    if not colon or not channel:
        raise PlaceError(f"{text!r} is not INTERFACE:CHANNEL, as in socketcan:can0")
    import can  # only here: a simulated car works without it

    if interface not in can.VALID_INTERFACES:
        known = ", ".join(sorted(can.VALID_INTERFACES))
        raise PlaceError(f"python-can has no interface {interface!r}: use one of {known}")
    return BusPlace(interface, channel, bitrate, dict(map(_parse_option, options)), bus)


def _split_bus(text: str) -> tuple[str, str]:
    """Return the name of the bus and the rest. A channel may have an equals sign, too."""
    bus, equals, rest = text.partition("=")
    return (bus, rest) if equals and ":" not in bus else ("", text)


def _parse_option(text: str) -> tuple[str, Any]:
    found = _OPTION.fullmatch(text)
    if found is None:
        raise PlaceError(f"{text!r} is not KEY=VALUE, as in tty_baudrate=1000000")
    if found[1] in OURS:
        raise PlaceError(f"{found[1]} is not given as an option of its own")
    from can.util import cast_from_string

    return found[1], cast_from_string(found[2])
