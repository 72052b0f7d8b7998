"""Frames of a Roadster's bus, made from values by the DBC file."""

from __future__ import annotations

from collections.abc import Iterator

from ovms.car.frames import Frame
from ovms.car.vehicles.roadster import roadster_type

BUS_VDS, BUS_DASHBOARD, BUS_TYRES = 0x100, 0x102, 0x344
"""The ids of the vehicle display, the dashboard unit and the tyre sensors."""

Signals = dict[str, float]
"""Values by the DBC file's names, in its units."""


def make_frame(time: float, bus_id: int, signals: Signals) -> Frame:
    """Return a frame. As on the real bus it ends behind its last signal."""
    (message,) = roadster_type().bus.messages_of(bus_id, is_extended=False)
    used = (message.get_signal_by_name(name) for name in signals)
    length = max((signal.start + signal.length) // 8 for signal in used)
    data = message.encode(signals, strict=False, padding=False)
    return Frame(time, bus_id, data[:length])


def vin_signals(vin: str) -> Iterator[Signals]:
    """Yield the values of the three frames of a VIN with 17 characters."""
    for kind, name, piece in (
        (0xA4, "Vin1", vin[:7]),
        (0xA5, "Vin2", vin[7:14]),
        (0xA6, "Vin3", vin[14:]),
    ):
        yield {"Kind": kind, name: int.from_bytes(piece.encode(), "little")}
