"""``ovms car``: a car's module, simulated, from a recording or in a car; or many of them."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import typer

from ovms.base import logs
from ovms.base.systemd import is_journal
from ovms.car.link import RestartRequested
from ovms.car.memory import hand_over
from ovms.cli.car.options import CarOptions, takes_options
from ovms.cli.car.parse import parse
from ovms.cli.car.status import status
from ovms.cli.car.unit import unit
from ovms.cli.common import check_nothing_before

log = logs.get_logger("ovms.car")

PREFIX = "OVMS_CAR_"
"""The beginning of the names of our options' variables."""


@takes_options
def car(context: typer.Context, options: CarOptions) -> None:
    """Be a car: call a server, report, obey commands.

    A simulated car, unless a bus is read or a recording replayed. A replay ends when the server has
    everything.

    With a paranoid password it seals what it says, and only apps with that password can read it.

    With --provision it asks for its parameters, as a new module does, by --vin and --iccid. Without
    a record for them the exit code is 1.

    Command 5 starts the program anew with the same arguments; not with --provision, nor if a secret
    came from a terminal or from standard input.
    """
    if context.invoked_subcommand is not None:
        check_nothing_before(context)
        return
    options.check_words()
    has_time = not is_journal(sys.stderr)
    try:
        with logs.running(options.log_level, options.log_format, has_time=has_time):
            _warn_of_misspelt(context)
            parse(options).run()
    except RestartRequested as restart:
        _start_anew(restart.known)


def _warn_of_misspelt(context: typer.Context) -> None:
    """Warn of unknown variables: with its type misspelt a car would silently be simulated."""
    known = {option.envvar for option in context.command.params}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            log.warning("no such option", variable=name)


def _start_anew(known: bytes) -> NoReturn:
    """Replace this process by a new one with the same arguments, which knows what this one knew."""
    hand_over(known)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (no shell is meant)


app = typer.Typer(subcommand_metavar="[COMMAND]", add_completion=False)
app.callback(invoke_without_command=True)(car)
app.command("status")(status)
app.command("unit")(unit)
