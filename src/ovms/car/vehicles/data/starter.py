"""The first ``vehicle.toml`` for a DBC file: a folder that passes the checks, to go on from."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from ovms.car.vehicles.data.dbc import BusFile, read_dbc
from ovms.car.vehicles.data.guesses import guess_fields
from ovms.car.vehicles.data.text import decode_text, read_file
from ovms.car.vehicles.interface import MAPPING

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)


def is_type_name(name: str) -> bool:
    """Return whether a folder may have this name."""
    return _NAME.fullmatch(name) is not None


def make_folder(folder: Path, dbc: Path) -> int:
    """Make a vehicle type of a DBC file. Return how many guesses are in it.

    Raise :class:`~ovms.car.vehicles.data.problems.VehicleTypeError` for a file that cannot be used,
    and :class:`OSError`; then nothing is made.
    """
    bus = read_dbc(str(dbc), decode_text(read_file(dbc)))
    rows = list(_rows(folder.name, bus))
    folder.mkdir(parents=True)
    shutil.copyfile(dbc, folder / f"{folder.name}.dbc")
    (folder / MAPPING).write_text("\n".join(rows) + "\n", "utf-8")
    return sum(row.startswith("# ") and " = { field = " in row for row in rows)


def _rows(name: str, bus: BusFile) -> Iterator[str]:
    yield f"# What the messages of {name}.dbc mean for the car. docs/vehicles.md says what may"
    yield "# stand here; `ovms vehicle-type fields` lists the fields."
    yield ""
    yield f'car_type = "{re.sub("[^A-Z0-9]", "", name.upper())[:8] or "X"}"'
    yield f'description = "{name}"'
    yield "# bitrate = 500_000"
    yield ""
    yield "# Guesses by names and units, and nothing more. Take away the # of one that is right,"
    yield "# and look at it in a recording: `ovms vehicle-type decode FOLDER LOG`."
    yield "[signals]"
    for field, guesses in guess_fields(bus):
        if len(guesses) > 1:
            yield f"# {field.name} may be one of these {len(guesses)}:"
        for each in guesses:
            yield f"# {each.line()}  # {each.remark()}"
    yield ""
    yield "# Fields that are calculated from others:"
    yield "# [derived]"
    yield '# battery_power = "battery_voltage * battery_current / 1000"'
    first = next(iter(bus.messages))
    yield ""
    yield "# What is so when a message stops coming:"
    yield "# [[silence]]"
    yield f"# of = {_quoted(first)}"
    yield "# after = 60"
    yield '# set = { "doors_1.car_on" = false, speed = 0 }'


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
