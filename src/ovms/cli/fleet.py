"""``ovms car --fleet``: many simulated cars in one process."""

from __future__ import annotations

import asyncio
import math
import resource
import signal
import ssl
import sys
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

import uvloop

from ovms.base import logs
from ovms.base.clock import SystemClock
from ovms.car.fleet.fleet import Fleet
from ovms.car.fleet.roster import Defaults, Entry, RosterError, parse_roster
from ovms.cli.common import fail, refuse
from ovms.cli.link import find_place

A_SECOND: Final = 100
"""Cars that begin to call in a second unless ``--ramp`` says otherwise."""

OTHER_FILES: Final = 200
"""Open files that a fleet keeps for other things than its cars' connections."""


def run_fleet(
    file: Path,
    defaults: Defaults,
    server: str,
    tls: ssl.SSLContext | None,
    *,
    ramp: float | None,
    speed: float,
    pin: str,
    group: str,
    log_level: str,
) -> None:
    """Run the cars of a file until SIGINT or SIGTERM; ends the command if that cannot be."""
    if ramp is not None and not (math.isfinite(ramp) and ramp >= 0):
        refuse("--ramp must be a number of seconds, 0 or more")
    if not (math.isfinite(speed) and speed > 0):
        refuse("--speed must be a number above 0")
    host, port = find_place(server, tls)
    entries = read_fleet(file, defaults)
    allow_connections(len(entries))
    logs.configure(log_level, "text")
    fleet = Fleet(
        entries, host, port, clock=SystemClock(), random=Random(), tls=tls,  # noqa: S311 (jitter)
        ramp=len(entries) / A_SECOND if ramp is None else ramp, speed=speed, pin=pin, group=group,
        names={"server": server},
    )  # fmt: skip
    uvloop.run(_run(fleet))


def read_fleet(file: Path, defaults: Defaults) -> list[Entry]:
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
