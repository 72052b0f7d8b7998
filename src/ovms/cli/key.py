"""``ovms key``: the key that the secrets in the database are encrypted under."""

from __future__ import annotations

import csv
import sys
import time

import typer

from ovms.cli.common import (
    JsonOption,
    YesOption,
    confirm_or_leave,
    fail,
    on_terminal,
    print_json,
)
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, held, open_database
from ovms.server.storage import queries
from ovms.server.storage.audit import note_operator
from ovms.server.storage.encryption import current_key_id
from ovms.server.storage.keychange import change_key, has_secrets, reset_key
from ovms.server.storage.new_secret import make_secret

app = typer.Typer(
    help="The key that the secrets in the database are encrypted under.", no_args_is_help=True
)


@app.command()
def show(
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show the id of the key and where it is; the key itself is never shown."""
    with open_database(data, database, config, must_exist=True) as db, db.reading() as connection:
        key_id = current_key_id(connection)
    if json:
        print_json({"id": key_id, "file": str(db.keys.file.path), "database": db.name})
        return
    print(f"key {key_id} in {db.keys.file.path}, for database {db.name}")


@app.command()
def change(
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Encrypt all secrets under a new key; the server must not run.

    Backups of before need the old key: keep a copy of its file as long as you keep them.
    """
    with open_database(data, database, config, must_exist=True) as db, held(db):
        with db.reading() as connection:
            if not has_secrets(connection):  # the key may be that of another database
                fail(f"there are no secrets in database {db.name}: name the server's (--database)")
        old, new = change_key(db)
        with db.writing() as connection:
            note_operator(connection, time.time(), "key.change")
    print(f"the secrets are encrypted under key {new.id} now, in {db.keys.file.path}")
    print(f"backups of before need key {old.id}, which is not there any more", file=sys.stderr)


@app.command()
def reset(
    yes: YesOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Begin with another key because the old one is lost; the server must not run.

    Every vehicle gets a new secret. They are printed this once as CSV: owner, id, secret, name. API
    tokens, provisioning records and subscriptions to alerts are deleted, because nobody can read
    them. History, owners and their passwords stay.
    """
    question = "Give every vehicle a new secret and delete all tokens?"
    if not on_terminal():
        confirm_or_leave(question, yes)  # before anything is opened
    with (
        open_database(data, database, config, must_exist=True, needs_key=False) as db,
        held(db),
    ):
        confirm_or_leave(question, yes)
        now = time.time()
        with db.writing() as connection:
            reset_key(connection, now, make_secret)
            note_operator(connection, now, "key.reset")
            rows = csv.writer(sys.stdout, lineterminator="\n")
            rows.writerow(("owner", "id", "secret", "name"))
            for status in queries.list_vehicles(connection, now):
                vehicle = status.vehicle
                rows.writerow((vehicle.owner, vehicle.id, vehicle.secret, vehicle.name))
            sys.stdout.flush()  # before it is final
        db.check_key()
