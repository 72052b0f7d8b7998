"""The Roadster's frames as named signals: what the DBC file beside this module knows of them.

The vehicle display (id 0x100) and the dashboard (0x102) send many messages under one id, told
apart by the first byte, which the file describes as a multiplexer. Frames may be shorter than the
file says; their missing signals are left out.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cantools.database
from cantools.database import Database, DecodeError, Message

from ovms.car.replay import Frame

DBC_FILE = Path(__file__).with_name("roadster.dbc")

Signals = dict[str, float]
"""Signal values by name, in the units of the DBC file: miles, psi, °C."""


@cache
def database() -> Database:
    """Load the DBC file, once."""
    loaded = cantools.database.load_file(DBC_FILE)
    assert isinstance(loaded, Database)
    return loaded


@cache
def _messages() -> dict[int, tuple[Message, frozenset[int] | None]]:
    """Each known id's message, and the first bytes that tell its variants apart, if it has any."""
    return {
        message.frame_id: (message, _variants(message))
        for message in database().messages
        if isinstance(message, Message)
    }


def _variants(message: Message) -> frozenset[int] | None:
    multiplexer = next((item for item in message.signal_tree if isinstance(item, dict)), None)
    if multiplexer is None:
        return None
    (values,) = multiplexer.values()
    return frozenset(values)


def decode(frame: Frame) -> Signals:
    """Give the frame's signals; none for a frame that the file does not know."""
    message, variants = _messages().get(frame.id, (None, None))
    if message is None or frame.is_extended or not frame.data:
        return {}
    if variants is not None and frame.data[0] not in variants:
        return {}
    try:
        signals = message.decode(frame.data, decode_choices=False, allow_truncated=True)
    except DecodeError:  # an inner multiplexer with a value that the file does not know
        return {}
    assert isinstance(signals, dict)
    return {name: value for name, value in signals.items() if isinstance(value, int | float)}
