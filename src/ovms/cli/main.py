"""``ovms``: one command for the server, the car and the app.

Each command's module is imported when it is asked for, so that ``ovms app`` does not wait for the
server's database library, nor the server for the car's.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from ovms import __version__
from ovms.base.extras import missing_extra
from ovms.cli.common import is_utf8, refuse
from ovms.cli.help import dress, dressed


@dataclass(frozen=True, slots=True)
class CommandPlace:
    """Where a command is, and what it says of itself on the help page."""

    module: str
    attribute: str
    help: str
    """The first line of its own help, so that the page need not import every command."""
    panel: str
    """Under which title it stands."""


RUN, OWN, OPERATE = "Run", "For owners", "For operators of a server"
HACK = "For those who know a car's bus"
"""The titles on the help page."""

COMMANDS = {
    "serve": CommandPlace(
        "ovms.cli.serve", "app",
        "Run the server: modules call it, apps watch and command them through it.",
        RUN,
    ),
    "car": CommandPlace(
        "ovms.cli.car.command", "app",
        "Be a car: call a server, report, obey commands.",
        RUN,
    ),
    "demo": CommandPlace(
        "ovms.cli.demo.command", "demo",
        "Run a server with four demo cars, on this machine only, and tell what they do.",
        RUN,
    ),
    "app": CommandPlace(
        "ovms.cli.app", "app",
        "The app: watch a vehicle and command it.",
        OWN,
    ),
    "history": CommandPlace(
        "ovms.cli.history", "history",
        "Show what the server keeps of what a vehicle sent: telemetry and historical records.",
        OPERATE,
    ),
    "journeys": CommandPlace(
        "ovms.cli.journeys.command", "app",
        "What a vehicle did: trips, charges, parked time; places, costs, sums.",
        OPERATE,
    ),
    "vehicle": CommandPlace(
        "ovms.cli.vehicle", "app",
        "Vehicles: what may call, and who is online.",
        OPERATE,
    ),
    "owner": CommandPlace(
        "ovms.cli.owner", "app",
        "Owners: who has vehicles and may log in.",
        OPERATE,
    ),
    "token": CommandPlace(
        "ovms.cli.token", "app",
        "API tokens: what may log in in an owner's place.",
        OPERATE,
    ),
    "share": CommandPlace(
        "ovms.cli.share", "app",
        "Vehicles that owners share with others.",
        OPERATE,
    ),
    "audit": CommandPlace(
        "ovms.cli.audit", "app",
        "The audit trail: log-ins, commands and changes.",
        OPERATE,
    ),
    "notify": CommandPlace(
        "ovms.cli.notify", "app",
        "Alerts: who gets them, and how.",
        OPERATE,
    ),
    "provision": CommandPlace(
        "ovms.cli.provision", "app",
        "Auto-provisioning: what new cars are told that ask by their VIN.",
        OPERATE,
    ),
    "peer": CommandPlace(
        "ovms.cli.peer", "app",
        "Other servers: who is linked with ours.",
        OPERATE,
    ),
    "key": CommandPlace(
        "ovms.cli.key", "app",
        "The key that the secrets in the database are encrypted under.",
        OPERATE,
    ),
    "import": CommandPlace(
        "ovms.cli.moving", "move",
        "Move in from a server of today: take what its database holds.",
        OPERATE,
    ),
    "backup": CommandPlace(
        "ovms.cli.backup", "backup",
        "Write all that the server has to one file, also while it runs.",
        OPERATE,
    ),
    "restore": CommandPlace(
        "ovms.cli.restore", "restore_command",
        "Put a backup back; the server must not run.",
        OPERATE,
    ),
    "database": CommandPlace(
        "ovms.cli.database_care", "app",
        "The database: how large it is, checks, and places that are free.",
        OPERATE,
    ),
    "tls": CommandPlace(
        "ovms.cli.tls", "app",
        "A certificate of one's own, and what to do with it on modules and phones.",
        OPERATE,
    ),
    "vehicle-type": CommandPlace(
        "ovms.cli.vehicle_type", "app",
        "Vehicle types: what is known, and checking one.",
        HACK,
    ),
}  # fmt: skip
"""The commands, in the order of the help page. Each is a function, or a Typer of several."""


COMPLETION = ("install_completion", "show_completion")
"""The options that Typer adds to each group, and that only the first one is to have."""

PROPOSALS = 3
"""Commands that are proposed for one that there is not."""

OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What the system says when a file takes no more output."""


class Commands(TyperGroup):
    """The commands, each imported when it is asked for.

    Some versions of Typer stand on Click and some carry it inside, hence no types of Click.
    """

    _is_listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, in the order of the help page."""
        return list(COMMANDS)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page, which needs one line of each command."""
        self._is_listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._is_listing = False

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Return what completes a word, which needs one line of each command."""
        self._is_listing = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._is_listing = False

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options, ready for the help page."""
        return dressed(super().get_params(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is called. For one that there is not, say which may be meant."""
        word = args[0] if args else ""
        if word and not word.startswith("-") and word not in COMMANDS and not ctx.resilient_parsing:
            near = [*get_close_matches(word, COMMANDS), *_owners_commands(word)]
            meant = " or ".join(repr(each) for each in near[:PROPOSALS])
            ctx.fail(f"No such command {word!r}.{f' Did you mean {meant}?' if near else ''}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; ``None`` if there is none of that name."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        if self._is_listing:
            return TyperCommand(cmd_name, help=place.help, rich_help_panel=place.panel)
        return _made(cmd_name, getattr(_imported(place.module), place.attribute))


def _imported(name: str) -> ModuleType:
    """Return a module. To look for garbage while it is imported would take a tenth longer."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        if was_enabled:
            gc.enable()


@cache
def _made(name: str, found: Any) -> Any:
    """Return the command that a function is, or a Typer; it takes longer than most others run."""
    if not isinstance(found, typer.Typer):
        function, found = found, typer.Typer(add_completion=False)
        found.command(name)(function)
    command = get_command(found)
    command.name = name
    command.params = [each for each in command.params if each.name not in COMPLETION]
    _prepare(command)
    return command


def _owners_commands(word: str) -> list[str]:
    """Return commands of ``ovms app`` that were perhaps meant: what owners want is all there."""
    from ovms.cli.app import app

    found = get_close_matches(word, [each.name or "" for each in app.registered_commands])
    found = found or [
        each.callback.__name__
        for each in app.registered_commands
        if each.callback is not None and get_close_matches(word, [each.callback.__name__])
    ]
    return [f"app {name}" for name in found]


def _prepare(command: Any) -> None:
    """Prepare a command and those below it: for the help page, and for texts of other bytes.

    The system hands over bytes. A path may be of any; a text that is not UTF-8 could be sent
    nowhere, and is refused, whatever it is for.
    """
    parse_args = command.parse_args

    def checked(context: Any, words: list[str]) -> Any:
        rest = parse_args(context, words)
        for parameter in command.params:
            if not is_utf8(context.params.get(parameter.name)):
                refuse(f"{max(parameter.opts, key=len)} must be UTF-8 text")
        return rest

    command.parse_args = checked
    dress(command)
    for below in getattr(command, "commands", {}).values():
        _prepare(below)


cli = typer.Typer(
    name="ovms",
    cls=Commands,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


def _version(is_asked: bool) -> None:
    if is_asked:
        print(f"ovms {__version__}")
        raise typer.Exit


@cli.callback()
def ovms(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")
    ] = False,
) -> None:
    """Open Vehicle Monitoring System: the car, the server and the app."""


def main() -> None:
    """Run the command line."""
    _fill_standard_files()
    try:
        try:
            cli()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except ImportError as error:
        text = missing_extra(error)
        if text is None:
            raise
        sys.exit(f"ovms: {text}")
    except OSError as error:
        if error.filename is not None or error.errno not in OUTPUT_ERRORS:
            raise
        # What the stream still holds must not fail again at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(f"ovms: the output cannot be written: {error.strerror}")


def _fill_standard_files() -> None:
    """Open the null device for standard files that are closed.

    Else a database or a connection would get such a number, and libuv aborts when it closes one.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
