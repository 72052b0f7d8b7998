"""``ovms app``: watch a vehicle and command it from the terminal."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.live import Live

from ovms.app.client import App, NoAnswer, find_command, open_app
from ovms.app.snapshot import LINK_CODES, Seen, Snapshot
from ovms.base.backoff import Backoff
from ovms.cli.common import JsonOption, fail, print_json, refuse
from ovms.cli.link import (
    SecretFileOption,
    SecretOption,
    ServerOption,
    TlsOption,
    VehicleOption,
    find_secret,
    find_server,
    refuse_tls,
)
from ovms.cli.show import message_line, printable, view
from ovms.net.client import ConnectFailed, ConnectionLost, NetError
from ovms.protocol import Message, Role
from ovms.protocol.commands import COMMANDS, Answer, Result
from ovms.protocol.records import legible, parse_content

app = typer.Typer(help="The app: watch a vehicle and command it.", no_args_is_help=True)

CONNECT_TIMEOUT = 20.0
"""Seconds a person waits for the server."""

LONGEST_PAUSE = 30.0
"""Seconds between tries to get a lost connection back."""

OnMessage = Callable[[Message], None]


class Target:
    """Which vehicle on which server, and the way to call it."""

    def __init__(
        self, server: str, vehicle: str, secret: str | None, secret_file: str | None, tls: bool
    ) -> None:
        refuse_tls(tls)
        self.host, self.port = find_server(server)
        self.vehicle = vehicle
        self.secret = find_secret(secret, secret_file)
        self.snapshot = Snapshot(vehicle.upper())

    async def open(
        self, on_message: OnMessage = lambda message: None, role: Role = Role.BATCH
    ) -> App:
        """Connect, and take in what the server has stored.

        By default as a batch client, which the car is not told of: while an app watches, it
        reports ten times as often, and that costs its owner money.
        """
        return await open_app(
            self.host,
            self.port,
            self.vehicle,
            self.secret,
            role=role,
            timeout=CONNECT_TIMEOUT,
            snapshot=self.snapshot,
            on_message=on_message,
        )


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command's work; what goes wrong with the connection is its one line."""
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(work)
    except (NetError, NoAnswer) as error:
        fail(str(error))
    except BrokenPipeError:
        raise  # whoever read what we print has seen enough
    except OSError as error:
        fail(f"cannot print: {error.strerror or error}")


@app.command()
def status(
    server: ServerOption,
    vehicle: VehicleOption,
    secret: SecretOption = None,
    secret_file: SecretFileOption = None,
    tls: TlsOption = False,
    json: JsonOption = False,
) -> None:
    """Show what the server knows of the vehicle, also while the car is away."""
    target = Target(server, vehicle, secret, secret_file, tls)

    async def work() -> None:
        async with await target.open():
            pass
        if json:
            print_json(target.snapshot.as_json(time.time()))
        else:
            Console().print(view(target.snapshot, time.time()))

    run(work())


@app.command()
def watch(
    server: ServerOption,
    vehicle: VehicleOption,
    secret: SecretOption = None,
    secret_file: SecretFileOption = None,
    tls: TlsOption = False,
    json: JsonOption = False,
) -> None:
    """Show the vehicle live, until Ctrl-C. With --json a line for each change."""
    target = Target(server, vehicle, secret, secret_file, tls)
    if json or not sys.stdout.isatty():
        run(_stay(target, lambda message: _print_state(target.snapshot, message, json)))
        return

    async def work() -> None:
        with Live(view(target.snapshot, time.time()), refresh_per_second=4) as live:
            await _stay(target, lambda message: live.update(view(target.snapshot, time.time())))

    run(work())


@app.command()
def log(
    server: ServerOption,
    vehicle: VehicleOption,
    secret: SecretOption = None,
    secret_file: SecretFileOption = None,
    tls: TlsOption = False,
    json: JsonOption = False,
) -> None:
    """Print each message as it comes, decoded, until Ctrl-C."""
    target = Target(server, vehicle, secret, secret_file, tls)
    run(_stay(target, lambda message: _print_message(message, json)))


@app.command()
def command(
    name: Annotated[str, typer.Argument(metavar="'NAME or NUMBER'", help="See --list.")] = "",
    parameters: Annotated[list[str] | None, typer.Argument(metavar="PARAM…")] = None,
    server: Annotated[
        str, typer.Option("--server", metavar="HOST[:PORT]", envvar="OVMS_SERVER")
    ] = "",
    vehicle: Annotated[str, typer.Option("--vehicle", metavar="ID", envvar="OVMS_VEHICLE")] = "",
    secret: SecretOption = None,
    secret_file: SecretFileOption = None,
    tls: TlsOption = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for the answer.")] = 10.0,
    list_all: Annotated[bool, typer.Option("--list", help="List the commands.")] = False,
    json: JsonOption = False,
) -> None:
    """Send the car a command and print its answer. Exit code 0 if the car says it is done."""
    if list_all:
        _list_commands()
        return
    if not (name and server and vehicle):
        refuse("give a command, --server and --vehicle (or --list)")
    _check_command(name)
    target = Target(server, vehicle, secret, secret_file, tls)
    answers: list[Answer] = []

    async def work() -> None:
        async with await target.open() as app:
            answers.extend(await app.command(name, *(parameters or []), timeout=timeout))

    run(work())
    _print_answers(answers, json)
    if answers[-1].result != Result.OK:
        raise typer.Exit(1)


def _check_command(name: str) -> None:
    try:
        find_command(name)
    except ValueError as error:
        refuse(f"{error}; --list shows all")


def _list_commands() -> None:
    for spec in COMMANDS:
        usage = " ".join([spec.name, *(parameter.upper() for parameter in spec.parameters)])
        print(f"{spec.number:>3}  {usage:<34} {spec.meaning}")


def _print_answers(answers: list[Answer], json: bool) -> None:
    if json:
        print_json([_answer_json(answer) for answer in answers])
        return
    for answer in answers:
        lines = legible(answer.text).expandtabs().splitlines()
        text = "\n".join(map(printable, lines))
        is_known = answer.result in Result.__members__.values()
        word = Result(answer.result).name.lower() if is_known else str(answer.result)
        print(text if text and answer.result == Result.OK else f"{word} {text}".rstrip())


def _answer_json(answer: Answer) -> dict[str, Any]:
    parameters = list(map(legible, answer.parameters))
    return {"command": answer.number, "result": answer.result, "parameters": parameters}


async def _stay(target: Target, on_message: OnMessage) -> None:
    """Stay connected: a lost connection is told and made again, a refused one ends it."""
    backoff = Backoff(1.0, LONGEST_PAUSE, random=random.Random())  # noqa: S311 (only spreads load)
    while True:
        try:
            app = await target.open(on_message, Role.APP)
            backoff.reset()
            async with app:
                await app.lost()
            raise ConnectionLost("the connection to the server is lost")
        except (ConnectFailed, ConnectionLost) as error:
            pause = backoff.next()
            print(f"ovms: {error}; trying again in {pause:.0f} s", file=sys.stderr, flush=True)
            await asyncio.sleep(pause)


def _print_message(message: Message, json: bool) -> None:
    seen = Seen(message, time.time(), parse_content(message))
    if json:
        line = {"code": message.code, **seen.as_json(seen.time)}
        print(msgspec.json.encode(line).decode(), flush=True)
    else:
        print(message_line(seen), flush=True)


def _print_state(snapshot: Snapshot, message: Message, json: bool) -> None:
    """Print what changed: the vehicle as one JSON line, or the message."""
    if not json:
        _print_message(message, json)
    elif message.code not in LINK_CODES or message.code == "Z":
        print(msgspec.json.encode(snapshot.as_json(time.time())).decode(), flush=True)
