"""``ovms``: one command for the server, the car and the app.

Each command's module is imported when it is asked for, so that ``ovms app`` does not wait for the
server's database library, nor the server for the car's.
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from ovms import __version__

COMMANDS = {
    "serve": "ovms.cli.serve:serve_command",
    "car": "ovms.cli.car:app",
    "app": "ovms.cli.app:app",
    "demo": "ovms.cli.demo:demo",
    "owner": "ovms.cli.owner:app",
    "vehicle": "ovms.cli.vehicle:app",
    "vehicle-type": "ovms.cli.vehicle_type:app",
    "provision": "ovms.cli.provision:app",
    "token": "ovms.cli.token:app",
    "peer": "ovms.cli.peer:app",
    "history": "ovms.cli.history:history",
    "notify": "ovms.cli.notify:app",
}
"""Where each command is: a function, or a Typer of several."""


class Commands(TyperGroup):
    """The commands, each loaded when it is asked for.

    Some versions of Typer stand on Click and some carry it inside, hence no types of Click.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the commands, in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command; ``None`` if there is none of that name."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            function, found = found, typer.Typer(add_completion=False)
            found.command(cmd_name)(function)
        command = get_command(found)
        command.name = cmd_name
        return command


cli = typer.Typer(
    name="ovms",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
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
    cli()
