"""``ovms journeys rebuild``: journeys made anew of what is kept of a vehicle's reports."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from ovms.base.logs import print_error
from ovms.cli.common import refuse
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.server.storage import queries
from ovms.server.storage.audit import note_operator
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.journey_rebuild import RebuildOvertaken, rebuild

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def rebuild_command(
    vehicle: Annotated[
        str | None, typer.Argument(metavar="VEHICLE", help="The vehicle id, in any case.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All vehicles.")] = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a vehicle's journeys anew of what is kept of its reports, also beside a running server.

    Corrections, places and older journeys stay. When it is interrupted, some journeys are new and
    some as before, each of them whole; run it again.
    """
    if (vehicle is None) is not all_:
        refuse("name a vehicle, or --all")
    with open_database(data, database, config, must_exist=True) as db:
        with db.reading() as connection:
            if vehicle is not None:
                ids = [queries.get_vehicle(connection, vehicle).id]
            else:
                known = queries.list_vehicles(connection, time.time())
                ids = [each.vehicle.id for each in known if each.vehicle.type == "car"]
        failed = [each for each in ids if not _rebuild(db, each, is_only=not all_)]
    if failed:
        raise typer.Exit(1)


def _rebuild(db: Database, vehicle_id: str, *, is_only: bool) -> bool:
    """Make the journeys of a vehicle anew, and return whether that was done."""
    line = ProgressLine(vehicle_id)
    begin = time.monotonic()
    try:
        rebuild(db, vehicle_id, time.time(), line.show)
    except InvalidValue as error:
        line.clear()
        print_error(f"ovms: {error}")
        return not is_only  # of all vehicles some may have none
    except RebuildOvertaken:
        line.clear()
        print_error(f"ovms: the journeys of {vehicle_id} were made anew by somebody else meanwhile")
        return False
    except KeyboardInterrupt:
        line.clear()
        print_error(f"ovms: interrupted: journeys of {vehicle_id} are whole; run it again")
        raise typer.Exit(1) from None
    line.clear()
    with db.writing() as connection:
        note_operator(connection, time.time(), "journey.rebuild", vehicle_id=vehicle_id)
    seconds = time.monotonic() - begin
    print(f"{vehicle_id}: journeys made anew of {line.done} reports in {seconds:.1f} s")
    return True


class ProgressLine:
    """Shows on a terminal how far it is, in one line that is written over."""

    def __init__(self, vehicle_id: str) -> None:
        self.done = 0
        self._vehicle_id = vehicle_id
        self._width = 0

    def show(self, done: int, total: int) -> None:
        """Show how many records of how many are done."""
        self.done = done
        if sys.stderr.isatty():
            percent = 100 * done // total if total else 100
            text = f"{self._vehicle_id}: {percent} % of {total} reports"
            self._write(text)
            self._width = len(text)

    def clear(self) -> None:
        """Remove the line."""
        if self._width:
            self._write("")
            self._width = 0

    def _write(self, text: str) -> None:
        print(
            f"\r{text:<{self._width}}" + ("" if text else "\r"), end="", file=sys.stderr, flush=True
        )
