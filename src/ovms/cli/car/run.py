"""Run one car: put its parts together, and wait for its end."""

from __future__ import annotations

import asyncio
import os
import secrets
import ssl
from collections.abc import Awaitable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec

from ovms.base.clock import SystemClock
from ovms.base.logs import get_logger
from ovms.base.statussocket import telling_status
from ovms.base.systemd import notifier, watchdog_interval
from ovms.base.tasks import run_until_first_ends, run_until_signal
from ovms.car.alert_file import WrittenLimits, with_written
from ovms.car.bus import ManagedBus
from ovms.car.calling import call_server, is_verifying
from ovms.car.delivery_store import (
    FIRST_CODES,
    DeliveryFile,
    DeliveryStoreError,
    NoDeliveryStore,
)
from ovms.car.drivers import Driver
from ovms.car.link import Link, RestartRequested
from ovms.car.linkstate import LinkState
from ovms.car.memory import KnownFile, StateKeeper, StateMemory, handed_over, restore
from ovms.car.modem.serial_modem import SerialModem
from ovms.car.module import Module
from ovms.car.parameter_file import ParameterFile
from ovms.car.parameters import NAMES
from ovms.car.service import attended
from ovms.car.settings import sound
from ovms.car.status import SOCKET, Reporter
from ovms.car.vehicles.interface import CarVehicle
from ovms.car.vehicles.sim import SimCar
from ovms.cli.car.identity import ModuleIdentity
from ovms.cli.common import fail
from ovms.net.address import PLAIN_PORT, TLS_PORT, parse_address
from ovms.net.client import ClientConnection
from ovms.protocol.crypto import make_token
from ovms.protocol.paranoid import Sealer

log = get_logger("ovms.car")


@dataclass(frozen=True, slots=True, kw_only=True)
class CarSetup:
    """What every single car has, apart from its identity and what moves it."""

    kind: str
    """Its vehicle type, as ``--type`` names it."""
    group: str
    tls: ssl.SSLContext | None
    websocket: bool
    state: Path | None
    """The folder of its delivery store, its parameters and its status."""
    parameter_file: ParameterFile | None
    modem: SerialModem | None
    can_restart: bool
    """Whether command 5 may start the program anew with the same arguments."""
    alerts: WrittenLimits
    """What is an event, where it is otherwise than the vehicle has it."""


def open_parameters(folder: Path | None) -> tuple[ParameterFile | None, dict[int, str]]:
    """Open the file of parameters in a state folder; return it and its valid parameters.

    Ends the command if it cannot be read.
    """
    if folder is None:
        return None, {}
    try:
        file = ParameterFile(folder)
        kept = dict(sound(file.load()))
    except OSError as error:
        fail(f"{error.filename or folder}: {error.strerror or error}")
    if kept:
        names = "; ".join(NAMES.get(number, str(number)) for number in sorted(kept))
        log.info("kept parameters count over options", parameters=names)
    return file, kept


def run_car(
    identity: ModuleIdentity,
    setup: CarSetup,
    vehicle: CarVehicle,
    driver: Driver,
    bus: ManagedBus | None = None,
    *,
    is_new: bool = False,
) -> bool:
    """Run a car until it is done or a signal ends it; return whether it is done.

    A car that ``is_new`` does not know what an earlier run has known, unless that was replaced on
    command. Raises :class:`~ovms.car.link.RestartRequested` if a command wants the program to be
    started anew, and what the driver raises.
    """
    with closing(_open_delivery_store(setup.state, identity.vehicle)) as store:
        keeper = _make_keeper(identity, setup, vehicle, driver, is_new=is_new)
        link = _make_link(identity, setup, vehicle, driver, store)
        link.module.resume(keeper.restored, driver.now)
        keeper.told = link.module.told
        try:
            return asyncio.run(_run(link, setup, driver, bus, keeper))
        except RestartRequested as restart:
            restart.known = keeper.text
            raise


def _make_keeper(
    identity: ModuleIdentity, setup: CarSetup, vehicle: CarVehicle, driver: Driver, *, is_new: bool
) -> StateKeeper:
    """Bring back what the car knew before a restart; return what keeps what it knows from now on.

    Our simulator makes its state anew each second, so nothing is brought back there.
    """
    is_kept = setup.state is not None and not is_new and not isinstance(vehicle, SimCar)
    file = KnownFile(setup.state) if setup.state is not None and is_kept else None
    memory, handed = StateMemory(identity.vehicle, setup.kind), handed_over()
    told = {}
    if not isinstance(vehicle, SimCar):
        told = restore(memory, vehicle, driver.now, handed, file, SystemClock())
    save, clock = file.save if file is not None else _forget, SystemClock()
    return StateKeeper(memory, vehicle.state, lambda: driver.now, save, clock, told)


def _forget(text: bytes) -> None:
    """Keep nothing: without a folder a restart on command alone hands over what is known."""


def _open_delivery_store(folder: Path | None, vehicle: str) -> NoDeliveryStore | DeliveryFile:
    """Open the store of records to be delivered; ends the command if the folder cannot be used."""
    first_code = 1 + secrets.randbelow(FIRST_CODES)
    if folder is None:
        return NoDeliveryStore(first_code)
    try:
        return DeliveryFile.open(folder, vehicle, first_code)
    except DeliveryStoreError as error:
        fail(str(error))


def _make_link(
    identity: ModuleIdentity,
    setup: CarSetup,
    vehicle: CarVehicle,
    driver: Driver,
    store: NoDeliveryStore | DeliveryFile,
) -> Link:
    """Put a module into the vehicle, and join it to its server.

    Identity and server are looked up at each call, since a command may have changed them. The
    paranoid password stays until the next start.
    """
    file = setup.parameter_file
    now = identity.changed_by(dict(sound(file.load())) if file else {})
    module = Module(
        vehicle,
        identity.units,
        identity.vehicle,
        sealer=Sealer.make(now.paranoid, make_token(os.urandom)) if now.paranoid else None,
        group=setup.group,
        clock=SystemClock(),
        delivery_store=store,
        modem=setup.modem,
        parameters=identity.parameters,
        parameter_store=file,
        restarts=setup.can_restart,
        alert_limits=with_written(vehicle.identity.alerts, setup.alerts),
    )
    state = LinkState(SystemClock())

    def call() -> Awaitable[ClientConnection]:
        who = identity.changed_by(module.settings.changed)
        place = parse_address(who.server, PLAIN_PORT if setup.tls is None else TLS_PORT)
        assert place is not None
        host, port = place
        state.call(f"{host}:{port}", who.vehicle)
        secret = who.secret.encode()
        return call_server(
            host, port, who.vehicle, secret, store.tokens, tls=setup.tls, websocket=setup.websocket
        )

    return Link(
        module,
        driver,
        call,
        random=Random(),  # noqa: S311 (jitter)
        names={"vehicle": now.vehicle, "server": now.server},
        state=state,
        is_verified=is_verifying(setup.tls),
    )


async def _run(
    link: Link, setup: CarSetup, driver: Driver, bus: ManagedBus | None, keeper: StateKeeper
) -> bool:
    """Run a link, its modem and bus, the status socket, and reports to the service manager."""
    clock = SystemClock()
    reporter = Reporter(setup.kind, link.module, driver, link.state, setup.modem, bus, clock=clock)
    async with AsyncExitStack() as stack:
        if setup.state is not None:

            async def tell() -> bytes:
                return msgspec.json.encode(reporter.report())

            await stack.enter_async_context(telling_status(setup.state, SOCKET, tell))
        stack.enter_context(attended(notifier(), link.state, watchdog_interval()))
        if bus is not None:
            bus.open()
            stack.push_async_callback(bus.close)
        modem = setup.modem
        works = [link.run(), keeper.run(), *([modem.run()] if modem else [])]
        work = run_until_first_ends(*works)
        return await run_until_signal(work, lambda: notifier().tell(STOPPING=1))
