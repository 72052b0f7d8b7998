"""The car that the options of ``ovms car`` name: its vehicle, and what moves it."""

from __future__ import annotations

import math
import secrets
from functools import partial
from pathlib import Path

import typer

from ovms.base.clock import SystemClock
from ovms.base.logs import get_logger
from ovms.base.plugins import BrokenPlugin
from ovms.car.bus.live import LiveBus
from ovms.car.drivers import BusDriver, ClockDriver, Driver, Replay
from ovms.car.replay import RecordingError, open_recording
from ovms.car.vehicles import find_type, vehicle_types
from ovms.car.vehicles.data.problems import VehicleTypeError
from ovms.car.vehicles.interface import MAPPING, BusVehicle, CarVehicle, VehicleOptions
from ovms.car.vehicles.sim import SCENARIOS
from ovms.cli.common import fail, print_table, refuse

log = get_logger("ovms.car")


def check_scenario(name: str | None) -> None:
    """Tell the scenarios and end, if that was asked; refuse one that does not exist."""
    if name == "list":
        print_table(
            ("scenario", "meaning"), [(one.name, one.meaning) for one in SCENARIOS.values()]
        )
        raise typer.Exit
    if name is not None and name not in SCENARIOS:
        refuse(f"no scenario {name!r}: use one of {', '.join(SCENARIOS)}")


def kind_of(kind: str | None, replay: Path | None) -> str:
    """Return the vehicle type that is meant."""
    return kind or ("sim" if replay is None else "roadster")


def check_source(kind: str | None, replay: Path | None, can: str | None) -> None:
    """Refuse a bus that the other options leave no use for."""
    if can is None:
        return
    if replay is not None:
        refuse("--can reads a bus and --replay a recording: give one of them")
    if kind is None:
        refuse("--can needs --type: which car is it (ovms vehicle-type list)?")


def choose_seed(seed: int | None) -> int:
    """Return the seed, or any."""
    return secrets.randbits(32) if seed is None else seed


def make_vehicle(
    kind: str | None, replay: Path | None, can: str | None, options: VehicleOptions
) -> CarVehicle:
    """Make the vehicle that ``--type`` names, or the one that fits the other options."""
    name = kind_of(kind, replay)
    found = find_type(name)
    if found is None and Path(name).is_dir():
        refuse(f"{name} is no vehicle type's folder: there is no {MAPPING} in it")
    if found is None:
        refuse(f"no vehicle type {name!r}: use one of {_known()}, or the path of a type's folder")
    if found.plugin is not None:
        log.info("vehicle type", name=name, package=found.package)
    try:
        vehicle = found.make(options)
    except BrokenPlugin as error:
        fail(f"vehicle type {error}")
    except VehicleTypeError as error:
        more = len(error.problems) - 1
        fail(
            f"{error.problems[0]}"
            + (f" (and {more} more: ovms vehicle-type check)" if more else "")
        )
    if replay is None and can is None and isinstance(vehicle, BusVehicle):
        refuse(f"--type {name} reads a bus: give it with --can, or a recording with --replay")
    if replay is not None and not isinstance(vehicle, BusVehicle):
        refuse(f"--type {name} reads no bus: it cannot replay a recording")
    if can is not None and not isinstance(vehicle, BusVehicle):
        refuse(f"--type {name} reads no bus: --can is not for it")
    return vehicle


def _known() -> str:
    """Return the names of the vehicle types, and of the packages that added some."""
    return ", ".join(
        each.name if each.plugin is None else f"{each.name} ({each.package})"
        for each in vehicle_types()
    )


def make_driver(
    vehicle: CarVehicle, replay: Path | None, bus: LiveBus | None, speed: float, loop: bool
) -> Driver:
    """Make what moves the car on. A recording that cannot be read ends the command."""
    clock = SystemClock()
    if not (math.isfinite(speed) and speed >= 0):
        refuse("--speed must be a number, 0 or more")
    if isinstance(vehicle, BusVehicle) and bus is not None:
        if speed != 1 or loop:
            refuse("--speed and --loop are not for a bus")
        return BusDriver(vehicle, bus, clock=clock)
    if isinstance(vehicle, BusVehicle) and replay is not None:
        try:
            open_recording(replay)
        except RecordingError as error:
            fail(str(error))
        opener = partial(open_recording, replay)
        return Replay(vehicle, opener, clock=clock, speed=speed, loop=loop)
    if loop:
        refuse("--loop needs a recording: --replay FILE")
    if not speed:
        refuse("--speed 0 needs a recording: --replay FILE")
    return ClockDriver(clock=clock, speed=speed)
