"""``ovms import``: moving in from a server of today."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ovms.cli.common import JsonOption, fail, print_json, print_table, refuse, resolve_secret
from ovms.cli.database import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    find_settings,
    held,
    open_database,
)
from ovms.cli.step_progress import StepProgress
from ovms.server.migrate.context import MoveOptions
from ovms.server.migrate.errors import SourceError
from ovms.server.migrate.moving import move_in
from ovms.server.migrate.source import open_source, source_url
from ovms.server.notify.registry import find_types
from ovms.server.storage.audit import note_operator
from ovms.server.storage.moved import forget_moved

if TYPE_CHECKING:
    from ovms.server.migrate.report import MoveReport

COLUMNS = ("added", "changed", "removed", "unchanged", "left")
"""What is counted of each kind."""


def move(
    url: Annotated[
        str | None,
        typer.Argument(metavar="URL", help="Its database: mysql://USER@HOST/DATABASE"),
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(
            metavar="PASSWORD",
            help="The database user's. Safer: --password-file or OVMS_IMPORT_PASSWORD.",
        ),
    ] = None,
    password_file: Annotated[
        str | None,
        typer.Option(
            "--password-file", metavar="FILE", help="File that holds it; - is standard input."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything, report it, and undo it.")
    ] = False,
    owner: Annotated[
        str | None,
        typer.Option(
            "--owner", metavar="NAME", help="Who has the vehicles whose owner is not there."
        ),
    ] = None,
    same_owners: Annotated[
        bool,
        typer.Option(
            "--same-owners",
            help="An owner of the same name here is the same person, and stays as here.",
        ),
    ] = False,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="NAME",
            help="What the server is remembered by, if its machine is called otherwise now.",
        ),
    ] = None,
    forget: Annotated[
        bool,
        typer.Option("--forget", help="Forget what was taken: no further import will come."),
    ] = False,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Move in from a server of today: take what its database holds.

    Owners with their passwords, vehicles, latest messages, history, subscriptions to alerts, API
    tokens and auto-provisioning records go on working. Nothing is written there. No server may run
    on the database here.

    Repeated, it takes what changed there since, and undoes nothing that changed here. An import is
    done as a whole or not at all.
    """
    if forget:
        if url is not None:
            refuse("--forget goes without a URL")
        _forget(data, database, config)
        return
    if url is None:
        refuse("give the URL of its database: mysql://USER@HOST/DATABASE")
    settings = find_settings(data, database, config)
    options = MoveOptions(
        dry_run, same_owners, owner, source, find_types(),
        settings.subscription_limits().total, settings.history_limits(),
    )  # fmt: skip
    began = time.time()
    try:
        place = source_url(url, None)
        if place.password is None:
            ask = "Password of the database" if place.username else None
            found = resolve_secret(
                password, password_file, "OVMS_IMPORT_PASSWORD", ask, optional=True
            )
            place = place.set(password=found)
        elif password is not None or password_file is not None:
            refuse("a password is given in the URL or by an option, not both")
        with (
            open_source(place) as opened,
            open_database(data, database, config) as db,
            held(db),
            StepProgress() as progress,
        ):
            report = move_in(db, opened, began, options, progress.report)
    except SourceError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("interrupted: nothing was changed")
    seconds = round(time.time() - began, 1)
    if json:
        print_json(_as_json(report, seconds, is_dry=dry_run))
    else:
        _print(report, seconds, is_dry=dry_run)


def _forget(data: Path | None, database: str | None, config: Path | None) -> None:
    with (
        open_database(data, database, config, must_exist=True) as db,
        db.writing() as connection,
    ):
        found = forget_moved(connection)
        if found:
            note_operator(connection, time.time(), "import.forget", detail=", ".join(found))
    for name in found:
        print(f"what was taken from {name} is forgotten; it stays here")
    if not found:
        print("nothing was taken from another server")


def _print(report: MoveReport, seconds: float, *, is_dry: bool) -> None:
    rows = [
        [kind.value, *(str(getattr(of, name)) for name in COLUMNS)]
        for kind, of in report.kinds.items()
    ]
    print_table([report.source, *COLUMNS], rows)
    for note in report.notes:
        print(_line(f"{note.kind}: {note.name}: {note.outcome}: {note.reason}"))
    for kind, of in report.kinds.items():
        for reason, count in of.reasons.items():
            print(_line(f"{kind}: {count} {reason}"))
    if report.absent:
        print(f"not there: {', '.join(report.absent)}")
    for hint in report.hints:
        print(_line(f"note: {hint}"))
    end = "this was a dry run: nothing was changed" if is_dry else "done"
    print(f"{end} ({seconds} s)")


def _line(text: str) -> str:
    """Return a text of what others wrote so that it cannot steer a terminal."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)


def _as_json(report: MoveReport, seconds: float, *, is_dry: bool) -> dict[str, Any]:
    return {
        "source": report.source,
        "dry_run": is_dry,
        "seconds": seconds,
        "kinds": {
            kind.value: {name: getattr(of, name) for name in COLUMNS}
            | {"reasons": dict(of.reasons)}
            for kind, of in report.kinds.items()
        },
        "notes": [
            {"kind": each.kind, "name": each.name, "outcome": each.outcome, "reason": each.reason}
            for each in report.notes
        ],
        "absent": report.absent,
        "hints": report.hints,
    }
