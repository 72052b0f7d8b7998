"""Cleaning: units, positions, odometers and states of charge that no car can have."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from ovms.protocol.records.status import KM_PER_MILE
from ovms.server.journeys.cleaning import Cleaner
from ovms.server.journeys.samples import UNIT_AS_BEFORE, Sample
from ovms.server.journeys.values import Position

HERE = Position(latitude=48.0, longitude=11.0)


def km_east(km: float) -> Position:
    """Return a point to the east of here."""
    return Position(latitude=48.0, longitude=11.0 + km / 74.4)


def odometers(
    values: Iterable[float], *, every: int = 60, cleaner: Cleaner | None = None
) -> list[float | None]:
    """Return odometers as they come out, one a minute."""
    cleaner = cleaner or Cleaner()
    samples = (Sample(time=at * every, odometer=value) for at, value in enumerate(values))
    return [cleaner.clean(sample).odometer for sample in samples]


def positions(kms: Iterable[float], *, every: int = 60, speed: float = 60) -> list[float | None]:
    """Return where a car was, in km east of here; ``None`` for what was dropped."""
    cleaner = Cleaner()
    kms = [*kms]
    samples = [
        Sample(time=at * every, position=km_east(km), altitude=500, speed=speed)
        for at, km in enumerate(kms)
    ]
    cleaned = [cleaner.clean(sample) for sample in samples]
    assert all((each.position is None) == (each.altitude is None) for each in cleaned)
    return [None if each.position is None else km for each, km in zip(cleaned, kms, strict=True)]


def socs(values: Iterable[float], **more: str) -> list[float | None]:
    """Return states of charge as they come out, one a minute."""
    cleaner = Cleaner()
    samples = (
        Sample(time=at * 60, soc=soc, charge_state=more.get("state"))
        for at, soc in enumerate(values)
    )
    return [cleaner.clean(sample).soc for sample in samples]


def test_a_clean_sample_is_returned_as_it_is() -> None:
    """Nothing is copied where nothing is changed."""
    cleaner = Cleaner()
    for sample in (
        Sample(time=1, position=HERE, soc=50, odometer=100, speed=5),
        Sample(time=2, distance_unit="K", ideal_range=100),
        Sample(time=3, distance_unit=UNIT_AS_BEFORE, odometer=100.1),
    ):
        assert cleaner.clean(sample) is sample


def test_distances_are_in_the_unit_of_the_last_status() -> None:
    """Before the first one they are unknown; records of logs are metric."""
    cleaner = Cleaner()
    assert cleaner.clean(Sample(time=1, distance_unit="", odometer=100, speed=5)).odometer is None
    sample = Sample(time=2, distance_unit="M", ideal_range=100, soc=50)
    cleaned = cleaner.clean(sample)
    assert cleaned.ideal_range == pytest.approx(160.9344)
    assert cleaner.clean(cleaned).ideal_range == pytest.approx(160.9344)
    cleaned = cleaner.clean(Sample(time=3, distance_unit="", odometer=1000, speed=60))
    assert cleaned.odometer == pytest.approx(1609.344)
    assert cleaned.speed == pytest.approx(60 * KM_PER_MILE)
    assert cleaner.clean(Sample(time=4, odometer=1609.5, is_trip_record=True)).odometer == 1609.5


def test_a_car_that_never_says_its_unit_counts_kilometres() -> None:
    """It sends no status; what it says in the first minutes waits for one and is lost."""
    cleaner = Cleaner()
    cleaned = [
        cleaner.clean(Sample(time=1_700_000_000 + time, distance_unit="", odometer=1000, speed=50))
        for time in (0, 1499, 1500, 1900)
    ]
    assert [each.odometer for each in cleaned] == [None, None, 1000, 1000]
    assert [each.speed for each in cleaned] == [None, None, 50, 50]


def test_a_unit_that_changes_with_its_status_changes_nothing() -> None:
    """The driver has set the car to kilometres."""
    cleaner = Cleaner()
    cleaner.clean(Sample(time=1, distance_unit="M", odometer=1000))
    cleaned = cleaner.clean(Sample(time=2, distance_unit="K", odometer=1609.4))
    assert cleaned.odometer == pytest.approx(1609.4)


def test_an_odometer_ahead_of_its_status_is_dropped() -> None:
    """A status may be logged a minute later than the meters that it is about."""
    cleaner = Cleaner()
    cleaner.clean(Sample(time=0, distance_unit="M", odometer=10_000))
    assert cleaner.clean(Sample(time=60, distance_unit="", odometer=16_094)).odometer is None
    cleaned = cleaner.clean(Sample(time=90, distance_unit="K", odometer=16_094.5))
    assert cleaned.odometer == pytest.approx(16_094.5)


@pytest.mark.parametrize("factor", [KM_PER_MILE, 1 / KM_PER_MILE])
def test_an_odometer_that_changes_its_unit_goes_on(factor: float) -> None:
    """Nobody says that the unit is another, and it stays so; then somebody does."""
    driven = [1000.0 + at for at in range(10)]
    said = driven[:4] + [each * factor for each in driven[4:8]] + driven[8:]
    assert odometers(said) == [
        pytest.approx(each) if at not in (4, 5) else None for at, each in enumerate(driven)
    ]


def test_one_wild_odometer_is_dropped() -> None:
    """So are two."""
    assert odometers([100, 101, 999_999, 102, 5, 7, 103]) == [100, 101, None, 102, None, None, 103]


def test_a_wild_first_odometer_is_corrected() -> None:
    """It is the only reason for which an odometer falls."""
    assert odometers([900_000, 100, 101, 102, 103]) == [900_000, None, None, 102, 103]


def test_an_odometer_that_was_reset_goes_on() -> None:
    """What it counts since then comes on top, and the true one again is as it was."""
    said = [1000, 1001, 1002, 0.5, 1.5, 2.5, 3.5, 1006, 1007]
    assert odometers(said) == [1000, 1001, 1002, None, None, 1004.5, 1005.5, 1006, 1007]


def test_an_odometer_may_fall_a_little() -> None:
    """One record rounds, another does not; what comes out never falls."""
    assert odometers([1000.9, 1000, 1001.2, 1001]) == [1000.9, 1000.9, 1001.2, 1001.2]


def test_an_odometer_after_a_long_silence_is_believed() -> None:
    """The server was away for a day."""
    assert odometers([1000, 1800], every=86_400) == [1000, 1800]


def test_a_position_that_no_car_reaches_is_dropped() -> None:
    """There and back again; a jump that stays is believed in the end."""
    assert positions([0, 1, 500, 2, 3]) == [0, 1, None, 2, 3]
    assert positions([0, 1, 500, 501, 502, 503]) == [0, 1, None, None, 502, 503]
    assert positions([0, 1, 500, -500, 500, -500, 2]) == [0, 1, None, None, None, None, 2]


def test_the_speed_says_how_far_a_car_can_be() -> None:
    """Three kilometres in a minute are too many for a car in town, if it tells its speed."""
    assert positions([0, 0.5, 3.5, 1], speed=30) == [0, 0.5, None, 1]
    assert positions([0, 0.5, 3.5, 1], speed=0) == [0, 0.5, 3.5, 1]


def test_a_car_that_is_off_stays_where_it_is() -> None:
    """The receiver in a garage drifts; a trip that nobody saw moves the odometer."""
    cleaner = Cleaner()
    cleaner.clean(Sample(time=0, is_on=False, position=HERE, odometer=100))
    assert cleaner.clean(Sample(time=60, position=km_east(2))).position is None
    assert cleaner.clean(Sample(time=120, position=HERE)).position == HERE
    moved = Sample(time=300, odometer=102, position=km_east(2))
    assert cleaner.clean(moved).position == km_east(2)


def test_a_parked_car_that_is_elsewhere_after_a_silence_was_moved() -> None:
    """A day without reports is time enough."""
    cleaner = Cleaner()
    cleaner.clean(Sample(time=0, is_on=False, position=HERE))
    there = Sample(time=86_400, is_on=False, position=km_east(90))
    assert cleaner.clean(there).position == there.position


def test_a_state_of_charge_of_one_moment_is_dropped() -> None:
    """0 and 100 are what modules send that do not know."""
    assert socs([50, 0, 50, 100, 49]) == [50, None, 50, None, 49]
    assert socs([0, 50, 51]) == [None, 50, 51]
    assert socs([50, 80, 51]) == [50, None, 51]


def test_a_state_of_charge_that_stays_is_believed() -> None:
    """A car that was charged by somebody nobody saw, and one that says that it was."""
    assert socs([50, 100, 100]) == [50, None, 100]
    assert socs([94, 100]) == [94, None]
    cleaner = Cleaner()
    cleaner.clean(Sample(time=0, soc=50))
    done = Sample(time=86_400, soc=100, charge_state="done")
    assert cleaner.clean(done).soc == 100
    assert socs([3, 2, 1, 0]) == [3, 2, 1, 0]


def test_the_state_goes_through_bytes() -> None:
    """What is doubtful before is doubtful after."""
    said = [1000.0, 1001, 1002, 0.5, 1.5, 2.5, 3.5]
    cleaner = Cleaner()
    out: list[float | None] = []
    for at, value in enumerate(said):
        sample = Sample(time=at * 60, odometer=value, soc=50 + at, position=km_east(at))
        out.append(cleaner.clean(sample).odometer)
        cleaner = msgspec.msgpack.decode(msgspec.msgpack.encode(cleaner), type=Cleaner)
    assert out == odometers(said)


def test_a_record_with_a_wrong_time_does_not_move_the_odometer() -> None:
    """What the car itself reports counts, however often records contradict it."""
    cleaner = Cleaner(unit="K")
    cleaned = []
    for i in range(6):
        time, odometer = 600 * i, 1000.0 + 50 * (i % 2)
        cleaner.clean(Sample(time=time, distance_unit="", odometer=1000, is_on=False))
        record = Sample(time=time + 300, odometer=odometer, is_trip_record=True)
        cleaned.append(cleaner.clean(record).odometer)
    assert cleaned == [1000, None] * 3
    assert cleaner.clean(Sample(time=4000, distance_unit="", odometer=1000.5)).odometer == 1000.5
