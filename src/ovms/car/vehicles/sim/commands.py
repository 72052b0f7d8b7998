"""What the simulated car does on command. Wrong parameters and wrong PINs change nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from ovms.car.vehicles.sim.charging import (
    BY_REQUEST,
    LEAST_CURRENT,
    MINUTES_A_DAY,
    MOST_CURRENT,
    TARGETS,
)
from ovms.car.vehicles.sim.thermal import COOLDOWN_TO
from ovms.protocol.commands import Answer, Command, Result

if TYPE_CHECKING:
    from ovms.car.vehicles.sim.car import SimCar

_NUMBER = re.compile(r"\d{1,5}", re.ASCII)

COOLDOWN_FOR, CLIMATE_FOR = 3600.0, 600.0
"""Seconds that a cooldown, and climate control in a parked car, last at most."""

Parameters = tuple[str, ...]


class CommandFailed(Exception):
    """The car does not obey; the text says why."""


def execute(car: SimCar, command: Command) -> Answer:
    """Obey ``command``, one of :data:`HANDLERS`; give its answer."""
    try:
        HANDLERS[command.number](car, command.parameters)
    except CommandFailed as error:
        return Answer(command.number, Result.FAILED, str(error))
    car.wake()
    return Answer(command.number, Result.OK)


def _expect(parameters: Parameters, *names: str) -> None:
    if len(parameters) != len(names):
        raise CommandFailed(f"expected {' and '.join(names)}")


def _number(text: str, name: str, least: int, most: int) -> int:
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise CommandFailed(f"{name} must be a number from {least} to {most}")
    return int(text)


def _mode(text: str) -> int:
    if text not in map(str, TARGETS):
        raise CommandFailed("mode must be 0 standard; 1 storage; 3 range or 4 performance")
    return int(text)


def _current(text: str) -> int:
    return _number(text, "current", LEAST_CURRENT, MOST_CURRENT)


def _check_pin(car: SimCar, parameters: Parameters) -> None:
    _expect(parameters, "PIN")
    if parameters[0] != car.pin:
        raise CommandFailed("wrong PIN")


def _set_mode(car: SimCar, parameters: Parameters) -> None:
    _expect(parameters, "mode")
    car.charging.mode = _mode(parameters[0])


def _start_charge(car: SimCar, parameters: Parameters) -> None:
    charging = car.charging
    if not charging.is_plugged:
        raise CommandFailed("the car is not plugged in")
    if charging.is_active:
        raise CommandFailed("the car charges already")
    if car.pack.soc >= charging.target:
        raise CommandFailed("the battery is full for this charge mode")
    charging.start(BY_REQUEST)


def _stop_charge(car: SimCar, parameters: Parameters) -> None:
    if not car.charging.is_active:
        raise CommandFailed("the car does not charge")
    car.charging.stop(car.time)


def _set_current(car: SimCar, parameters: Parameters) -> None:
    _expect(parameters, "current")
    car.charging.limit = _current(parameters[0])


def _set_mode_and_current(car: SimCar, parameters: Parameters) -> None:
    _expect(parameters, "mode", "current")
    car.charging.mode, car.charging.limit = _mode(parameters[0]), _current(parameters[1])


def _set_timer(car: SimCar, parameters: Parameters) -> None:
    _expect(parameters, "timer mode", "start time")
    mode = _number(parameters[0], "timer mode", 0, 1)
    minutes = _number(parameters[1], "start time", 0, MINUTES_A_DAY - 1)
    car.charging.timer_mode, car.charging.timer_start = mode, minutes


def _wake(car: SimCar, parameters: Parameters) -> None:
    """Nothing but what every command does."""


def _lock(car: SimCar, parameters: Parameters) -> None:
    _check_pin(car, parameters)
    if car.body.left_door:
        raise CommandFailed("a door is open")
    car.body.is_locked = True


def _unlock(car: SimCar, parameters: Parameters) -> None:
    _check_pin(car, parameters)
    car.body.is_locked = False


def _valet(car: SimCar, parameters: Parameters) -> None:
    _check_pin(car, parameters)
    car.body.valet = True


def _unvalet(car: SimCar, parameters: Parameters) -> None:
    _check_pin(car, parameters)
    car.body.valet = False


def _cool_down(car: SimCar, parameters: Parameters) -> None:
    if car.thermal.battery <= COOLDOWN_TO:
        raise CommandFailed("the battery is cool")
    car.cooldown_until = car.time + COOLDOWN_FOR


def _climate(car: SimCar, parameters: Parameters) -> None:
    _expect(parameters, "1 or 0")
    is_wanted = bool(_number(parameters[0], "climate", 0, 1))
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
    20: _lock,
    21: _valet,
    22: _unlock,
    23: _unvalet,
    25: _cool_down,
    26: _climate,
}
"""The commands the car obeys. Those without parameters ignore any."""
