"""What tests of cars on a bus have in common."""

from __future__ import annotations

from ovms.car.frames import Frame
from ovms.car.vehicles.data import DataVehicle
from ovms.car.vehicles.data.encodings import ValueRefused
from ovms.protocol.commands import Command


def frames_for(car: DataVehicle, command: Command) -> tuple[Frame, ...] | str:
    """Return the frames for a command, counted from the first, or why it is refused."""
    try:
        return car.kind.orders[command.number].make(command)
    except ValueRefused as error:
        return str(error)
