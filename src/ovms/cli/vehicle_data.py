"""``ovms vehicle export-data`` and ``erase``: all that a vehicle has sent, out and away."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ovms.cli.common import YesOption, confirm_or_leave, fail
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, held, open_database
from ovms.cli.erasing import finish_erasing
from ovms.cli.exporting import write_export
from ovms.server.storage import queries
from ovms.server.storage.audit import note_operator
from ovms.server.storage.errors import DatabaseInUse
from ovms.server.storage.exporting import vehicle_export_steps

BESIDE_A_SERVER = (
    "a server runs on database {name}, which remembers what is to be erased: stop it first,"
    " or have it done by DELETE /api/v1/admin/vehicles/{vehicle_id}/data"
)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The vehicle id, in any case.")]


def export_data(
    vehicle_id: IdArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The ZIP to write; a new file.")],
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Write all data of a vehicle into a ZIP of JSON, CSV and GPX.

    The records of its history, journeys, positions, shares, and what was done with it. Secrets are
    not in it.
    """
    with open_database(data, database, config, must_exist=True) as db:
        now = time.time()
        with db.reading() as connection:
            vehicle = queries.get_any_vehicle(connection, vehicle_id)
        write_export(db, file, [vehicle.id], partial(vehicle_export_steps, vehicle, now))
        with db.writing() as connection:
            note_operator(
                connection, now, "vehicle.export", owner_id=vehicle.owner_id, vehicle_id=vehicle.id
            )
    print(f"data of vehicle {vehicle.id} written to {file}")


def erase(
    vehicle_id: IdArgument,
    yes: YesOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Erase all that a vehicle has sent, for good; the vehicle stays as it is set up.

    Its messages, history, journeys and alerts go, and who called as it. No server may run
    meanwhile: an administrator's API does the same. Backups and logs keep what they have.
    """
    with open_database(data, database, config, must_exist=True) as db:
        with db.reading() as connection:
            vehicle = queries.get_any_vehicle(connection, vehicle_id)
        try:
            db.check_unused()
        except DatabaseInUse:
            fail(BESIDE_A_SERVER.format(name=db.name, vehicle_id=vehicle.id))
        confirm_or_leave(f"Erase all data of vehicle {vehicle.id}?", yes)
        with held(db):
            with db.writing() as connection:
                queries.erase_data(connection, vehicle.id)
                note_operator(
                    connection, time.time(), "vehicle.erase", owner_id=vehicle.owner_id,
                    vehicle_id=vehicle.id,
                )  # fmt: skip
            finish_erasing(db)
    print(f"data of vehicle {vehicle.id} erased")
