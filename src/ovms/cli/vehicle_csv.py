"""The file of ``ovms vehicle import`` and ``export``.

It is checked as a whole before the database is touched. Its columns are those of
:mod:`ovms.base.vehicle_file`, so it is a fleet's as well.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Connection

from ovms.base.paths import write_whole
from ovms.base.vehicle_file import COLUMNS, VehicleFileError, read_lines
from ovms.cli.common import fail
from ovms.server.accounts.passwords import PasswordError, check_password, hash_password
from ovms.server.storage import names, queries
from ovms.server.storage.audit import note_operator
from ovms.server.storage.database import Database
from ovms.server.storage.errors import AlreadyExists, InvalidValue
from ovms.server.values import ImportOwner, ImportRow, Owner, Vehicle, VehicleType

SHOW_PROGRESS: Final = 1000
"""Rows from which on a terminal shows how far it is."""

SECRETS: Final = ("secret", "password_hash")
"""What an export has only with permission."""

EXPORTED: Final = ("owner", "id", "secret", "name", "email", "password_hash", "type", "server",
                   "tls_only", "log_days", "position_days", "journeys")  # fmt: skip
assert set(EXPORTED) <= set(COLUMNS)

YES_NO: Final = {"": False, "no": False, "false": False, "0": False, "yes": True, "true": True,
                 "1": True}  # fmt: skip


@dataclass(slots=True)
class OwnerWords:
    """What a file says of an owner; ``line`` is where that was first said."""

    name: str
    email: str = ""
    password: str = field(default="", repr=False)
    password_hash: str = field(default="", repr=False)
    line: int = 0

    def add(self, line: int, said: dict[str, str]) -> None:
        """Add what another line says. Raises :class:`InvalidValue` where it says something else."""
        for name, value in said.items():
            known = getattr(self, name)
            if value and known and value != known:
                what = name.replace("_", " ")
                raise InvalidValue(f"owner {self.name} has another {what} in line {self.line}")
            if value and not known:
                setattr(self, name, value)
                self.line = line

    def ready(self) -> ImportOwner:
        """Return the owner to make, with the password hashed."""
        hashed = hash_password(self.password) if self.password else self.password_hash or None
        return ImportOwner(self.name, self.email, hashed)


@dataclass(slots=True)
class VehicleFile:
    """What a file of vehicles says; ``made`` are the vehicles whose secret was made here."""

    rows: list[ImportRow] = field(default_factory=list)
    owners: dict[str, OwnerWords] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)


def read_vehicles(file: str, owner: str | None, make_secret: Callable[[], str]) -> VehicleFile:
    """Read a file; ``owner`` has the vehicles of lines that name none. An empty secret is made.

    Ends the command with the first line that is wrong.
    """
    read, line = VehicleFile(), 1
    try:
        header, lines = read_lines(_bytes(file))
        if "owner" not in header and owner is None:
            raise VehicleFileError(1, "the columns must be named, owner too; or give --owner")
        for line, values in lines:
            _add(read, line, {**values, "owner": values["owner"] or owner or ""}, make_secret)
    except VehicleFileError as error:
        fail(f"{file} {error}")
    except (InvalidValue, PasswordError) as error:
        fail(f"{file} line {line}: {error}")
    return read


def _bytes(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")


def _add(
    read: VehicleFile, line: int, values: dict[str, str], make_secret: Callable[[], str]
) -> None:
    row = _row(line, values, values["secret"] or make_secret())
    read.rows.append(row)
    if not values["secret"]:
        read.made.append(row.id)
    said = {
        "email": names.email(values["email"]),
        "password": values["password"],
        "password_hash": names.password_hash(values["password_hash"]),
    }
    if values["password"]:
        check_password(values["password"])
        if values["password_hash"]:
            raise InvalidValue("a password and a password's hash: one of them")
    known = read.owners.setdefault(names.owner_key(row.owner), OwnerWords(row.owner))
    known.add(line, said)


def _row(line: int, values: dict[str, str], secret: str) -> ImportRow:
    kind: VehicleType = "server" if _type(values["type"]) == "server" else "car"
    return ImportRow(
        line=line,
        owner=names.owner_name(values["owner"]),
        id=names.vehicle_id(values["id"]),
        secret=names.secret(secret),
        name=names.vehicle_name(values["name"]),
        type=kind,
        server=names.server_name(values["server"] or "*"),
        tls_only=_yes_no(values["tls_only"]),
        log_days=names.log_days(parse_days(values["log_days"] or "default")),
        log_position_days=names.log_days(parse_days(values["position_days"] or "default")),
        makes_journeys=_yes_no(values["journeys"] or "yes"),
    )


def _type(text: str) -> str:
    return names.vehicle_type(text.lower() or "car")


def _yes_no(text: str) -> bool:
    if text.lower() not in YES_NO:
        raise InvalidValue(f"{text!r} is neither yes nor no")
    return YES_NO[text.lower()]


def parse_days(text: str) -> int | None:
    """Return how many days something is kept: off is 0, default (as the server is set) ``None``.

    Raises :class:`InvalidValue` for anything else.
    """
    word = text.lower()
    if word in ("off", "default"):
        return 0 if word == "off" else None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidValue(f"{text!r} is no number of days, off or default")
    return int(text)


def import_vehicles(db: Database, read: VehicleFile, file: str) -> queries.Imported:
    """Import what was read, in one transaction; shows a terminal how far it is."""
    console = Console(stderr=True)
    hidden = not console.is_terminal or len(read.rows) < SHOW_PROGRESS
    with Progress(console=console, transient=True, disable=hidden) as progress:
        hashed = progress.add_task("passwords", total=len(read.owners))
        owners = {}
        for key, words in read.owners.items():
            owners[key] = words.ready()
            progress.advance(hashed)
        task = progress.add_task("vehicles", total=len(read.rows))
        try:
            with db.writing() as connection:
                made = queries.import_vehicles(
                    connection,
                    read.rows,
                    time.time(),
                    lambda count: progress.advance(task, count),
                    owners,
                )
                _note(connection, read, made)
                return made
        except AlreadyExists as error:
            progress.stop()
            fail(f"{file} {error}")


def _note(connection: Connection, read: VehicleFile, made: queries.Imported) -> None:
    """Have the audit trail say which owners were made, and how many vehicles each got."""
    known = {names.owner_key(name) for name in made.known}
    for key, count in Counter(names.owner_key(row.owner) for row in read.rows).items():
        owner = queries.get_owner(connection, key)
        if key not in known:
            note_operator(connection, time.time(), "owner.add", owner_id=owner.id)
        detail = f"vehicles: {count}"
        note_operator(connection, time.time(), "vehicle.import", owner_id=owner.id, detail=detail)


def export_vehicles(found: Iterable[tuple[Vehicle, Owner]], file: str, with_secrets: bool) -> int:
    """Write vehicles to a file that only its owner reads; return how many. ``-`` is the output."""
    columns = [name for name in EXPORTED if with_secrets or name not in SECRETS]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    count = 0
    for vehicle, owner in found:
        writer.writerow(_exported(vehicle, owner))
        count += 1
    if file == "-":
        print(text.getvalue(), end="")
        return count
    try:
        write_whole(Path(file), text.getvalue().encode())
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}")
    return count


def _exported(vehicle: Vehicle, owner: Owner) -> dict[str, object]:
    days = (vehicle.log_days, vehicle.log_position_days)
    log, positions = ("" if each is None else each for each in days)
    return {
        "owner": owner.name, "id": vehicle.id, "secret": vehicle.secret, "name": vehicle.name,
        "email": owner.email, "password_hash": owner.password_hash or "", "type": vehicle.type,
        "server": vehicle.server, "tls_only": "yes" if vehicle.tls_only else "no",
        "log_days": log, "position_days": positions,
        "journeys": "yes" if vehicle.makes_journeys else "no",
    }  # fmt: skip
