"""``ovms serve status``: how the server that runs on this machine is."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer

from ovms.base.statussocket import NotRunning, ask
from ovms.cli.common import JsonOption, fail, printable
from ovms.cli.database import ConfigOption, DataOption, find_settings
from ovms.cli.text import duration
from ovms.server.data_folder import running_server
from ovms.server.http.monitor.status import SOCKET, ServerStatus

MAY_NOT = "this user may not ask it; its own user and root may"

MIB = 1024 * 1024

WIDTH = 13
"""Characters of the names in front of the lines."""


def status(
    data: DataOption = None,
    config: ConfigOption = None,
    healthy: Annotated[
        bool, typer.Option("--healthy", help="Exit code 1 also if something is wrong.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show how the server that runs with a data folder is: first what is wrong, in words.

    Exit code 0 if it runs, whatever is wrong (see --healthy), and 1 if none does. See
    docs/monitoring.md.
    """
    folder = find_settings(data, None, config).data
    answer = _ask(folder)
    try:
        found = msgspec.json.decode(answer, type=ServerStatus)
    except msgspec.DecodeError:
        fail(f"{folder}: what runs there tells nothing that this version of ovms understands")
    if json:
        print(msgspec.json.format(answer, indent=2).decode())
    else:
        for name, text in _lines(found):
            print(f"{name:<{WIDTH}}{printable(text)}")
    if healthy and (found.troubles or found.state != "running"):
        sys.stdout.flush()
        fail(f"{folder}: {found.troubles[0] if found.troubles else 'the server is stopping'}")


def _ask(folder: Path) -> bytes:
    """Return the status; ends the command if no server answers."""
    try:
        answer = ask(folder, SOCKET, "server")
    except NotRunning as error:
        _fail_silent(folder, str(error))
    except PermissionError:
        fail(f"{folder}: {MAY_NOT}")
    except TimeoutError:
        fail(f"{folder}: the server that runs there does not answer: it hangs, or is overloaded")
    except OSError as error:
        fail(f"{folder}: {error.strerror or error}")
    return answer or fail(f"{folder}: the server that runs there is busy; try again")


def _fail_silent(folder: Path, reason: str) -> NoReturn:
    """End the command with why nobody answers: a server may be about to, or have no socket."""
    try:
        running = running_server(folder)
    except OSError as error:
        fail(f"{folder}: {error.strerror or error}")
    if running is None:
        fail(f"{folder}: {reason}")
    if not running:
        fail(f"{folder}: a server is starting there, or stopping; ask again in a moment")
    fail(f"{folder}: a server runs there, and tells nothing: its log says why")


def _lines(found: ServerStatus) -> Iterator[tuple[str, str]]:
    for trouble in found.troubles:
        yield "wrong", trouble
    if not found.troubles:
        yield "well", "nothing is wrong"
    yield "server", f"{found.state} for {duration(found.seconds)}, since {found.since}"
    yield "", f"ovms {found.version}, pid {found.pid}, data in {found.data}"
    yield "ports", _counts({name: port for name, port in found.ports.items() if port}, "none")
    of_all = "" if found.vehicles is None else f" of {found.vehicles} vehicles"
    waiting = found.waiting_for_proof
    proof = f", {waiting} callers without proof" if waiting else ""
    yield "cars", f"{found.cars_online}{of_all} online{proof}"
    yield "connections", _counts({kind: n for kind, n in found.connections.items() if n}, "none")
    minute = found.last_minute
    rates = f"{minute.received_a_second:.1f} a second came, {minute.sent_a_second:.1f} were sent"
    yield "messages", f"{rates}, in the last {duration(minute.seconds)}"
    yield "commits", _commits(found)
    yield "waiting", _waiting(found)
    yield "outbox", _outbox(found)
    yield "disk", _disk(found)
    yield "backup", _backup(found)
    days = {name: f"{days} days" for name, days in found.certificate_days.items()}
    yield "certificates", _counts(days, "none: no TLS")
    yield "logins", f"failed since the start: {_counts(found.logins_failed, 'none')}"
    yield "refused", _counts(found.refused, "nobody since the start")
    error = found.last_error
    yield "last error", f"{error.time} {error.text}" if error else "none"


def _counts(values: Mapping[str, object], nothing: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) or nothing


def _commits(found: ServerStatus) -> str:
    minute = found.last_minute
    took = "" if minute.commit_ms is None else f", {minute.commit_ms:.1f} ms each"
    return f"{minute.commits} in that time{took}"


def _waiting(found: ServerStatus) -> str:
    depths = {
        name.replace("_", " "): depth
        for name, depth in msgspec.structs.asdict(found.queues).items()
        if depth
    }
    return _counts(depths, "nothing")


def _outbox(found: ServerStatus) -> str:
    if found.outbox is None:
        return "unknown: the database does not answer"
    failed = f"; {found.deliveries_failed} tries failed" if found.deliveries_failed else ""
    return _counts(found.outbox, "no alert waits") + failed


def _backup(found: ServerStatus) -> str:
    backup = found.backup
    if backup is None:
        return "none is made by itself (backup_every)"
    every = f"every {backup.hours:g} hours into {backup.folder}"
    if backup.last is None:
        return f"none yet, {every}"
    return f"last {backup.last}, {(backup.bytes or 0) / MIB:.1f} MiB, {every}"


def _disk(found: ServerStatus) -> str:
    storage = found.storage
    if storage is None:
        return "unknown: it does not answer"
    sizes = f"database {storage.database / MIB:.1f} MiB, its log {storage.log / MIB:.1f} MiB"
    return f"{sizes}, free {storage.free / MIB:,.0f} MiB"
