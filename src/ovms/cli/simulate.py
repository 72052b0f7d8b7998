"""``ovms vehicle-type simulate``: a simulated car on a bus, to try the module against."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from ovms.base import logs
from ovms.base.clock import SystemClock
from ovms.base.tasks import run_until_signal
from ovms.car.bus.live import LiveBus
from ovms.car.bus.place import PlaceError, parse_place
from ovms.car.bus.slcan import SlcanPort
from ovms.car.drivers import ClockDriver
from ovms.car.frames import Frame
from ovms.car.trust import Trust
from ovms.car.vehicles.data.problems import VehicleTypeError
from ovms.car.vehicles.interface import MAPPING
from ovms.car.vehicles.simulation import Simulation
from ovms.cli.common import fail, refuse

TICK = 0.1
"""Seconds between looks at what the car sends by itself."""

BEHIND = 50.0
"""Seconds that the car of obd2 has already stood, so that it drives off within two minutes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options say of a simulation."""

    pin: str = "1234"
    vin: str | None = None
    seed: int = 0
    say: Callable[[str], object] = print
    """Called with what the car does."""


def _make_roadster(wanted: Wanted) -> Simulation:
    from ovms.car.vehicles.roadster.simulated import VIN, SimulatedRoadster

    return SimulatedRoadster(pin=wanted.pin, vin=wanted.vin or VIN, say=wanted.say)


def _make_obd2(wanted: Wanted) -> Simulation:
    from ovms.car.vehicles.obd2.simulated import SimulatedCar

    return SimulatedCar(vin=wanted.vin, seed=wanted.seed, behind=BEHIND, say=wanted.say)


SIMULATIONS: dict[str, Callable[[Wanted], Simulation]] = {
    "roadster": _make_roadster,
    "obd2": _make_obd2,
}
"""The cars that can be simulated on a bus by a program of their own; any folder can be, too."""


def _find_simulation(name: str) -> Callable[[Wanted], Simulation]:
    """Return what makes the car of a name or a folder; ends the command if there is none."""
    if name in SIMULATIONS:
        return SIMULATIONS[name]
    from ovms.car.vehicles.data.folder import read_folder
    from ovms.car.vehicles.data.simulated import SimulatedType

    if not (Path(name) / MAPPING).is_file():
        refuse(
            f"no simulation {name!r}: use one of {', '.join(SIMULATIONS)}, or the folder of a"
            f" vehicle type, with a {MAPPING}"
        )
    try:
        kind = read_folder(Path(name))
    except VehicleTypeError as error:
        fail(f"{error.problems[0]} (see ovms vehicle-type check {name})")
    return lambda wanted: SimulatedType(
        kind, vin=wanted.vin, seed=wanted.seed, behind=BEHIND, say=wanted.say
    )


def simulate(
    name: Annotated[
        str,
        typer.Argument(
            metavar="|".join((*SIMULATIONS, "FOLDER")),
            help="Which car, or a vehicle type's folder.",
        ),
    ],
    can: Annotated[
        str | None,
        typer.Option(
            metavar="INTERFACE:CHANNEL",
            show_default="a new pseudo-terminal",
            help="Put it on this bus, as python-can reaches it.",
        ),
    ] = None,
    link: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Have the pseudo-terminal under this name, too."),
    ] = None,
    pin: Annotated[str, typer.Option(help="The car's PIN.")] = "1234",
    vin: Annotated[str | None, typer.Option(help="Its VIN.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Makes the drives of obd2, and of a folder, repeatable.")
    ] = None,
) -> None:
    """Put a simulated car on a bus, and tell what it does.

    Without --can it is reached as by a serial CAN adapter (slcan), so that a module can be tried on
    one machine without any hardware; the line that is printed says how. The car of a folder drives
    and charges by itself, sends what its type reads, and answers requests; it obeys no commands.
    """
    make = _find_simulation(name)
    if can is not None and link is not None:
        refuse("--link is for the pseudo-terminal: not with --can")
    if not (pin.isascii() and pin.isdigit() and len(pin) <= 8):
        refuse("--pin must be 1 to 8 digits")
    if vin is not None and not (vin.isascii() and vin.isalnum() and len(vin) == 17):
        refuse("--vin must be 17 letters and digits")
    chosen = secrets.randbits(32) if seed is None else seed
    car = make(Wanted(pin, vin, chosen, lambda text: print(text, flush=True)))
    work = _on_bus(car, name, can) if can else _on_port(car, name, link)
    with logs.running("info", "text"):
        asyncio.run(run_until_signal(work))


async def _on_port(car: Simulation, name: str, link: Path | None) -> None:
    time = ClockDriver(clock=SystemClock())

    def take(frame: Frame) -> None:
        for answer in car.receive(frame, time.now):
            port.send(answer)

    try:
        port = SlcanPort(take, link)
    except OSError as error:
        fail(f"{error.filename or link or 'pseudo-terminal'}: {error.strerror or error}")
    port.open()
    place = f"slcan:{link or port.path}"
    if name not in SIMULATIONS and os.sep not in name:
        name = os.path.join(".", name)  # noqa: PTH118 (a path drops the dot)
    print(f"{name} on {place}", flush=True)
    print(f"a module for it: ovms car --type {name} --can {place} --can-trust ask …", flush=True)
    try:
        while True:
            for frame in car.poll(time.now):
                port.send(frame)
            await asyncio.sleep(TICK)
    finally:
        port.close()


async def _on_bus(car: Simulation, name: str, can: str) -> None:
    try:
        place = parse_place(can, None)
    except PlaceError as error:
        refuse(f"--can: {error}")
    time = ClockDriver(clock=SystemClock())
    bus = LiveBus(place, Trust.WRITE, random=Random())  # noqa: S311 (jitter)
    bus.open()
    print(f"{name} on {place}", flush=True)
    try:
        while True:
            frames = await bus.receive(TICK)
            now = time.now
            answers = [answer for frame in frames for answer in car.receive(frame, now)]
            await bus.send([*answers, *car.poll(now)])
    finally:
        await bus.close()
