"""Whatever is reported, and however it comes in pieces: the journeys are those of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.protocol.records.logs import GRID_TYPE, TRIP_TYPE
from ovms.server.journeys.fold import Fold, decode_state, encode_state
from ovms.server.journeys.reading import read_samples
from ovms.server.journeys.samples import CONNECTION_TYPE, JourneyRecord
from ovms.server.journeys.values import Journey
from tests.server.journeys.comparing import fold
from tests.server.journeys.harness import (
    COMMUTER,
    LOSSY,
    LOSSY_WITH_LOGS,
    PERIODIC,
    PIC,
    TRAVELLER,
    live,
)

DAYS = 2.5
KINDS = (LOSSY, LOSSY_WITH_LOGS, PERIODIC, PIC)


@cache
def histories() -> list[list[JourneyRecord]]:
    """Return what servers have of some days of two cars."""
    lives = [live(COMMUTER, DAYS, KINDS), live(TRAVELLER, DAYS, KINDS)]
    return [records for life in lives for records in life.records.values()]


@st.composite
def simulated(draw: st.DrawFn) -> list[JourneyRecord]:
    """Return a part of a history, of which some records are missing."""
    records = draw(st.sampled_from(histories()))
    first = draw(st.integers(0, len(records) // 2))
    part = records[first : first + draw(st.integers(1, 600))]
    missing = draw(st.sets(st.integers(0, len(part) - 1), max_size=len(part) // 3))
    return [each for at, each in enumerate(part) if at not in missing]


def optional(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Return values, and sometimes none."""
    return st.one_of(values, values, values, st.just(""))


NUMBERS = optional(st.one_of(st.integers(-1, 100), st.floats(-1e9, 1e9)))
SOCS = optional(st.integers(0, 101))
ODOMETERS = optional(st.integers(10_000, 12_000))
ENERGIES = optional(st.integers(0, 200))
WORDS = optional(st.sampled_from(["charging", "done", "stopped", "topoff", "prepare", "x"]))
DEGREES = optional(st.sampled_from([48.1, 48.2, 0, 91, 48.25]))


def line(*fields: st.SearchStrategy[object]) -> st.SearchStrategy[bytes]:
    """Return the data of records."""
    return st.tuples(*fields).map(lambda each: ",".join(map(str, each)).encode())


STATUS = line(
    SOCS, st.sampled_from("MKMKX"), NUMBERS, NUMBERS, WORDS, WORDS, *[NUMBERS] * 5, ENERGIES
)
ENVIRONMENT = line(
    optional(st.sampled_from([0, 4, 12, 28, 128, 136, 255])), *[NUMBERS] * 5, ENERGIES, ODOMETERS,
    NUMBERS, optional(st.integers(0, 5000)),
)  # fmt: skip
LOCATION = line(
    DEGREES, DEGREES, NUMBERS, NUMBERS, optional(st.integers(0, 1)), optional(st.integers(-1, 1)),
    NUMBERS, ENERGIES, NUMBERS, NUMBERS, ENERGIES, ENERGIES,
)  # fmt: skip
TRIP_LOG = line(
    optional(st.integers(0, 1)), DEGREES, DEGREES, NUMBERS, st.just(""), ODOMETERS, ENERGIES,
    optional(st.integers(0, 5000)), NUMBERS, SOCS,
)  # fmt: skip
GRID_LOG = line(
    optional(st.integers(0, 1)), DEGREES, DEGREES, NUMBERS, st.just(""), st.just("type2"), WORDS
)
DATA = {
    "S": STATUS,
    "D": ENVIRONMENT,
    "L": LOCATION,
    TRIP_TYPE: TRIP_LOG,
    GRID_TYPE: GRID_LOG,
    CONNECTION_TYPE: st.sampled_from([b"0", b"1", b""]),
}
STEPS = st.one_of(st.integers(0, 120), st.integers(0, 900), st.integers(0, 400_000))


@st.composite
def invented(draw: st.DrawFn) -> list[JourneyRecord]:
    """Return records that no car would send, in order."""
    time, records = 1_735_603_200, []
    for code in draw(st.lists(st.sampled_from(["S", "D", "D", "L", *DATA]), max_size=40)):
        time += draw(STEPS)
        records.append(JourneyRecord(time, code, 0, draw(DATA[code])))
    return sorted(set(records))


RECORDS = st.one_of(simulated(), invented())
BOUNDED = settings(max_examples=150, deadline=None)


def in_pieces(records: Sequence[JourneyRecord], cuts: Sequence[int]) -> list[Journey]:
    """Return the journeys of records that come in pieces; between them, the state is bytes."""
    times = sorted({each.time for each in records})
    bounds = [0, *sorted({times[cut % len(times)] for cut in cuts if times}), 2**40]
    state, journeys = encode_state(Fold().state), list[Journey]()
    for begin, end in pairwise(bounds):
        folded = Fold(decode_state(state))
        part = [each for each in records if begin <= each.time < end]
        journeys += folded.feed(read_samples(part, is_pic=False))
        ongoing = folded.ongoing()
        assert folded.ongoing() == ongoing
        state = encode_state(folded.state)
    return [*journeys, *ongoing]


@BOUNDED
@given(RECORDS, st.lists(st.integers(0, 10**6), max_size=8))
def test_cut_anywhere(records: list[JourneyRecord], cuts: list[int]) -> None:
    """Records that come in pieces tell what they tell at once."""
    assert in_pieces(records, cuts) == fold(records)


@BOUNDED
@given(RECORDS, st.data())
def test_repeated(records: list[JourneyRecord], data: st.DataObject) -> None:
    """A record that came twice counts once."""
    repeated = data.draw(
        st.lists(st.sampled_from(records), max_size=20) if records else st.just([])
    )
    assert fold(sorted([*records, *repeated])) == fold(records)


@BOUNDED
@given(RECORDS)
def test_journeys_are_sound(records: list[JourneyRecord]) -> None:
    """No journey ends before it starts, is told before it ends, or loses what cannot be lost."""
    times = [each.time for each in records]
    for journey in fold(records):
        assert journey.duration >= 0
        assert min(times) <= journey.end.time <= max(times)
        assert journey.closed is None or journey.end.time <= journey.closed <= max(times)
        assert [*journey.estimated] == sorted(set(journey.estimated))
        check_numbers(journey)


NEVER_NEGATIVE = (
    "distance", "energy_used", "energy_recovered", "moving_time", "energy", "grid_energy",
    "power_max", "preheat_time", "idle_time",
)  # fmt: skip


def check_numbers(journey: Journey) -> None:
    """Assert that no figure of a journey is impossible."""
    for name in NEVER_NEGATIVE:
        if name != "energy" or not hasattr(journey, "energy_used"):
            value = getattr(journey, name, None)
            assert value is None or value >= 0, (name, journey)
    for end in (journey.start, journey.end):
        assert end.soc is None or 0 <= end.soc <= 100
