"""``ovms car --fleet``: many simulated cars in one process."""

from __future__ import annotations

import asyncio
import math
import resource
import signal
import ssl
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import uvloop

from ovms.base import logs
from ovms.base.clock import SystemClock
from ovms.base.systemd import is_journal
from ovms.car.fleet.fleet import Fleet
from ovms.car.fleet.roster import Defaults, RosterEntry, RosterError, parse_roster
from ovms.cli.common import fail, refuse
from ovms.cli.link import find_place

A_SECOND: Final = 100
"""Cars that begin to call in a second unless ``--ramp`` says otherwise."""

OTHER_FILES: Final = 200
"""Open files that a fleet keeps for other things than its cars' connections."""


@dataclass(frozen=True, slots=True)
class FleetWay:
    """Whom a fleet calls, in what way and at what pace."""

    server: str | None
    tls: ssl.SSLContext | None
    websocket: bool
    ramp: float | None
    speed: float

    def check(self) -> None:
        """End the command if that makes no sense."""
        if self.server is None:
            refuse("give --server")
        if self.ramp is not None and not (math.isfinite(self.ramp) and self.ramp >= 0):
            refuse("--ramp must be a number of seconds, 0 or more")
        if not (math.isfinite(self.speed) and self.speed > 0):
            refuse("--speed must be a number above 0")


def check_fleet(for_one: list[str], kind: str | None) -> None:
    """End the command if options were given that are ``for_one`` car, or another vehicle type."""
    for name in for_one:
        refuse(f"{name} is for one car: it does not go with --fleet")
    if kind not in (None, "sim"):
        refuse("a fleet is of simulated cars: no other --type goes with --fleet")


def run_fleet(
    file: Path,
    defaults: Defaults,
    way: FleetWay,
    *,
    pin: str,
    group: str,
    log_level: str,
    log_format: logs.Format = "text",
) -> None:
    """Run the cars of a file until SIGINT or SIGTERM; ends the command if that cannot be."""
    way.check()
    assert way.server is not None
    host, port = find_place(way.server, way.tls)
    entries = read_fleet(file, defaults)
    allow_connections(len(entries))
    logs.configure(log_level, log_format, has_time=not is_journal(sys.stderr))
    fleet = Fleet(
        entries, host, port, clock=SystemClock(), random=Random(),  # noqa: S311 (jitter)
        tls=way.tls, websocket=way.websocket, speed=way.speed, pin=pin, group=group,
        ramp=len(entries) / A_SECOND if way.ramp is None else way.ramp,
        names={"server": way.server},
    )  # fmt: skip
    uvloop.run(_run(fleet))


def read_fleet(file: Path, defaults: Defaults) -> list[RosterEntry]:
    """Read the file; ends the command with the first line that is wrong."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return parse_roster(data, defaults)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except RosterError as error:
        fail(f"{file} {error}")


def allow_connections(count: int) -> None:
    """Let this process have as many connections; ends the command where it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + OTHER_FILES
    if hard != resource.RLIM_INFINITY and wanted > hard:
        fail(f"{count} cars need {wanted} open files, {hard} are allowed: see ulimit -n")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _run(fleet: Fleet) -> None:
    loop = asyncio.get_running_loop()
    work = asyncio.create_task(fleet.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    with suppress(asyncio.CancelledError):
        await work
