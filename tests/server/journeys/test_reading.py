"""Samples out of records: fields, units, marks for unknown, and whatever bytes come."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol.records.environment import Doors1, Doors5, Environment, unread_field
from ovms.protocol.records.location import Location
from ovms.protocol.records.logs import GRID_TYPE, TRIP_TYPE, GridRecord, TripRecord
from ovms.protocol.records.record import Record
from ovms.protocol.records.status import Status
from ovms.server.journeys.fold import EARLIEST, Fold, decode_state, encode_state
from ovms.server.journeys.reading import read_samples
from ovms.server.journeys.samples import (
    CONNECTION_TYPE,
    RECORD_TYPES,
    UNIT_AS_BEFORE,
    JourneyRecord,
    Sample,
)
from ovms.server.journeys.values import Position

STATUS = Status(
    soc=63,
    units="M",
    line_voltage=230,
    charge_current=16,
    charge_state="charging",
    charge_mode="range",
    ideal_range=120,
    estimated_range=110,
    charge_duration=600,
    charge_energy=1.2,
    charge_substate=3,
    cac=150.5,
    limit_range=150,
    limit_soc=80,
    ideal_range_max=180,
    plug_type=2,
    charge_power=3.4,
    soh=97,
    charge_power_input=3.7,
    charger_efficiency=91.5,
    grid_energy=1.35,
    grid_energy_total=2004.25,
    battery_capacity=53.2,
    charge_end_time=1_700_000_000,
)
ENVIRONMENT = Environment(
    doors_1=Doors1.CAR_ON | Doors1.CHARGE_PORT,
    doors_5=Doors5.HVAC,
    temperature_battery=21,
    trip=12.3,
    odometer=45678.9,
    speed=55,
    parking_time=0,
    temperature_ambient=-4,
    temperatures_stale=1,
    ambient_stale=1,
    voltage_12v=13.1,
    temperature_cabin=19,
)
LOCATION = Location(
    latitude=48.137154,
    longitude=11.576124,
    altitude=519,
    gps_lock=True,
    gps_stale=1,
    speed=55,
    trip=12.3,
    battery_power=14.25,
    energy_used=2.5,
    energy_recovered=0.75,
)


def read(record: Record | bytes, code: str = "", *, is_pic: bool = False) -> Sample:
    """Return the sample of one record."""
    data = record if isinstance(record, bytes) else record.encode()
    code = code or (record.CODE if isinstance(record, Record) else "")
    [sample] = read_samples([JourneyRecord(7, code, 0, data)], is_pic=is_pic)
    return sample


def said(sample: Sample) -> dict[str, object]:
    """Return what a sample says."""
    values = {name: getattr(sample, name) for name in Sample.__slots__}
    return {name: value for name, value in values.items() if value not in (None, False)}


def test_a_status_gives_its_fields_by_their_names() -> None:
    """Words are words, numbers have the units of the field table, distances are as sent."""
    assert said(read(STATUS)) == {
        "time": 7,
        "distance_unit": "M",
        "soc": 63,
        "line_voltage": 230,
        "charge_current": 16,
        "charge_state": "charging",
        "charge_mode": "range",
        "ideal_range": 120,
        "estimated_range": 110,
        "charge_duration": 600,
        "charge_energy": pytest.approx(1.2),
        "charge_substate": "onrequest",
        "cac": 150.5,
        "limit_range": 150,
        "limit_soc": 80,
        "ideal_range_max": 180,
        "plug": "type2",
        "charge_power": 3.4,
        "soh": 97,
        "charge_power_input": 3.7,
        "charger_efficiency": 91.5,
        "grid_energy": 1.35,
        "grid_energy_total": 2004.25,
        "capacity": 53.2,
        "charge_end_time": 1_700_000_000,
    }


def test_the_state_of_a_fold_is_bytes_with_whatever_a_record_says() -> None:
    """The types of a sample's values are those that it declares: else no state could be read."""
    fold = Fold()
    fold.feed([replace(read(each), time=EARLIEST + 1) for each in (STATUS, ENVIRONMENT, LOCATION)])
    assert decode_state(encode_state(fold.state)) == fold.state


def test_an_environment_and_a_location_give_theirs() -> None:
    """Door bits are told apart, and the unit is that of the last status."""
    sample = read(ENVIRONMENT)
    assert (sample.is_on, sample.is_plugged, sample.is_charging) == (True, True, False)
    assert sample.is_conditioning is True
    assert (sample.odometer, sample.trip_meter) == pytest.approx((45678.9, 12.3))
    assert (sample.temperature_battery, sample.temperature_ambient) == (21, -4)
    assert sample.distance_unit == UNIT_AS_BEFORE
    sample = read(LOCATION)
    assert sample.position == Position(latitude=48.137154, longitude=11.576124)
    assert (sample.altitude, sample.battery_power) == (519, 14.25)
    assert (sample.energy_used, sample.energy_recovered) == (2.5, 0.75)


def test_records_of_one_second_are_one_sample() -> None:
    """A log record is metric whatever the car shows, so it is a sample of its own before it."""
    records = [
        JourneyRecord(7, TRIP_TYPE, 1, TripRecord(odometer=100, driving_time=60).encode()),
        JourneyRecord(7, "D", 0, ENVIRONMENT.encode()),
        JourneyRecord(7, "S", 0, STATUS.encode()),
        JourneyRecord(8, "L", 0, LOCATION.encode()),
    ]
    log, both, location = read_samples(records, is_pic=False)
    assert (log.time, log.distance_unit, log.odometer) == (7, None, 100)
    assert (log.is_trip_record, log.driving_time) == (True, 60)
    assert (both.time, both.distance_unit, both.soc, both.is_on) == (7, "M", 63, True)
    assert location.time == 8


@pytest.mark.parametrize("version", [1, 2])
def test_a_charge_log_has_two_versions(version: int) -> None:
    """The second appends the odometer."""
    record = GridRecord(
        gps_lock=True, latitude=48, longitude=11, charge_type="ccs", charge_state="done",
        charge_substate="scheduledstop", charge_mode="standard", limit_soc=80, charge_energy=10.123,
        grid_energy=11.5, grid_energy_total=900.5, soc=80.4, soh=97, odometer=1234.5,
    )  # fmt: skip
    if version == 1:
        record = replace(record, odometer=None)
    sample = read(record)
    assert sample.is_grid_record
    assert (sample.charge_state, sample.charge_substate) == ("done", "scheduledstop")
    assert (sample.plug, sample.charge_mode, sample.limit_soc) == ("ccs", "standard", 80)
    assert (sample.charge_energy, sample.grid_energy, sample.soc) == (10.123, 11.5, 80.4)
    assert sample.odometer == (1234.5 if version == 2 else None)
    assert sample.position == Position(latitude=48, longitude=11)


def test_a_pic_counts_in_minutes_and_watt_hours() -> None:
    """What differs between the modules is in the field tables."""
    assert read(replace(STATUS, charge_duration=10), is_pic=True).charge_duration == 600
    sample = read(replace(LOCATION, energy_used=2500, energy_recovered=750), is_pic=True)
    assert (sample.energy_used, sample.energy_recovered) == (2.5, 0.75)


def test_what_a_module_sends_for_unknown_is_unknown() -> None:
    """Minus one, and 0 where nothing can be 0."""
    status = replace(
        STATUS, charge_end_time=-1, limit_soc=0, limit_range=0, plug_type=0, battery_capacity=0,
        soh=0, cac=0, grid_energy_total=0, ideal_range=0, estimated_range=0, ideal_range_max=0,
        units="",
    )  # fmt: skip
    assert not said(read(status)).keys() & {
        "charge_end_time", "limit_soc", "limit_range", "plug", "capacity", "soh", "cac",
        "grid_energy_total", "ideal_range", "estimated_range", "ideal_range_max",
    }  # fmt: skip
    assert read(replace(status, soc=2)).ideal_range == 0
    sample = read(replace(ENVIRONMENT, odometer=0, voltage_12v=0))
    assert (sample.odometer, sample.voltage_12v) == (None, None)


@pytest.mark.parametrize("stale", [-1, 0])
def test_old_temperatures_are_not_of_this_second(stale: int) -> None:
    """A sleeping car sends what it read before it slept."""
    sample = read(replace(ENVIRONMENT, temperatures_stale=stale, ambient_stale=stale))
    assert (sample.temperature_battery, sample.temperature_ambient) == (None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"gps_lock": False},
        {"gps_stale": -1},
        {"latitude": 0, "longitude": 0},
        {"latitude": 90},
        {"longitude": 181},
        {"gps_quality": 12},
    ],
)
def test_a_position_must_be_one(changes: dict[str, float]) -> None:
    """Without lock, at 0, 0 or off the earth there is none, and no height."""
    sample = read(replace(LOCATION, **changes))  # type: ignore[arg-type]
    assert (sample.position, sample.altitude) == (None, None)
    assert sample.energy_used == 2.5


def test_a_position_of_an_unknown_quality_counts() -> None:
    """A module that does not know the quality sends 0; old ones do not send the lock."""
    assert read(replace(LOCATION, gps_quality=0)).position is not None
    assert read(b"48.1,11.5", "L").position is not None


def test_door_bits_that_were_never_read_are_unknown() -> None:
    """Our own cars say which."""
    masks = {"doors_1": Doors1.CAR_ON | Doors1.CHARGING, "doors_5": Doors5.HVAC}
    sample = read(replace(ENVIRONMENT, extra=unread_field({k: int(v) for k, v in masks.items()})))
    assert (sample.is_on, sample.is_charging, sample.is_conditioning) == (None, None, None)
    assert sample.is_plugged is True


@pytest.mark.parametrize(("data", "connected"), [(b"1", True), (b"0", False), (b"x", None)])
def test_a_connection_is_there_or_gone(data: bytes, *, connected: bool | None) -> None:
    """Anything else says nothing."""
    assert read(data, CONNECTION_TYPE).is_connected is connected


@pytest.mark.parametrize("odd", ["nan", "inf", "1e300", "1e999", "6_3", " 63", "0x1", "--", "-5"])
def test_a_malformed_number_is_unknown_and_spoils_nothing(odd: str) -> None:
    """The fields beside it are read."""
    sample = read(f"{odd},K,230,,charging".encode(), "S")
    assert (sample.soc, sample.line_voltage, sample.charge_state) == (None, 230, "charging")


def test_other_types_are_no_samples() -> None:
    """A history holds more than journeys need."""
    assert not [*read_samples([JourneyRecord(7, "F", 0, b"3.3")], is_pic=False)]


PARTS = st.sampled_from([b"", b"0", b"1", b"-1", b"nan", b"M", b"K", b"charging", b"\xff", b"1e9"])
DATA = st.binary(max_size=60) | st.lists(PARTS | st.binary(max_size=6), max_size=48).map(b",".join)


@given(st.sampled_from([*RECORD_TYPES, "x"]), DATA, st.booleans())
def test_no_bytes_are_an_error(code: str, data: bytes, is_pic: bool) -> None:
    """Whatever a car sends, there is at most a sample of it, with finite numbers."""
    samples = [*read_samples([JourneyRecord(7, code, 0, data)], is_pic=is_pic)]
    assert len(samples) == (code in RECORD_TYPES)


@given(st.sampled_from([Status, Location, TripRecord, GridRecord]), DATA)
def test_numbers_are_as_the_field_tables_read_them(record: type[Record], data: bytes) -> None:
    """Reading some fields gives what reading all of them gives, or nothing."""
    sample, whole = read(data, record.CODE), record.parse(data)
    for name in ("soc", "energy_used", "charge_energy", "grid_energy", "battery_power"):
        value = getattr(sample, name)
        assert value is None or value == pytest.approx(getattr(whole, name))


def test_codes_of_logs_are_types_of_records() -> None:
    """The records are found by their type."""
    assert {TRIP_TYPE, GRID_TYPE, CONNECTION_TYPE} <= set(RECORD_TYPES)
