"""Samples out of records: the fields that journeys need, and no others.

A year of a car is 400,000 records, so they are split and not parsed whole; where a field is and how
it is scaled is taken from the tables of :mod:`ovms.protocol.records`. A field that is malformed,
unknown or out of all bounds is ``None``. Nothing here fails, whatever the bytes are.

Distances stay in the unit in which they were sent: only a status says it, and the last status may
be in records that were read before. :class:`~.cleaning.Cleaner` knows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from ovms.protocol.records.environment import Doors1, Doors5, Environment
from ovms.protocol.records.field_types import NumberField
from ovms.protocol.records.location import Location
from ovms.protocol.records.logs import GRID_TYPE, TRIP_TYPE, GridRecord, TripRecord
from ovms.protocol.records.status import CHARGE_SUBSTATES, DISTANCE_UNITS, PLUG_TYPES, Status
from ovms.server.journeys.samples import CONNECTION_TYPE, UNIT_AS_BEFORE, JourneyRecord, Sample
from ovms.server.journeys.values import Position

if TYPE_CHECKING:
    from ovms.protocol.records.record import Record

LEAST_QUALITY: Final = 30.0
"""Percent; a position of less is not to be trusted. 0 is that of a module that does not tell it."""
NOWHERE: Final = 0.001
"""Degrees around 0, 0 in which a receiver without a fix believes to be."""

_SPEED: Final = (0.0, 500.0)
_RANGE: Final = (0.0, 5e3)
_METER: Final = (0.0, 5e6)
_PERCENT: Final = (0.0, 100.0)
_ENERGY: Final = (0.0, 2e3)
_TOTAL: Final = (0.001, 1e7)
_POWER: Final = (-5e3, 5e3)
_SECONDS: Final = (0.0, 1e7)
_DEGREES: Final = (-80.0, 150.0)
_ABOVE_0: Final = (0.001, 2e3)
"""Of what is unknown where it is 0: capacity, health, limits."""

_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "soc": _PERCENT,
    "charge_duration": _SECONDS,
    "charge_energy": _ENERGY,
    "grid_energy": _ENERGY,
    "grid_energy_total": _TOTAL,
    "charge_power": _POWER,
    "charge_power_input": _POWER,
    "charge_end_time": (1e8, 2**33),
    "charger_efficiency": (1.0, 100.0),
    "line_voltage": (0.0, 2e3),
    "charge_current": (0.0, 2e3),
    "limit_soc": (0.001, 100.0),
    "limit_range": (0.001, 5e3),
    "ideal_range": _RANGE,
    "ideal_range_max": (0.001, 5e3),
    "estimated_range": _RANGE,
    "capacity": _ABOVE_0,
    "cac": _ABOVE_0,
    "soh": (0.001, 150.0),
    "odometer": (0.001, 5e6),
    "trip_meter": _METER,
    "speed": _SPEED,
    "parking_time": (0.0, 2**31),
    "voltage_12v": (0.001, 100.0),
    "temperature_ambient": (-60.0, 80.0),
    "temperature_battery": _DEGREES,
    "temperature_cabin": _DEGREES,
    "altitude": (-500.0, 9e3),
    "battery_power": _POWER,
    "energy_used": _ENERGY,
    "energy_recovered": _ENERGY,
    "driving_time": _SECONDS,
}
"""What a field of a sample can be, the least and the most."""

_NAMES: Final = {"battery_capacity": "capacity", "trip": "trip_meter"}
"""The fields of samples that have another name than those of records."""

_ODD: Final = re.compile(rb"[_\s]")
"""What Python's ``float`` understands in a number, and the field's programs do not."""

_ODD_FIELD: Final = re.compile(rb"[^,]*[_\s][^,]*")

_UNREAD: Final = re.compile(rb"~([0-9A-F]{10})")


class _Column(NamedTuple):
    """A number in a record: the field of the sample, its place, factor and bounds."""

    name: str
    at: int
    factor: float
    least: float
    most: float


_Places = dict[str, int]


def _places(record: type[Record]) -> _Places:
    """Return at which place each field of a record is."""
    return {field.name: at for at, field in enumerate(record.TABLE)}


def _columns(record: type[Record], *, is_pic: bool, without: tuple[str, ...] = ()) -> list[_Column]:
    """Return the numbers of a record that samples have."""
    columns = []
    for at, field in enumerate(record.TABLE):
        name = _NAMES.get(field.name, field.name)
        bounds = _BOUNDS.get(name)
        if bounds and field.name not in without and isinstance(field.kind, NumberField):
            factor = (field.pic_factor if is_pic else 1) / field.kind.scale
            columns.append(_Column(name, at, factor, *bounds))
    return columns


_S: Final = _places(Status)
_D: Final = _places(Environment)
_L: Final = _places(Location)
_TRIP: Final = _places(TripRecord)
_GRID: Final = _places(GridRecord)

_STALE: Final = {"temperature_battery": _D["temperatures_stale"], "temperature_ambient":
                 _D["ambient_stale"]}  # fmt: skip
_PLUGS: Final = {str(number).encode(): word for number, word in PLUG_TYPES.items()}
_PLUG_WORDS: Final = frozenset(PLUG_TYPES.values())
_SUBSTATES: Final = {str(number).encode(): word for number, word in CHARGE_SUBSTATES.items()}
_UNITS: Final = {unit.encode(): unit for unit in DISTANCE_UNITS}

_PORT: Final = int(Doors1.CHARGE_PORT)
_PILOT: Final = int(Doors1.PILOT_PRESENT)
_CHARGING: Final = int(Doors1.CHARGING)
_ON: Final = int(Doors1.CAR_ON)
_HVAC: Final = int(Doors5.HVAC)
_DOORS5_SHIFT: Final = 32

_Fields = list[bytes]
_Reader = Callable[[Sample, _Fields], None]


def read_samples(records: Iterable[JourneyRecord], *, is_pic: bool) -> Iterator[Sample]:
    """Yield what records say, a sample a second; of log records, which are metric, one before it.

    The records are sorted. ``is_pic`` is whether the car's module is a PIC.
    """
    readers = _PIC_READERS if is_pic else _READERS
    for time, group in groupby(records, key=_time):
        logged = reported = None
        for record in group:
            reader = readers.get(record.type)
            if reader is None:
                continue
            fields = _split(record.data)
            if record.type in _LOG_TYPES:
                logged = logged or Sample(time=time)
                reader(logged, fields)
            else:
                reported = reported or Sample(time=time, distance_unit=UNIT_AS_BEFORE)
                reader(reported, fields)
        if logged is not None:
            yield logged
        if reported is not None:
            yield reported


def _time(record: JourneyRecord) -> int:
    return record.time


def _split(data: bytes) -> _Fields:
    """Return a record's fields, without those that are odd."""
    return (_ODD_FIELD.sub(b"", data) if _ODD.search(data) else data).split(b",")


def _number(fields: _Fields, at: int, least: float, most: float) -> float | None:
    """Return a number within bounds; ``None`` for anything else."""
    try:
        value = float(fields[at])
    except (ValueError, IndexError):
        return None
    return value if least <= value <= most else None


def _put(sample: Sample, fields: _Fields, columns: list[_Column]) -> None:
    """Set the numbers of a sample that are there, well formed and possible."""
    count = len(fields)
    for name, at, factor, least, most in columns:
        if at >= count:
            continue
        text = fields[at]
        if text:
            try:
                value = float(text) * factor
            except ValueError:
                continue
            if least <= value <= most:
                setattr(sample, name, value)


def _word(fields: _Fields, at: int) -> str | None:
    """Return a word in lower case; ``None`` where there is none."""
    text = fields[at] if at < len(fields) else b""
    return text.decode("ascii").lower() if text.isalpha() else None


def _status_reader(*, is_pic: bool) -> _Reader:
    columns = _columns(Status, is_pic=is_pic)
    unit, state, mode = _S["units"], _S["charge_state"], _S["charge_mode"]
    substate, plug = _S["charge_substate"], _S["plug_type"]

    def read(sample: Sample, fields: _Fields) -> None:
        _put(sample, fields, columns)
        if sample.charge_end_time is not None:
            sample.charge_end_time = int(sample.charge_end_time)
        _drop_unknown_ranges(sample)
        sample.charge_state = _word(fields, state) or sample.charge_state
        sample.charge_mode = _word(fields, mode) or sample.charge_mode
        if len(fields) > unit:
            sample.distance_unit = _UNITS.get(fields[unit], sample.distance_unit)
        if len(fields) > substate:
            sample.charge_substate = _SUBSTATES.get(fields[substate], sample.charge_substate)
        if len(fields) > plug:
            sample.plug = _PLUGS.get(fields[plug], sample.plug)

    return read


def _drop_unknown_ranges(sample: Sample) -> None:
    """Take away ranges of 0 of a battery that is not empty: modules send 0 for unknown."""
    if sample.soc is None or sample.soc > 10:
        sample.ideal_range = sample.ideal_range or None
        sample.estimated_range = sample.estimated_range or None


def _environment_reader() -> _Reader:
    columns = _columns(Environment, is_pic=False)
    fresh = [each for each in columns if each.name not in _STALE]
    dated = [([each], _STALE[each.name]) for each in columns if each.name in _STALE]
    doors_1, doors_5 = _D["doors_1"], _D["doors_5"]
    unread_at = len(Environment.TABLE)

    def read(sample: Sample, fields: _Fields) -> None:
        _put(sample, fields, fresh)
        for column, stale in dated:
            if len(fields) <= stale or (_number(fields, stale, -9, 1e9) or 0) > 0:
                _put(sample, fields, column)
        found = _UNREAD.fullmatch(fields[unread_at]) if len(fields) > unread_at else None
        unread = int(found[1], 16) if found else 0
        byte = _byte(fields, doors_1)
        if byte is not None:
            _put_doors(sample, byte, unread)
        byte = _byte(fields, doors_5)
        if byte is not None:
            sample.is_conditioning = _bit(byte, unread >> _DOORS5_SHIFT, _HVAC)

    return read


def _byte(fields: _Fields, at: int) -> int | None:
    """Return a byte of bits; ``None`` for a number that is none."""
    text = fields[at] if at < len(fields) else b""
    value = int(text) if text.isdigit() and len(text) <= 15 else -1
    return value if 0 <= value <= 0xFF else None


def _bit(byte: int, unread: int, bit: int) -> bool | None:
    return None if unread & bit else bool(byte & bit)


def _put_doors(sample: Sample, byte: int, unread: int) -> None:
    """Set what door state #1 says of the car."""
    sample.is_on = _bit(byte, unread, _ON)
    sample.is_charging = _bit(byte, unread, _CHARGING)
    pilot, port = _bit(byte, unread, _PILOT), _bit(byte, unread, _PORT)
    sample.is_plugged = True if pilot or port else None if None in (pilot, port) else False


def _location_reader(*, is_pic: bool) -> _Reader:
    columns = _columns(Location, is_pic=is_pic, without=("altitude",))
    altitude = [each for each in _columns(Location, is_pic=is_pic) if each.name == "altitude"]
    latitude, longitude = _L["latitude"], _L["longitude"]
    lock, stale, quality = _L["gps_lock"], _L["gps_stale"], _L["gps_quality"]

    def read(sample: Sample, fields: _Fields) -> None:
        _put(sample, fields, columns)
        is_stale = (_number(fields, stale, -9, 1e9) or 0) < 0
        trust = _number(fields, quality, 0, 1e9)
        if is_stale or _is_unlocked(fields, lock) or (trust and trust < LEAST_QUALITY):
            return
        position = _position(fields, latitude, longitude)
        if position is not None:
            sample.position = position
            _put(sample, fields, altitude)

    return read


def _is_unlocked(fields: _Fields, at: int) -> bool:
    """Return whether the receiver says that it has no position."""
    text = fields[at] if at < len(fields) else b""
    return bool(text) and not (_number(fields, at, -1e9, 1e9) or 0) > 0


def _position(fields: _Fields, latitude: int, longitude: int) -> Position | None:
    """Return a place where a car can be."""
    north = _number(fields, latitude, -89.999, 89.999)
    east = _number(fields, longitude, -180, 180)
    if north is None or east is None or (abs(north) < NOWHERE and abs(east) < NOWHERE):
        return None
    return Position(latitude=north, longitude=east)


def _log_reader(record: type[Record], places: _Places) -> _Reader:
    columns = _columns(record, is_pic=False)
    latitude, longitude, lock = places["latitude"], places["longitude"], places["gps_lock"]

    def read(sample: Sample, fields: _Fields) -> None:
        _put(sample, fields, columns)
        _drop_unknown_ranges(sample)
        if _is_unlocked(fields, lock):
            sample.altitude = None
        else:
            sample.position = _position(fields, latitude, longitude) or sample.position

    return read


_read_trip_fields: Final = _log_reader(TripRecord, _TRIP)
_read_grid_fields: Final = _log_reader(GridRecord, _GRID)


def _read_trip(sample: Sample, fields: _Fields) -> None:
    _read_trip_fields(sample, fields)
    sample.is_trip_record = True


def _read_grid(sample: Sample, fields: _Fields) -> None:
    _read_grid_fields(sample, fields)
    sample.is_grid_record = True
    sample.charge_state = _word(fields, _GRID["charge_state"]) or sample.charge_state
    sample.charge_substate = _word(fields, _GRID["charge_substate"]) or sample.charge_substate
    sample.charge_mode = _word(fields, _GRID["charge_mode"]) or sample.charge_mode
    at = _GRID["charge_type"]
    plug = fields[at].decode("ascii", "replace").lower() if at < len(fields) else ""
    sample.plug = plug if plug in _PLUG_WORDS else sample.plug


def _read_connection(sample: Sample, fields: _Fields) -> None:
    if fields[0] in (b"0", b"1"):
        sample.is_connected = fields[0] == b"1"


def _readers(*, is_pic: bool) -> dict[str, _Reader]:
    return {
        "S": _status_reader(is_pic=is_pic),
        "D": _environment_reader(),
        "L": _location_reader(is_pic=is_pic),
        TRIP_TYPE: _read_trip,
        GRID_TYPE: _read_grid,
        CONNECTION_TYPE: _read_connection,
    }


_LOG_TYPES: Final = frozenset({TRIP_TYPE, GRID_TYPE})
_READERS: Final = _readers(is_pic=False)
_PIC_READERS: Final = _readers(is_pic=True)
