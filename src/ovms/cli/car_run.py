"""A car of the command line at work: its parts put together, and run until the end."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import ssl
import sys
from collections.abc import Awaitable
from pathlib import Path
from random import Random
from typing import NoReturn

from ovms.base.clock import SystemClock
from ovms.base.systemd import notifier
from ovms.base.tasks import run_until_first_ends
from ovms.car.bus.live import LiveBus
from ovms.car.delivery_store import FIRST_CODES, DeliveryStore, DiskJournal, JournalError, NoJournal
from ovms.car.drivers import Driver
from ovms.car.link import Link
from ovms.car.linkstate import LinkState
from ovms.car.modem.serial_modem import BAUD_RATES, SerialModem
from ovms.car.module import Module
from ovms.car.parameter_file import ParameterFile
from ovms.car.settings import sound
from ovms.car.vehicles.interface import CarVehicle
from ovms.cli.car_identity import ModuleIdentity
from ovms.cli.common import fail, refuse
from ovms.cli.link import find_place
from ovms.net.address import PLAIN_PORT, TLS_PORT, parse_address
from ovms.net.client import ClientConnection, connect
from ovms.protocol import Role
from ovms.protocol.crypto import make_token
from ovms.protocol.paranoid import Sealer


def start_anew() -> NoReturn:
    """Become the same program with the same arguments, from its beginning."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (no shell is meant)


def open_journal(folder: Path | None, vehicle: str) -> NoJournal | DiskJournal:
    """Open what keeps records until they are delivered. A folder of no use ends the command."""
    first_code = 1 + secrets.randbelow(FIRST_CODES)
    try:
        return DiskJournal.open(folder, vehicle, first_code) if folder else NoJournal(first_code)
    except JournalError as error:
        fail(str(error))


def make_link(
    identity: ModuleIdentity,
    vehicle: CarVehicle,
    driver: Driver,
    group: str,
    tls: ssl.SSLContext | None,
    websocket: bool,
    journal: DeliveryStore,
    modem: SerialModem | None,
    parameter_store: ParameterFile | None,
    restarts: bool,
) -> Link:
    """Put a module into the vehicle, and join it to its server.

    Who it is and whom it calls is looked up at each call: a command may have changed it. What it
    seals with stays until the next start.
    """
    find_place(identity.server, tls)
    now = identity.changed_by(dict(sound(parameter_store.load())) if parameter_store else {})
    module = Module(
        vehicle,
        identity.units,
        identity.vehicle,
        sealer=Sealer.make(now.paranoid, make_token(os.urandom)) if now.paranoid else None,
        group=group,
        clock=SystemClock(),
        journal=journal,
        modem=modem,
        parameters=identity.parameters,
        parameter_store=parameter_store,
        restarts=restarts,
    )

    state = LinkState(SystemClock())

    def call() -> Awaitable[ClientConnection]:
        who = identity.changed_by(module.settings.changed)
        place = parse_address(who.server, PLAIN_PORT if tls is None else TLS_PORT)
        assert place is not None
        host, port = place
        state.call(f"{host}:{port}", who.vehicle)
        return connect(
            *(host, port, Role.CAR, who.vehicle, who.secret.encode()), tls=tls, websocket=websocket
        )

    return Link(
        module,
        driver,
        call,
        random=Random(),  # noqa: S311 (jitter)
        names={"vehicle": now.vehicle, "server": now.server},
        state=state,
    )


def make_modem(path: str | None, baud: int) -> SerialModem | None:
    """Make the modem, if there is one."""
    if baud not in BAUD_RATES:
        refuse(f"--modem-baud must be one of {', '.join(map(str, BAUD_RATES))}")
    return SerialModem(path, baud, random=Random()) if path else None  # noqa: S311 (jitter)


async def run(link: Link, modem: SerialModem | None, bus: LiveBus | None) -> bool:
    """Run a link to its end, or until SIGINT or SIGTERM; tell whether it came to its end."""
    if bus is None:
        return await _run_until_told(link, modem)
    bus.open()
    try:
        return await _run_until_told(link, modem)
    finally:
        await bus.close()


async def _run_until_told(link: Link, modem: SerialModem | None) -> bool:
    loop = asyncio.get_running_loop()
    work = asyncio.create_task(
        run_until_first_ends(link.run(), modem.run()) if modem else link.run()
    )

    def stop() -> None:
        notifier().tell(STOPPING=1)
        work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await work
    except asyncio.CancelledError:
        return False
    return True
