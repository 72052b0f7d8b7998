"""The file of ``ovms vehicle import``: checked as a whole before the database is touched."""

from __future__ import annotations

import csv
import io
import sys
import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from ovms.cli.common import fail
from ovms.server.storage import names, queries
from ovms.server.storage.database import Database
from ovms.server.storage.errors import AlreadyExists, InvalidValue
from ovms.server.values import ImportRow

REQUIRED: Final = ("owner", "id", "secret")
OPTIONAL: Final = ("name",)

SHOW_PROGRESS: Final = 1000
"""Rows from which on a terminal shows how far it is."""


def read_rows(file: str) -> list[ImportRow]:
    """Read a file of columns ``owner,id,secret[,name]``, named by its first line, in any order.

    Ends the command with the first line that is wrong.
    """
    reader = csv.reader(io.StringIO(_read(file), newline=""), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        _check_header(header, file)
        return [_row(cells, header, reader.line_num) for cells in reader if cells]
    except csv.Error as error:
        fail(f"{file} line {reader.line_num}: {error}")
    except InvalidValue as error:
        fail(f"{file} line {reader.line_num}: {error}")


def import_rows(db: Database, rows: list[ImportRow], file: str) -> queries.Imported:
    """Import what was read, in one transaction; shows a terminal how far it is."""
    console = Console(stderr=True)
    hidden = not console.is_terminal or len(rows) < SHOW_PROGRESS
    with Progress(console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("vehicles", total=len(rows))
        try:
            with db.writing() as connection:
                return queries.import_vehicles(
                    connection, rows, time.time(), lambda count: progress.advance(task, count)
                )
        except AlreadyExists as error:
            progress.stop()
            fail(f"{file} {error}")


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")  # spreadsheets put a mark in front
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fail(f"{file} line {line}: not UTF-8 text")


def _check_header(header: list[str], file: str) -> None:
    known = {*REQUIRED, *OPTIONAL}
    whole = known.issuperset(header) and set(header).issuperset(REQUIRED)
    if not whole or len(set(header)) != len(header):
        fail(f"{file} line 1: the columns must be named owner,id,secret[,name]")


def _row(cells: list[str], header: list[str], line: int) -> ImportRow:
    if len(cells) != len(header):
        raise InvalidValue(f"{len(cells)} columns instead of {len(header)}")
    values = dict(zip(header, cells, strict=True))
    return ImportRow(
        line=line,
        owner=names.owner_name(values["owner"].strip()),
        id=names.vehicle_id(values["id"].strip()),
        secret=names.secret(values["secret"]),
        name=names.vehicle_name(values.get("name", "").strip()),
    )
