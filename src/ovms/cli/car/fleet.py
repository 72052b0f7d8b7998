"""``ovms car --fleet``: many simulated cars in one process."""

from __future__ import annotations

import math
import resource
import ssl
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import uvloop

from ovms.base.clock import SystemClock
from ovms.base.tasks import run_until_signal
from ovms.base.vehicle_file import VehicleFileError
from ovms.car.fleet.fleet import Fleet
from ovms.car.fleet.roster import Defaults, RosterEntry, parse_roster
from ovms.car.reports import Units
from ovms.car.vehicles.interface import DEFAULT_SCENARIO
from ovms.cli.car.options import CarOptions
from ovms.cli.common import fail, refuse
from ovms.cli.link import find_place

A_SECOND: Final = 100
"""Cars that begin to call in a second unless ``--ramp`` says otherwise."""

FLEET_LIMIT: Final = 100_000
"""Cars of a fleet that is asked for by number."""

OTHER_FILES: Final = 200
"""Open files that a fleet needs beside its cars' connections."""


FOR_ONE: Final = ("vehicle", "secret", "secret_file", "can", "replay", "loop", "vin", "paranoid",
                  "paranoid_file", "provision", "iccid", "iccid_file", "run", "json", "modem",
                  "state", "alerts", "channel")  # fmt: skip
"""Options that do not go with a fleet."""

FOR_NUMBER: Final = ("owner", "data", "database", "config")
"""Options that go with a fleet by number only."""


@dataclass(frozen=True, slots=True)
class FleetMode:
    """Many simulated cars that call one server."""

    server: str
    """As it was given, for the log."""
    place: tuple[str, int]
    entries: Sequence[RosterEntry]
    tls: ssl.SSLContext | None
    websocket: bool
    ramp: float
    """Seconds in which they begin to call."""
    speed: float
    """Their seconds in each real one."""
    pin: str
    group: str

    def run(self) -> None:
        """Run the cars until SIGINT or SIGTERM."""
        allow_connections(len(self.entries))
        host, port = self.place
        fleet = Fleet(
            self.entries, host, port, clock=SystemClock(), random=Random(),  # noqa: S311 (jitter)
            tls=self.tls, websocket=self.websocket, speed=self.speed, pin=self.pin,
            group=self.group, ramp=self.ramp, names={"server": self.server},
        )  # fmt: skip
        uvloop.run(run_until_signal(fleet.run()))


def parse_fleet(options: CarOptions, file: Path, tls: ssl.SSLContext | None) -> FleetMode:
    """Return the fleet of the options; ends the command if they do not fit together."""
    for name in FOR_ONE:
        if getattr(options, name):
            refuse(f"--{name.replace('_', '-')} is for one car: it does not go with --fleet")
    if options.kind not in (None, "sim"):
        refuse("a fleet is of simulated cars: no other --type goes with --fleet")
    count = _read_count(options, file)
    if options.server is None and count is None:
        refuse("give --server")
    if options.ramp is not None and not (math.isfinite(options.ramp) and options.ramp >= 0):
        refuse("--ramp must be a number of seconds, 0 or more")
    if not (math.isfinite(options.speed) and options.speed > 0):
        refuse("--speed must be a number above 0")
    server = options.server or _find_local_server(options)
    place = find_place(server, tls)
    defaults = Defaults(
        options.scenario or DEFAULT_SCENARIO, Units(options.units or "M"), options.seed or 0,
        options.phase, options.soc,
    )  # fmt: skip
    entries = _read(file, defaults) if count is None else _make(options, count, defaults)
    ramp = len(entries) / A_SECOND if options.ramp is None else options.ramp
    return FleetMode(
        server, place, entries, tls, options.websocket, ramp, options.speed, options.pin,
        options.group,
    )  # fmt: skip


def _read_count(options: CarOptions, file: Path) -> int | None:
    """Return how many cars are asked for by number, which needs an owner; ``None`` for a file."""
    text = str(file)
    if not (text.isascii() and text.isdigit()) or file.is_file():
        for name in FOR_NUMBER:
            if getattr(options, name) is not None:
                refuse(f"--{name} goes with --fleet NUMBER, and {file} is a file")
        return None
    if not 1 <= int(text[:9]) <= FLEET_LIMIT:
        refuse(f"--fleet takes a file, or a number from 1 to {FLEET_LIMIT}")
    if options.owner is None:
        refuse("--fleet NUMBER needs --owner: whose vehicles they are")
    return int(text)


def _find_local_server(options: CarOptions) -> str:
    from ovms.cli.car.fleet_vehicles import find_local_server  # it needs the server's libraries

    return find_local_server(options)


def _make(options: CarOptions, count: int, defaults: Defaults) -> list[RosterEntry]:
    """Return the entries of an owner's vehicles, which are made if they are missing."""
    from ovms.cli.car.fleet_vehicles import make_vehicles

    assert options.owner is not None
    return parse_roster(make_vehicles(options, options.owner, count), defaults)


def _read(file: Path, defaults: Defaults) -> list[RosterEntry]:
    """Read the file; ends the command with the first line that is wrong."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return parse_roster(data, defaults)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except VehicleFileError as error:
        fail(f"{file} {error}")


def allow_connections(count: int) -> None:
    """Raise the limit of open files for so many connections; ends the command if it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + OTHER_FILES
    if hard != resource.RLIM_INFINITY and wanted > hard:
        fail(f"{count} cars need {wanted} open files, {hard} are allowed: see ulimit -n")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
