"""``ovms token``: what may log in in an owner's place."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from ovms.cli.common import (
    JsonOption,
    YesOption,
    cell,
    confirm_or_leave,
    iso_time,
    print_json,
    print_table,
    refuse,
)
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.cli.times import find_time
from ovms.server.accounts.tokens import (
    DEFAULT_LABEL,
    DEFAULT_PERMIT,
    RIGHTS,
    make_token,
    parse_permit,
)
from ovms.server.storage import queries
from ovms.server.storage.audit import note_operator
from ovms.server.storage.tokens import SHORTEST_PREFIX
from ovms.server.values import Token

DAY = 86400.0

app = typer.Typer(help="API tokens: what may log in in an owner's place.", no_args_is_help=True)


@app.command()
def add(
    owner: Annotated[str, typer.Option(metavar="NAME", help="Whose it is.")],
    permit: Annotated[
        str,
        typer.Option(metavar="RIGHTS", help=f"What it allows, commas between: {' '.join(RIGHTS)}"),
    ] = DEFAULT_PERMIT,
    application: Annotated[
        str, typer.Option(metavar="A", help="The program that uses it.")
    ] = DEFAULT_LABEL,
    purpose: Annotated[str, typer.Option(metavar="P", help="What for.")] = DEFAULT_LABEL,
    expires: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it ends, as 2027-06-01 (UTC); else never."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=36500, help="Or after how many days.")
    ] = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a token, and print it this once."""
    if expires is not None and days is not None:
        refuse("--expires or --days, not both")
    end = find_time(expires, "--expires") if days is None else time.time() + days * DAY
    with open_database(data, database, config) as db:
        rights = parse_permit(permit)
        with db.writing() as connection:
            whose = queries.get_owner(connection, owner)
            labels = (application, purpose, rights)
            token = queries.add_token(
                connection, whose, make_token(os.urandom), time.time(), *labels, end
            )
            detail = f"token {token.id}"
            note_operator(connection, time.time(), "token.add", owner_id=whose.id, detail=detail)
    if json:
        print_json({**_described(token), "token": token.token})
        return
    until = f", until {iso_time(token.expires)}" if token.expires is not None else ""
    print(f"token of owner {token.owner} added, permit {token.permit}{until}")
    print(f"token: {token.token}")


@app.command("list")
def list_(
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="Only this owner's.")] = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show all tokens by their first digits, when each was last used, and when it ends."""
    with open_database(data, database, config, must_exist=True) as db, db.reading() as connection:
        whose = queries.get_owner(connection, owner) if owner is not None else None
        tokens = queries.list_tokens(connection, whose)
    if json:
        print_json([_described(token) for token in tokens])
        return
    columns = ["id", "token", "owner", "application", "purpose", "permit", "created", "last used",
               "expires"]  # fmt: skip
    print_table(columns, [[*map(cell, _row(token))] for token in tokens])


@app.command()
def remove(
    token: Annotated[
        str,
        typer.Argument(
            metavar="TOKEN", help=f"The token, or its first {SHORTEST_PREFIX} digits or more."
        ),
    ],
    yes: YesOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Remove a token: what it logged in is closed."""
    with open_database(data, database, config) as db:
        with db.reading() as connection:
            found = queries.get_token(connection, token)
        confirm_or_leave(f"Remove token {_first(found)} of owner {found.owner}?", yes)
        with db.writing() as connection:
            queries.remove_token(connection, found.token, time.time())
            note_operator(
                connection, time.time(), "token.remove", owner_id=found.owner_id,
                detail=f"token {found.id}",
            )  # fmt: skip
    print(f"token {_first(found)} of owner {found.owner} removed")


def _first(token: Token) -> str:
    return token.token[:SHORTEST_PREFIX]


def _about(token: Token) -> dict[str, object]:
    return {
        "application": token.application,
        "purpose": token.purpose,
        "permit": token.permit,
        "created": iso_time(token.created),
    }


def _described(token: Token) -> dict[str, object]:
    known = {"id": token.id, "token": _first(token), "owner": token.owner}
    times = {"last_used": iso_time(token.last_used), "expires": iso_time(token.expires)}
    return {**known, **_about(token), **times}


def _row(token: Token) -> list[object]:
    *known, last_used, expires = _described(token).values()
    return [*known, last_used or "never", expires or "never"]
