"""What the simulated car does on command. A command that fails changes nothing.

The module has checked that parameters are well-formed (:mod:`ovms.car.parameter_types`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ovms.car.vehicles.sim.charging import BY_REQUEST
from ovms.car.vehicles.sim.thermal import COOLDOWN_TO
from ovms.protocol.commands import Answer, Command, Result

if TYPE_CHECKING:
    from ovms.car.vehicles.sim.car import SimCar

COOLDOWN_FOR, CLIMATE_FOR = 3600.0, 600.0
"""The longest cooldown, and the longest climate control in a parked car, in seconds."""

Parameters = tuple[str, ...]


class SimCommandFailed(Exception):
    """The car does not carry out the command; the text says why."""


def execute(car: SimCar, command: Command) -> Answer:
    """Carry out ``command``, one of :data:`HANDLERS`. Return its answer."""
    try:
        HANDLERS[command.number](car, command.parameters)
    except SimCommandFailed as error:
        return Answer(command.number, Result.FAILED, str(error))
    car.wake()
    return Answer(command.number, Result.OK)


def _check_pin(car: SimCar, parameters: Parameters) -> None:
    if parameters[0] != car.pin:
        raise SimCommandFailed("wrong PIN")


def _set_mode(car: SimCar, parameters: Parameters) -> None:
    car.charging.mode = int(parameters[0])


def _start_charge(car: SimCar, parameters: Parameters) -> None:
    charging = car.charging
    if not charging.is_plugged:
        raise SimCommandFailed("the car is not plugged in")
    if charging.is_active:
        raise SimCommandFailed("the car is charging already")
    if car.pack.soc >= charging.target:
        raise SimCommandFailed("the battery is full for this charge mode")
    charging.start(BY_REQUEST)


def _stop_charge(car: SimCar, parameters: Parameters) -> None:
    if not car.charging.is_active:
        raise SimCommandFailed("the car is not charging")
    car.charging.stop(car.time)


def _set_current(car: SimCar, parameters: Parameters) -> None:
    car.charging.limit = int(parameters[0])


def _set_mode_and_current(car: SimCar, parameters: Parameters) -> None:
    car.charging.mode, car.charging.limit = map(int, parameters)


def _set_timer(car: SimCar, parameters: Parameters) -> None:
    car.charging.timer_mode, car.charging.timer_start = map(int, parameters)


def _wake(car: SimCar, parameters: Parameters) -> None:
    """Only wake the car up: an awake car reads its temperatures."""


def _press_homelink(car: SimCar, parameters: Parameters) -> None:
    """Press a HomeLink button: it opens a garage door, not one of the car's."""
    car.homelink = int(parameters[0])


def _lock(car: SimCar, parameters: Parameters) -> None:
    _check_pin(car, parameters)
    if car.body.left_door:
        raise SimCommandFailed("a door is open")
    car.body.is_locked = True


def _unlock(car: SimCar, parameters: Parameters) -> None:
    _check_pin(car, parameters)
    car.body.is_locked = car.body.alarm = False


def _valet(car: SimCar, parameters: Parameters) -> None:
    _check_pin(car, parameters)
    car.body.valet = True


def _unvalet(car: SimCar, parameters: Parameters) -> None:
    _check_pin(car, parameters)
    car.body.valet = False


def _cool_down(car: SimCar, parameters: Parameters) -> None:
    if car.thermal.battery <= COOLDOWN_TO:
        raise SimCommandFailed("the battery is cool")
    car.cooldown_until = car.time + COOLDOWN_FOR


def _climate(car: SimCar, parameters: Parameters) -> None:
    is_wanted = parameters[0] == "1"
    car.climate_until = car.time + CLIMATE_FOR if is_wanted else car.time
    car.body.hvac = car.is_conditioned


HANDLERS: dict[int, Callable[[SimCar, Parameters], None]] = {
    10: _set_mode,
    11: _start_charge,
    12: _stop_charge,
    15: _set_current,
    16: _set_mode_and_current,
    17: _set_timer,
    18: _wake,
    19: _wake,
    20: _lock,
    21: _valet,
    22: _unlock,
    23: _unvalet,
    24: _press_homelink,
    25: _cool_down,
    26: _climate,
}
"""The commands that the car carries out."""
