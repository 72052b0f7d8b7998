"""``ovms demo``: a server with four cars that live, on this machine only, and what they do."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from shlex import quote
from socket import socket
from typing import Annotated, Final

import typer
import uvloop

from ovms.base import logs
from ovms.base.clock import SystemClock
from ovms.base.logqueue import LogQueue
from ovms.base.paths import default_data_dir
from ovms.car.calling import call_server
from ovms.car.drivers import ClockDriver, Driver, Replay
from ovms.car.link import Link
from ovms.car.module import Module
from ovms.car.recordings.recording import Recording
from ovms.car.reports import Units
from ovms.car.tokens import TokenMemory
from ovms.car.vehicles.interface import CarVehicle
from ovms.car.vehicles.roadster import Roadster
from ovms.car.vehicles.roadster.demo import DEMO_RECORDING
from ovms.car.vehicles.sim import SimCar
from ovms.cli.common import fail, refuse
from ovms.cli.demo.cars import MOVING, ROADSTER, SIMULATED
from ovms.cli.demo.events import CarEvents
from ovms.cli.demo.relay import DemoRelay
from ovms.cli.demo.vehicles import HOST, OWNER, SECRET, Past, set_up
from ovms.server.certificate import BadCertificate
from ovms.server.data_folder import AlreadyRunning
from ovms.server.http.web_files import FOLDER
from ovms.server.http.web_options import DemoLogin
from ovms.server.listener import CannotListen, Ports, reserve
from ovms.server.server import serve, stopping_on_signals
from ovms.server.settings import ServerSettings
from ovms.server.storage.errors import StoreError

USUAL_PORTS: Final = {"port": 6867, "tls_port": 6870, "http_port": 6868}

INTERVALS: Final = (5.0, 2.0)
"""Real seconds between two reports, while no app watches and while one does: it costs nobody."""

LOOK: Final = 0.5
"""Seconds between two looks at what the cars do."""

MOST_SPEED: Final = 3600.0
"""Seconds of the cars in a real one; beyond, their weeks pass before anybody has read a line."""


def demo(
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the demo; made on first start.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, show_default="6867, or a free one", help="Port on loopback."
        ),
    ] = None,
    tls_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, show_default="6870, or a free one", help="Port for TLS on loopback."
        ),
    ] = None,
    http_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, show_default="6868, or a free one", help="Port for HTTP on loopback."
        ),
    ] = None,
    speed: Annotated[
        float, typer.Option(help="The cars' seconds in each second, up to 3600.")
    ] = 1.0,
    log_level: Annotated[str, typer.Option(help="Least level to log.")] = "warning",
) -> None:
    """Run a server with four demo cars, on this machine only, and tell what they do.

    One drives, one charges fast, one sleeps after three weeks of trips, one is a recording. One of
    the first two is nearly always on the road. Started again, they go on where the server last
    heard of them. It prints what to try elsewhere.
    """
    if log_level not in logs.LEVELS:
        refuse(f"no log level {log_level!r}")
    if not (math.isfinite(speed) and 0 < speed <= MOST_SPEED):
        refuse(f"--speed must be a number above 0, up to {MOST_SPEED:.0f}")
    _check_different({"--port": port, "--tls-port": tls_port, "--http-port": http_port})
    folder = data or default_data_dir() / "demo"
    wanted = {"port": port, "tls_port": tls_port, "http_port": http_port}
    try:
        with reserve_ports(wanted) as sockets:
            ports = {name: each[0].getsockname()[1] for name, each in sockets.items()}
            settings = ServerSettings(
                data=folder, host=[HOST], plain=True, tls=True, http=True, https_port=0, **ports
            )
            past = set_up(folder, _say)
            with logs.running(log_level, "text") as log_queue:
                uvloop.run(_run(settings, sockets, past, speed, log_queue))
    except (AlreadyRunning, BadCertificate, CannotListen, StoreError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or 'the demo'}: {error.strerror or error}")


def _say(text: str) -> None:
    print(f"ovms demo: {text}", flush=True)


def _check_different(ports: Mapping[str, int | None]) -> None:
    """End the program if two options name one port."""
    named: dict[int, str] = {}
    for option, port in ports.items():
        if port and named.setdefault(port, option) != option:
            refuse(f"{named[port]} and {option} must differ")


@contextmanager
def reserve_ports(wanted: Mapping[str, int | None]) -> Iterator[dict[str, list[socket]]]:
    """Yield sockets for each port, which nobody else can take from now on.

    Where none is wanted, it is the usual port, or a free one if that is taken.
    """
    sockets: dict[str, list[socket]] = {}
    with ExitStack() as stack:
        for name in sorted(wanted, key=lambda each: wanted[each] is None):  # named ones first
            sockets[name] = _reserve(wanted[name], USUAL_PORTS[name])
            for each in sockets[name]:
                stack.callback(each.close)
        yield sockets


def _reserve(wanted: int | None, usual: int) -> list[socket]:
    if wanted is not None:
        return reserve([HOST], wanted)
    try:
        return reserve([HOST], usual)
    except CannotListen:
        return reserve([HOST], 0)


@dataclass(frozen=True, slots=True)
class RunningCar:
    """A car of the demo: its link, and what it does in words."""

    id: str
    link: Link
    events: CarEvents


async def _run(
    settings: ServerSettings,
    reserved: Mapping[str, list[socket]],
    past: Past,
    speed: float,
    log_queue: LogQueue,
) -> None:
    stop = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []

    def on_ready(ports: Ports) -> None:
        assert ports.mp is not None  # the demo opens both ports, whatever variables say
        cars, relay = _make_cars(past, ports.mp, speed)
        output.put(_welcome(ports, settings.data, past))
        tasks.extend(asyncio.create_task(car.link.run()) for car in cars)
        tasks.append(asyncio.create_task(_tell(cars, relay, output.put)))
        tasks.append(asyncio.create_task(_warm(ports.http)))

    with log_queue.beside(sys.stdout) as output, stopping_on_signals(stop):
        try:
            login = DemoLogin(OWNER, SECRET)
            await serve(settings, stop, on_ready=on_ready, demo=login, reserved=reserved)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _warm(port: int | None) -> None:
    """Ask for what the first visitor would wait for a second or two: the server imports it then."""
    if port is not None:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(b"GET /api/v1/web HTTP/1.0\r\n\r\n")
            await reader.read()
            writer.close()


async def _tell(cars: list[RunningCar], relay: DemoRelay, put: Callable[[str], object]) -> None:
    """Keep a car on the road, and put a line for each thing that a car does, for ever."""
    while True:
        relay.look()
        for car in cars:
            for text in car.events.look(car.link.module.watchers, time.monotonic()):
                put(f"{time.strftime('%H:%M:%S')}  {car.id:<9} {text}")
        await asyncio.sleep(LOOK)


def _make_cars(past: Past, port: int, speed: float) -> tuple[list[RunningCar], DemoRelay]:
    clock = SystemClock()
    cars, moving = [], []
    for demo_car in SIMULATED:
        driver = ClockDriver(clock=clock, speed=speed, tick=LOOK)
        vehicle: SimCar = demo_car.go_on(driver.now, past.latest[demo_car.id])
        cars.append(_make_car(demo_car.id, vehicle, driver, Units.KILOMETRES, port, speed))
        if demo_car in MOVING:
            moving.append(vehicle)
    roadster = Roadster()
    frames = Recording(DEMO_RECORDING).frames
    replay = Replay(roadster, frames, clock=clock, speed=speed, loop=True)
    cars.append(_make_car(ROADSTER, roadster, replay, Units.MILES, port, speed))
    return cars, DemoRelay(moving)


def _make_car(
    vehicle_id: str, vehicle: CarVehicle, driver: Driver, units: Units, port: int, speed: float
) -> RunningCar:
    alone, watched = INTERVALS
    intervals = (alone * speed, watched * speed)
    link = Link(
        Module(vehicle, units, vehicle_id, clock=SystemClock(), intervals=intervals),
        driver,
        partial(call_server, HOST, port, vehicle_id, SECRET.encode(), TokenMemory()),
        random=Random(),  # noqa: S311 (jitter)
        names={"vehicle": vehicle_id},
    )
    return RunningCar(vehicle_id, link, CarEvents(vehicle.state))


def _welcome(ports: Ports, folder: Path, past: Past) -> str:
    """Return what runs, and what to try, as a shell takes it."""
    command = _command()
    data, certificate = (quote(str(path)) for path in (folder, folder / "tls" / "cert.pem"))
    secret = f"--secret {SECRET}"
    call = f"http://{HOST}:{ports.http}/api/status/DEMO?username={OWNER}&password={SECRET}"
    target = f"--server {HOST}:{ports.mp} {secret}"
    secure = f"--server {HOST}:{ports.mp_tls} --tls --ca {certificate} {secret}"
    return f"""\
ovms demo ready: server on {HOST}:{ports.mp}, owner {OWNER}, data in {folder}
Four cars call it. DEMO drives to town and back, DEMO2 far away with fast charges; nearly always one
of the two is on the road. DEMO3 is asleep, behind it {past.summary}. ROADSTER is a recording.
What they do is told below. In another terminal, try

  {command} app watch {target} --vehicle DEMO
  {command} app status {target} --vehicle DEMO2
  {command} app command {target} --vehicle DEMO lock 1234
  {command} app status {secure} --vehicle ROADSTER
  curl '{call}'
  {command} history DEMO3 --data {data}
  {command} journeys trips DEMO3 --data {data}
  {command} journeys sums DEMO3 --by week --data {data}
  {command} vehicle list --data {data}

{_pages(ports)}
Stop the demo with Ctrl-C."""


def _pages(ports: Ports) -> str:
    """Return what a browser shows."""
    place = f"http://{HOST}:{ports.http}"
    if not (FOLDER / "index.html").exists():
        return f"There are no pages (the web app is not built), but the API's: {place}/docs."
    return f"A browser shows the cars at {place}/demo, and the API at {place}/docs."


def _command() -> str:
    """Return the words that start this program from where the user is."""
    if shutil.which("ovms"):
        return "ovms"
    program = Path(sys.argv[0])
    if program.name != "ovms":
        return f"{quote(sys.executable)} -m ovms"
    return quote(os.path.relpath(program))
