"""``ovms demo``: a server with two cars that live, on this machine only."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from shlex import quote
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
from ovms.cli.database import open_database
from ovms.server.accounts.passwords import hash_password
from ovms.server.certificate import BadCertificate
from ovms.server.listener import CannotListen, Ports, bound
from ovms.server.server import AlreadyRunning, serve, stopping_on_signals
from ovms.server.settings import ServerSettings
from ovms.server.storage import queries
from ovms.server.storage.errors import StoreError

OWNER: Final = "demo"
SECRET: Final = "demo"  # noqa: S105 (it protects two cars that do not exist, on loopback)
VEHICLES: Final = {"DEMO": "Simulated car", "ROADSTER": "Recorded Roadster"}
HOST: Final = "127.0.0.1"
PORT: Final = 6867
TLS_PORT: Final = 6870


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
    http_port: Annotated[int, typer.Option(help="Reserved: port for HTTP.")] = 6868,
    log_level: Annotated[str, typer.Option(help="Least level to log.")] = "warning",
) -> None:
    """Run a server with two demo cars, on this machine only, and say what to try."""
    if log_level not in logs.LEVELS:
        refuse(f"no log level {log_level!r}")
    folder = data or default_data_dir() / "demo"
    _make_vehicles(folder)
    if port is not None and port == tls_port != 0:
        refuse("--port and --tls-port must differ")
    try:
        port = _free_port(PORT, tls_port) if port is None else port
        tls_port = _free_port(TLS_PORT, port) if tls_port is None else tls_port
        settings = ServerSettings(
            data=folder,
            host=[HOST],
            port=port,
            plain=True,
            tls=True,
            tls_port=tls_port,
            http_port=http_port,
        )
        with logs.running(log_level, "text") as log_queue:
            uvloop.run(_run(settings, log_queue))
    except (AlreadyRunning, BadCertificate, CannotListen, StoreError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or 'the demo'}: {error.strerror or error}")


def _free_port(usual: int, other: int | None) -> int:
    """Return the usual port, or 0 for a free one where it is taken, or named for the other use."""
    if usual == other:
        return 0
    try:
        with bound([HOST], usual):
            return usual
    except CannotListen:
        return 0


def _make_vehicles(folder: Path) -> None:
    """Make the owner and the vehicles, unless they are there from an earlier demo."""
    with open_database(folder, None, None) as db, db.writing() as connection:
        now = time.time()
        owner = queries.find_owner(connection, OWNER) or queries.add_owner(
            connection, OWNER, now, password_hash=hash_password(SECRET)
        )
        for vehicle, name in VEHICLES.items():
            if queries.find_vehicle(connection, vehicle) is None:
                queries.add_vehicle(connection, vehicle, owner, SECRET, now, name=name)


async def _run(settings: ServerSettings, log_queue: LogQueue) -> None:
    stop = asyncio.Event()
    cars: list[asyncio.Task[None]] = []

    def on_ready(ports: Ports) -> None:
        assert ports.mp is not None  # the demo opens both ports, whatever variables say
        cars.extend(asyncio.create_task(link.run()) for link in _links(ports.mp))
        output.put(_welcome(ports, settings.data))

    with log_queue.beside(sys.stdout) as output, stopping_on_signals(stop):
        try:
            await serve(settings, stop, on_ready=on_ready)
        finally:
            for car in cars:
                car.cancel()
            await asyncio.gather(*cars, return_exceptions=True)


def _links(port: int) -> Iterator[Link]:
    clock = SystemClock()
    sim = SimCar(start=clock.time(), seed=1)
    yield _link("DEMO", sim, ClockDriver(clock=clock), Units.KILOMETRES, port)
    roadster = Roadster()
    frames = Recording(DEMO_RECORDING).frames
    replay = Replay(roadster, frames, clock=clock, loop=True)
    yield _link("ROADSTER", roadster, replay, Units.MILES, port)


def _link(vehicle_id: str, vehicle: CarVehicle, driver: Driver, units: Units, port: int) -> Link:
    return Link(
        Module(vehicle, units, vehicle_id),
        driver,
        partial(call_server, HOST, port, vehicle_id, SECRET.encode(), TokenMemory()),
        random=Random(),  # noqa: S311 (jitter)
        names={"vehicle": vehicle_id},
    )


def _welcome(ports: Ports, folder: Path) -> str:
    """Return what runs, and what to try, as a shell takes it."""
    command = _command()
    data, certificate = (quote(str(path)) for path in (folder, folder / "tls" / "cert.pem"))
    secret = f"--secret {SECRET}"
    target = f"--server {HOST}:{ports.mp} {secret}"
    secure = f"--server {HOST}:{ports.mp_tls} --tls --ca {certificate} {secret}"
    return f"""\
ovms demo ready: server on {HOST}:{ports.mp}, owner {OWNER}, data in {folder}
Two cars are connected: DEMO (simulated, soon drives off) and ROADSTER (a recording). Elsewhere, try

  {command} app watch {target} --vehicle DEMO
  {command} app command {target} --vehicle DEMO lock 1234
  {command} app status {target} --vehicle ROADSTER
  {command} app status {secure} --vehicle DEMO
  {command} vehicle list --data {data}

Stop the demo with Ctrl-C."""


def _command() -> str:
    """Return the words that start this program from where the user is."""
    if shutil.which("ovms"):
        return "ovms"
    program = Path(sys.argv[0])
    if program.name != "ovms":
        return f"{quote(sys.executable)} -m ovms"
    return quote(os.path.relpath(program))
