"""``ovms car status``: how the car that runs on this machine is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ovms.base.statussocket import NotRunning, ask
from ovms.car.linkstate import LinkKind
from ovms.car.status import SOCKET, CarStatus
from ovms.cli.common import JsonOption, fail, printable, refuse
from ovms.cli.text import duration

MAY_NOT = "this user may not ask it; its own user and root may"


def status(
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", envvar="OVMS_CAR_STATE", help="The folder that the car runs with."
        ),
    ] = None,
    connected: Annotated[
        bool, typer.Option("--connected", help="Exit code 1 also if it is not connected.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show how the car that runs with a state folder is, without any secret or position.

    Exit code 0 if it runs, connected or not (see --connected), and 1 if none does.
    """
    if state is None:
        refuse("give the folder that the car runs with: --state or OVMS_CAR_STATE")
    data = _ask(state)
    try:
        found = msgspec.json.decode(data, type=CarStatus)
    except msgspec.DecodeError:
        fail(f"{state}: what runs there tells nothing that this version of ovms understands")
    if json:
        print(msgspec.json.format(data, indent=2).decode())
    else:
        for name, text in _lines(found):
            print(f"{name:<10}{printable(text)}")
    if connected and found.link.state != LinkKind.CONNECTED.value:
        fail(f"not connected: {found.link.reason or found.link.state}")


def _ask(folder: Path) -> bytes:
    """Return the status; ends the command if no car answers."""
    try:
        found = ask(folder, SOCKET, "car")
    except NotRunning as error:
        fail(f"{folder}: {error}")
    except PermissionError:
        fail(f"{folder}: {MAY_NOT}")
    except TimeoutError:
        fail(f"{folder}: the car that runs there does not answer")
    except OSError as error:
        fail(f"{folder}: {error.strerror or error}")
    return found or fail(f"{folder}: the car that runs there is busy; try again")


def _lines(found: CarStatus) -> Iterator[tuple[str, str]]:
    yield "vehicle", f"{found.vehicle}, type {found.type} ({found.car_type})"
    yield "driver", _driver(found)
    yield "running", f"for {duration(found.running.seconds)}, pid {found.pid}, ovms {found.version}"
    yield "server", found.server
    yield "link", _link(found)
    yield "heard", f"{duration(found.heard.seconds)} ago" if found.heard else "never"
    yield "watchers", str(found.watchers)
    yield "waiting", f"{found.waiting.records} records, {found.waiting.alerts} alerts"
    features = (f"{name.replace('_', ' ')} {value}" for name, value in found.features.items())
    yield "features", ", ".join(features)
    yield "paranoid", "yes" if found.paranoid else "no"
    if found.modem is not None:
        signal = "unknown" if found.modem.signal is None else f"{found.modem.signal} of 31"
        yield "modem", f"signal {signal}, network {found.modem.network or 'none'}"
    for row in found.data_use:
        rate = "" if row.bytes_per_hour is None else f", {row.bytes_per_hour / 1000:.1f} kB an hour"
        both = f"sent {row.sent / 1000:.1f} kB, received {row.received / 1000:.1f} kB"
        yield "data", f"{row.condition} for {duration(row.seconds)}: {both}{rate}"


def _driver(found: CarStatus) -> str:
    bus = found.bus
    if bus is None:
        return found.driver or "unknown"
    away = "" if bus.problem is None else f"; away: {bus.problem}"
    return f"{found.driver}, trust {bus.trust}{away}"


def _link(found: CarStatus) -> str:
    link = found.link
    parts = [f"{link.state} for {duration(link.seconds)}"]
    if link.reason is not None:
        parts.append(f": {link.reason}")
    if link.again_in is not None:
        parts.append(f"; again in {duration(link.again_in)}")
    return "".join(parts)
