"""What tests of vehicles have in common."""

from __future__ import annotations

from ovms.car.frames import Frame
from ovms.car.vehicles.data.encodings import ValueRefused
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.car.vehicles.interface import CarVehicle
from ovms.protocol.commands import Answer, Command


def execute(car: CarVehicle, command: Command, now: float = 0) -> Answer:
    """Return the answer to a command that is answered at once."""
    answers: list[Answer] = []
    car.execute(command, now, answers.append)
    (answer,) = answers
    return answer


def frames_for(car: DataVehicle, command: Command) -> tuple[Frame, ...] | str:
    """Return the frames for a command, counted from the first, or why it is refused."""
    try:
        return car.kind.orders[command.number].make(command)
    except ValueRefused as error:
        return str(error)
