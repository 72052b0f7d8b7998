"""``ovms serve``: the server program."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvloop

from ovms.base import logs, systemd
from ovms.base.logqueue import LogQueue
from ovms.base.settings import SettingsError
from ovms.cli.common import check_nothing_before, fail
from ovms.cli.serve_status import status
from ovms.cli.serve_unit import unit
from ovms.cli.tls import certificate_lines, roots_line
from ovms.net.address import parse_address
from ovms.server.alerts.expansion import BadTable
from ovms.server.alerts.expansion import load as alert_tables
from ovms.server.authority import Authority
from ovms.server.certificate import BadCertificate
from ovms.server.data_folder import AlreadyRunning, running_server
from ovms.server.listener import CannotListen, Ports, bound
from ovms.server.notify.registry import find_types, missing
from ovms.server.peering import BadPeer, called
from ovms.server.server import serve, stopping_on_signals
from ovms.server.settings import ServerSettings, load_settings
from ovms.server.storage.errors import StoreError
from ovms.server.storage.opening import open_database
from ovms.server.tls import check_certificates
from ovms.server.troubles import of_disk

M_MMAP_THRESHOLD: Final = -3

LARGE_BLOCK: Final = 128 * 1024
"""Bytes from which a block of memory is mapped separately."""

NEW_OBJECTS: Final = 10_000
"""Objects, those that have gone deducted, after which the garbage collector looks at new ones."""


def setting(name: str, metavar: str | None = None) -> Any:
    """Return the option of a setting, with the help and the default of the setting."""
    field = ServerSettings.model_fields[name]
    default = field.get_default()
    shown = str(default) if isinstance(default, str | int) else False
    return typer.Option(help=field.description, metavar=metavar, show_default=shown)


def serve_command(
    context: typer.Context,
    data: Annotated[Path | None, setting("data", "DIR")] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Settings file; ovms.toml in the data folder unless given."
        ),
    ] = None,
    database: Annotated[str | None, setting("database", "URL")] = None,
    host: Annotated[list[str] | None, setting("host", "ADDR")] = None,
    port: Annotated[int | None, setting("port", "PORT")] = None,
    tls_port: Annotated[int | None, setting("tls_port", "PORT")] = None,
    http_port: Annotated[int | None, setting("http_port", "PORT")] = None,
    https_port: Annotated[int | None, setting("https_port", "PORT")] = None,
    no_plain: Annotated[bool, typer.Option("--no-plain", help="Open no port without TLS.")] = False,
    no_tls: Annotated[bool, typer.Option("--no-tls", help="Open no port with TLS.")] = False,
    no_http: Annotated[bool, typer.Option("--no-http", help="Open no port for HTTP.")] = False,
    log_level: Annotated[str | None, setting("log_level", "LEVEL")] = None,
    log_format: Annotated[str | None, setting("log_format", "FORMAT")] = None,
    check_only: Annotated[
        bool,
        typer.Option("--check", help="Check settings, database, ports and certificate, and exit."),
    ] = False,
) -> None:
    """Run the server: modules call it, apps watch and command them through it."""
    if context.invoked_subcommand is not None:
        check_nothing_before(context)
        return
    options: dict[str, object] = {
        "data": data, "database": database, "host": host or None, "port": port,
        "tls_port": tls_port, "plain": False if no_plain else None,
        "tls": False if no_tls else None, "http": False if no_http else None,
        "http_port": http_port, "https_port": https_port,
        "log_level": log_level, "log_format": log_format,
    }  # fmt: skip
    try:
        settings = load_settings(config, options)
    except SettingsError as error:
        fail(str(error))
    try:
        if check_only:
            lines = [*_check(settings)]
            print(*lines, f"ovms: settings, database, {_named(settings)} are in order", sep="\n")
        else:
            _allow_files()
            _give_memory_back()
            gc.freeze()  # the modules: to look for garbage in them takes a tenth of the start
            has_time = not systemd.is_journal(sys.stderr)
            log = logs.running(settings.log_level, settings.log_format, has_time=has_time)
            with log as log_queue:
                uvloop.run(_serve(settings, log_queue))
    except (
        SettingsError,
        BadTable,
        AlreadyRunning,
        BadCertificate,
        BadPeer,
        CannotListen,
        StoreError,
    ) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or settings.data}: {error.strerror or error}")


async def _serve(settings: ServerSettings, log_queue: LogQueue) -> None:
    stop = asyncio.Event()

    manager = systemd.notifier()

    def on_ready(ports: Ports) -> None:
        _settle_memory()
        told = f"modules and apps on {_opened(ports)}, data in {settings.data}"
        output.put(f"ovms ready: {told}")
        manager.tell(READY=1, STATUS=told)

    def on_setup(ports: Ports, token: str) -> None:
        ways = _setup_ways(settings, ports, token)
        output.put(f"ovms set-up: there is no owner yet. Make the administrator {ways}")

    def on_stop() -> None:
        manager.tell(STOPPING=1)

    with (
        log_queue.beside(sys.stdout) as output,
        stopping_on_signals(stop, on_stop),
        systemd.signs_of_life(manager, systemd.watchdog_interval()),
    ):
        await serve(settings, stop, on_ready=on_ready, on_setup=on_setup)


def _setup_ways(settings: ServerSettings, ports: Ports, token: str) -> str:
    """Return how the first administrator is made; the token is in no request for a page."""
    scheme = "http" if ports.https is None else "https"
    port = ports.http if ports.https is None else ports.https
    by_hand = "ovms owner add NAME --admin"
    if not settings.web:
        call = f"POST /api/v1/setup on {scheme.upper()} port {port}"
        return f"by {call} with token {token}, or {by_hand}"
    page = f"/first-run#token={token}"
    if settings.public_url is not None:
        return f"at {settings.public_url.rstrip('/')}{page}, or by {by_hand}"
    host = _host(settings)
    elsewhere = f"{scheme}://{host}:{port}{page}"
    if ports.http is None:
        return f"at {elsewhere}, or by {by_hand}"
    here = f"http://localhost:{ports.http}{page}"
    return f"at {here} on this machine, at {elsewhere} on another, or by {by_hand}"


def _host(settings: ServerSettings) -> str:
    """Return the name by which others reach this machine, or what stands for it."""
    found = parse_address(settings.public_host or "", 1)
    if found is None:
        return "HOST"
    return f"[{found[0]}]" if ":" in found[0] else found[0]


def _allow_files() -> None:
    """Raise the limit of open files to the hard limit: each connection is one."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _opened(ports: Ports) -> str:
    """Return where modules and apps may call, and scripts by HTTP, in words."""
    if ports.mp is None:
        told = [f"port {ports.mp_tls}", "TLS only"]
    else:
        tls = "no TLS" if ports.mp_tls is None else f"TLS on port {ports.mp_tls}"
        told = [f"port {ports.mp}", tls]
    names = (("HTTP", ports.http), ("HTTPS", ports.https), ("metrics", ports.metrics))
    for name, port in names:
        if port is not None:
            told.append(f"{name} on port {port}")
    return ", ".join(told)


def _named(settings: ServerSettings) -> str:
    """Return what a check has looked at."""
    *those, last = map(str, settings.open_ports().values())
    ports = f"ports {', '.join(those)} and {last}" if those else f"port {last}"
    return f"certificate, and {ports}" if settings.tls else f"and {ports}"


def _give_memory_back() -> None:
    """Have the C library map large blocks of memory separately, also after one has been freed.

    uvloop reads TLS through blocks of 256 KiB and uses little of each. Between small blocks they
    leave holes, and an idle TLS connection takes 70 kB instead of 30.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def _settle_memory() -> None:
    """Have the garbage collector pass over what is there from now on, and look more seldom.

    It is mostly code, which stays. Each full collection would look at it, and nobody is served
    meanwhile: 100 ms and more beside a flood. Of a log-in, looking for garbage at every 700 new
    objects takes an eighth.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def _check(settings: ServerSettings) -> Iterator[str]:
    """Try everything that a start needs, leave no trace, and yield what there is to know.

    Beside a running server its own ports count as free.
    """
    running = running_server(settings.data)
    database = open_database(settings.data, settings.database, settings.key_file)
    if settings.data.exists():
        try:
            database.check(is_served=running is not None)
        finally:
            database.release()
        yield from (" ".join(text.split()) for _, text in of_disk(settings.data))
    alert_tables(settings.data / "alerts")
    missing(find_types(), settings)
    now = time.time()
    pairs = check_certificates(settings, now)
    for peer in settings.peers:
        called(peer, settings.data)
    with ExitStack() as stack:
        for name, port in settings.open_ports().items():
            if port == 0 or running is None or port not in running.values():
                stack.enter_context(bound(settings.hosts_of(name), port))
    for pair in pairs:
        yield from certificate_lines(pair, Authority.of(settings.data), now)
    if settings.tls and not pairs:
        yield "certificate none yet: the first start makes a self-signed one; no module trusts it"
    if settings.tls:
        yield roots_line()
    if running is not None:
        pid = f" as process {running['pid']}" if running.get("pid") else ""
        yield f"a server runs on {settings.data}{pid}; settings count from its next start on"


app = typer.Typer(subcommand_metavar="[COMMAND]", add_completion=False)
app.callback(invoke_without_command=True)(serve_command)
app.command("unit")(unit)
app.command("status")(status)
