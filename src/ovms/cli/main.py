"""``ovms``: one command for the server, the car and the app."""

from __future__ import annotations

from typing import Annotated

import typer

from ovms import __version__
from ovms.cli import app as app_cli
from ovms.cli import car, demo, owner, serve, vehicle

cli = typer.Typer(
    name="ovms",
    help="Open Vehicle Monitoring System: the car, the server and the app.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command("serve")(serve.serve_command)
cli.command("car")(car.car)
cli.command("demo")(demo.demo)
cli.add_typer(app_cli.app, name="app")
cli.add_typer(owner.app, name="owner")
cli.add_typer(vehicle.app, name="vehicle")


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
