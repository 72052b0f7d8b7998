"""``ovms vehicle-type decode``: what a vehicle type makes of a recording, without a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ovms.base.logs import print_error
from ovms.base.plugins import BrokenPlugin
from ovms.car.recordings.channels import ChannelError
from ovms.car.recordings.errors import RecordingError
from ovms.car.recordings.recording import Recording
from ovms.car.vehicles import RegisteredType, find_type
from ovms.car.vehicles.data.fields import FIELDS
from ovms.car.vehicles.data.problems import VehicleTypeError
from ovms.car.vehicles.decoding import Decoder, Reading
from ovms.car.vehicles.interface import MAPPING, BusVehicle, VehicleOptions, buses_of
from ovms.cli.common import JsonOption, cell, fail, print_json, print_table, refuse
from ovms.cli.listing import CsvListing


class DecodeFormat(StrEnum):
    """How the rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


_TIMES = frozenset({"time", "first", "last", "every"})

COLUMNS = (
    "kind", "time", "field", "value", "unit", "signal", "reason", "id", "channel", "count", "last",
    "data",
)  # fmt: skip
"""The columns of CSV. A row is a ``reading``, a kind of ``refused`` ones, or an ``unread`` id."""


def decode(
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="A vehicle type's folder, or the type's name.")
    ],
    log: Annotated[Path, typer.Argument(metavar="LOG", help="A recording of its bus.")],
    fields: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Only these fields: ovms vehicle-type fields."),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[BUS=]CHANNEL", help="Read only this channel of the recording; repeatable."
        ),
    ] = None,
    how: Annotated[
        DecodeFormat, typer.Option("--format", help="What to print.")
    ] = DecodeFormat.TABLE,
    json: JsonOption = False,
) -> None:
    """Show what a vehicle type makes of a recording: fields over time.

    A line is a field that changed. Below are the readings that were refused, and why, and the ids
    that nobody reads. Nothing is sent anywhere. What comes before a mistake in the recording is
    printed before that.
    """
    wanted = _fields(fields)
    vehicle = _make_vehicle(folder)
    recording = _open(log, channel or (), vehicle)
    decoder = Decoder(vehicle)
    readings = _DecodedRows(decoder, recording, wanted)
    match DecodeFormat.JSON if json else how:
        case DecodeFormat.JSON:
            problem = _print_json(decoder, readings)
        case DecodeFormat.CSV:
            problem = _print_csv(decoder, readings)
        case DecodeFormat.TABLE:
            problem = _print_tables(decoder, readings)
    if problem is not None:
        fail(str(problem))


def _fields(text: str | None) -> frozenset[str] | None:
    """Return the fields of ``--fields``; a byte of the doors means all of its bits."""
    if text is None:
        return None
    found: set[str] = set()
    for name in filter(None, text.replace(" ", "").split(",")):
        inner = {each for each in FIELDS if each == name or each.startswith(f"{name}.")}
        if not inner:
            refuse(f"--fields: there is no field {name!r} (ovms vehicle-type fields)")
        found |= inner
    return frozenset(found)


def _make_vehicle(folder: str) -> BusVehicle:
    """Return a vehicle of a folder, even one named without a slash, or of a known type."""
    path = Path(folder)
    is_folder = (path / MAPPING).is_file()
    found = RegisteredType(folder, path) if is_folder else find_type(folder)
    if found is None:
        fail(f"{folder}: there is no {MAPPING} in it, nor a vehicle type of that name")
    try:
        vehicle = found.make(VehicleOptions())
    except BrokenPlugin as error:
        fail(f"vehicle type {error}")
    except VehicleTypeError as error:
        more = len(error.problems) - 1
        fail(f"{error.problems[0]}" + (f" (and {more} more: ovms vehicle-type check)" * bool(more)))
    if not isinstance(vehicle, BusVehicle):
        refuse(f"{folder} reads no bus: there is nothing to decode")
    return vehicle


def _open(log: Path, channels: Sequence[str], vehicle: BusVehicle) -> Recording:
    try:
        recording = Recording(log, note=lambda text: print_error(f"ovms: {text}"))
        recording.choose(channels, buses_of(vehicle))
    except ChannelError as error:
        refuse(f"--channel: {error}")
    except RecordingError as error:
        fail(str(error))
    return recording


class _DecodedRows:
    """The wanted readings up to the end of a recording, or to the mistake in it."""

    def __init__(
        self, decoder: Decoder, recording: Recording, wanted: frozenset[str] | None
    ) -> None:
        self._rows = decoder.decode(recording.frames())
        self._wanted = wanted
        self.problem: RecordingError | None = None

    def __iter__(self) -> Iterator[Reading]:
        try:
            for reading in self._rows:
                if self._wanted is None or reading.field in self._wanted:
                    yield reading
        except RecordingError as error:
            self.problem = error


def _print_json(decoder: Decoder, readings: _DecodedRows) -> RecordingError | None:
    rows = [_rounded(asdict(each)) for each in readings]
    refused = [_rounded(asdict(each)) for each in decoder.refused]
    unread = [_rounded(asdict(each) | {"every": each.every}) for each in decoder.unread]
    print_json({
        "frames": decoder.frames, "seconds": round(decoder.seconds, 6), "readings": rows,
        "refused": refused, "unread": unread,
    })  # fmt: skip
    return readings.problem


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with times to a microsecond, which is as much as recordings say."""
    return {
        key: round(value, 6) if key in _TIMES and isinstance(value, float) else value
        for key, value in row.items()
    }


def _print_csv(decoder: Decoder, readings: _DecodedRows) -> RecordingError | None:
    listing = CsvListing(COLUMNS)
    for row in _csv_rows(decoder, readings):
        listing.print({name: row.get(name) for name in COLUMNS})
    return readings.problem


def _csv_rows(decoder: Decoder, readings: _DecodedRows) -> Iterator[dict[str, Any]]:
    for reading in readings:
        yield {"kind": "reading", **asdict(reading), "time": _seconds(reading.time)}
    for refused in decoder.refused:
        row = asdict(refused)
        yield {"kind": "refused", "time": _seconds(row.pop("first")), **row,
               "last": _seconds(refused.last)}  # fmt: skip
    for unread in decoder.unread:
        yield {
            "kind": "unread", "time": _seconds(unread.first), "id": unread.id,
            "channel": unread.channel, "signal": unread.message, "count": unread.count,
            "last": _seconds(unread.last), "data": unread.data,
        }  # fmt: skip


def _print_tables(decoder: Decoder, readings: _DecodedRows) -> RecordingError | None:
    rows = [
        [_seconds(each.time), each.field, _told(each.value), each.unit, each.signal]
        for each in readings
    ]
    print_table(["time", "field", "value", "unit", "from"], rows)
    if decoder.refused:
        print("\nreadings that were refused:")
        print_table(
            ["signal", "field", "why", "count", "last value", "unit"],
            [
                [
                    each.signal,
                    each.field,
                    each.reason,
                    cell(each.count),
                    cell(each.value),
                    each.unit,
                ]
                for each in decoder.refused
            ],
        )
    if decoder.unread:
        print("\nids that nobody reads:")
        print_table(
            ["id", "channel", "message", "count", "every", "last data"],
            [
                [
                    each.id,
                    each.channel,
                    each.message,
                    cell(each.count),
                    _period(each.every),
                    each.data,
                ]
                for each in decoder.unread
            ],
        )
    print(
        f"\n{decoder.frames} frames in {decoder.seconds:.1f} s: {len(rows)} changes, "
        f"{sum(each.count for each in decoder.refused)} readings refused, "
        f"{len(decoder.unread)} ids that nobody reads"
    )
    return readings.problem


def _told(value: object) -> str:
    return "unknown" if value is None else cell(value)


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _period(value: float | None) -> str:
    return "" if value is None else f"{value:.3f} s"
