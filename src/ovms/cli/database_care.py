"""``ovms database``: how large it is, whether its counters are right, and its free places."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

import typer
from sqlalchemy import func, select

from ovms.base.logs import print_error
from ovms.cli.common import JsonOption, fail, print_json
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.cli.erasing import finish_erasing
from ovms.cli.exporting import shown
from ovms.server.storage.checking import (
    WrongCount,
    delete_left,
    has_damaged_secret,
    left_rows,
    mend_counts,
    next_vehicle,
    wrong_counts,
)
from ovms.server.storage.quotas import count_all_vehicles
from ovms.server.storage.schema import history_counts, journeys, messages, owners

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ovms.server.storage.database import Database

MIB: Final = 1024 * 1024

VEHICLES_A_READ: Final = 50
"""Vehicles that are checked in one read; of a large history one takes a second."""

LINES: Final = 20
"""Wrong counts that are printed one by one; ``--json`` has all."""

app = typer.Typer(
    help="The database: how large it is, checks, and places that are free.", no_args_is_help=True
)


@app.command()
def show(
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show how large the database is, and how much there is of what."""
    with open_database(data, database, config, must_exist=True) as db:
        with db.reading() as connection:
            records = func.coalesce(func.sum(history_counts.c.records), 0)
            counts = {
                "owners": connection.scalar(select(func.count()).select_from(owners)) or 0,
                "vehicles": count_all_vehicles(connection),
                "records": int(connection.scalar(select(records)) or 0),
                "messages": connection.scalar(select(func.count()).select_from(messages)) or 0,
                "journeys": connection.scalar(select(func.count()).select_from(journeys)) or 0,
            }
        found = {"database": db.name, "sizes": db.sizes(), "free": db.free_bytes(), **counts}
        if json:
            print_json(found)
            return
        print(f"database:  {db.name}")
        print(f"size:      {_size(db)}")
        for name, count in counts.items():
            print(f"{name + ':':<10} {count}")


@app.command()
def vacuum(
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Write the database anew without free places, which gives the disk their room.

    Free places come of what was deleted, and are used for what is new, so it is worth it after much
    was deleted for good. It takes as long as copying the database, and room for two copies. A
    server goes on meanwhile, but stores nothing until it ends.
    """
    with open_database(data, database, config, must_exist=True) as db:
        before, told = db.sizes(), _size(db)
        with shown("writing it anew", None):
            db.rewrite()
        after = db.sizes()
        if json:
            print_json({"database": db.name, "before": before, "after": after})
            return
        print(f"before:  {told}")
        print(f"now:     {_size(db)}")


@app.command()
def check(
    mend: Annotated[
        bool,
        typer.Option(
            "--mend", help="Set wrong counts right, and delete what vehicles left that are gone."
        ),
    ] = False,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Check the database: its files, what it counts, and whether secrets open.

    It reads everything, beside a running server too. Exit code 1 if something is wrong that is not
    mended.
    """
    with open_database(data, database, config, must_exist=True) as db:
        with shown("reading the files", None):
            damage = db.list_damage()
        found = _check(db, mend=mend) if not damage else Findings()
        found.damage += damage
        if mend and found.left:
            finish_erasing(db)
    if json:
        print_json(found.as_json(is_mended=mend))
    else:
        for line in found.lines():
            print(line)
        print(found.summary(is_mended=mend))
    sys.stdout.flush()
    if found.damage:
        fail("the database is damaged: restore a backup (ovms restore --replace)")
    if found.damaged_secrets:
        fail("secrets are damaged: ovms vehicle secret ID --new makes another one")
    if found.is_wrong and not mend:
        fail("some of it is wrong: --mend sets it right")


@dataclass(slots=True)
class Findings:
    """What a check has found."""

    vehicles: int = 0
    damage: list[str] = field(default_factory=list)
    wrong: list[WrongCount] = field(default_factory=list)
    left: dict[str, dict[str, int]] = field(default_factory=dict)
    """Rows of vehicles that there are not, by vehicle and table."""
    damaged_secrets: list[str] = field(default_factory=list)

    @property
    def is_wrong(self) -> bool:
        """Whether there is something to mend."""
        return bool(self.wrong or self.left)

    def lines(self) -> Iterator[str]:
        """Yield what is wrong, in words."""
        yield from self.damage
        for each in self.wrong[:LINES]:
            yield (
                f"{each.vehicle_id}: {each.counted_records} records of {each.type} {each.number} in"
                f" {each.counted_bytes} bytes are counted, and there are {each.records} in"
                f" {each.bytes}"
            )
        if len(self.wrong) > LINES:
            yield f"and {len(self.wrong) - LINES} more wrong counts"
        for vehicle_id, rows in self.left.items():
            told = ", ".join(f"{table} {count}" for table, count in rows.items())
            yield f"{vehicle_id}: there is no such vehicle, but rows of it: {told}"
        for vehicle_id in self.damaged_secrets:
            yield f"{vehicle_id}: its secret does not open"

    def summary(self, *, is_mended: bool) -> str:
        """Return in a line how it is."""
        if self.damage:
            return "the counts were not checked"
        if not self.is_wrong:
            return f"{self.vehicles} vehicles checked: all counts are right"
        what = f"{len(self.wrong)} wrong counts, rows of {len(self.left)} vehicles that are gone"
        return f"{self.vehicles} vehicles checked: {what}{', mended' if is_mended else ''}"

    def as_json(self, *, is_mended: bool) -> dict[str, object]:
        """Return it for programs."""
        return {
            "vehicles": self.vehicles,
            "damage": self.damage,
            "wrong_counts": [asdict(each) for each in self.wrong],
            "left_rows": self.left,
            "damaged_secrets": self.damaged_secrets,
            "mended": is_mended and self.is_wrong,
        }


def _check(db: Database, *, mend: bool) -> Findings:
    """Check one vehicle after the other; what is wrong is mended in a transaction of its own."""
    with db.reading() as connection:
        total = count_all_vehicles(connection)
    found, place = Findings(total), ""
    try:
        with shown("vehicles", total) as advance:
            while ids := _check_some(db, found, place):
                place = ids[-1]
                advance(len(ids))
                for vehicle_id in ids if mend else ():
                    _mend(db, found, vehicle_id)
    except KeyboardInterrupt:
        print_error("ovms: interrupted")
        raise typer.Exit(1) from None
    return found


def _check_some(db: Database, found: Findings, after: str) -> list[str]:
    """Check the next vehicles; return their ids."""
    ids: list[str] = []
    with db.reading() as connection:
        while len(ids) < VEHICLES_A_READ:
            vehicle_id = next_vehicle(connection, ids[-1] if ids else after)
            if vehicle_id is None:
                break
            ids.append(vehicle_id)
            left = left_rows(connection, vehicle_id)
            if left:
                found.left[vehicle_id] = left
            else:
                found.wrong += wrong_counts(connection, vehicle_id)
            if has_damaged_secret(connection, vehicle_id):
                found.damaged_secrets.append(vehicle_id)
    return ids


def _mend(db: Database, found: Findings, vehicle_id: str) -> None:
    if vehicle_id in found.left:
        with db.writing() as connection:
            delete_left(connection, vehicle_id)
    elif any(each.vehicle_id == vehicle_id for each in found.wrong):
        with db.writing() as connection:
            mend_counts(connection, vehicle_id)


def _size(db: Database) -> str:
    """Return how large the database is, in words."""
    parts = ", ".join(f"{name} {size / MIB:,.1f} MiB" for name, size in db.sizes().items())
    free = db.free_bytes()
    return parts if free is None else f"{parts}; {free / MIB:,.1f} MiB of it are free places"
