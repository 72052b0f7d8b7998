"""``ovms audit``: who logged in, what was commanded, and what was changed."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from ovms.cli.common import iso_time
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.cli.listing import CsvOption, JsonOption, choose_format, make_listing
from ovms.cli.times import TIME_HELP, check_span, find_time
from ovms.server.storage import names, queries
from ovms.server.storage.audit import AuditFilter, list_audit
from ovms.server.values import AuditEntry

PAGE: Final = 1000
"""Entries that are read at once."""

COLUMNS: Final = ("time", "action", "actor", "owner", "vehicle", "detail", "address")

app = typer.Typer(help="The audit trail: log-ins, commands and changes.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """Have ``list`` be a command of its own."""


@app.command("list")
def list_(
    owner: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only of this owner's account and vehicles.")
    ] = None,
    vehicle: Annotated[str | None, typer.Option(metavar="ID", help="Only of this vehicle.")] = None,
    action: Annotated[
        str | None,
        typer.Option(metavar="A", help="Only this action, such as login, login.failed, command."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help=f"Only from then on: {TIME_HELP}")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only before then, in the same spelling.")
    ] = None,
    csv: CsvOption = False,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show who logged in, what was commanded, and what was changed, the newest first."""
    listing = make_listing(choose_format(None, csv, json), COLUMNS)
    begin, end = find_time(since, "--since"), find_time(until, "--until")
    check_span(begin, end)
    with open_database(data, database, config, must_exist=True) as db:
        owner_id = None
        if owner is not None:
            with db.reading() as connection:
                owner_id = queries.get_owner(connection, owner).id
        key = names.vehicle_key(vehicle) if vehicle is not None else None
        wanted = AuditFilter(owner_id, key, None, action, begin, end)
        before: int | None = None
        page: list[tuple[AuditEntry, str | None]] | None = None
        while page is None or len(page) == PAGE:
            with db.reading() as connection:
                page = list_audit(connection, wanted, PAGE, before)
            for entry, account in page:
                listing.print(dict(zip(COLUMNS, _row(entry, account), strict=True)))
                before = entry.id
    listing.end()


def _row(entry: AuditEntry, account: str | None) -> tuple[str | None, ...]:
    return (
        iso_time(entry.time),
        entry.action,
        entry.actor or None,
        account,
        entry.vehicle_id,
        entry.detail,
        entry.address or None,
    )
