from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol.records.history import LONGEST_TYPE, AckedRecord, HistoryRecord, ack_of

TRIP = HistoryRecord("*-LOG-Trip", 1, 86400, b"1,48.1,11.5,,x")

types = st.text(min_size=1, max_size=10).filter(lambda text: "," not in text)
records = st.builds(
    HistoryRecord, types, st.integers(-(10**14), 10**14), st.integers(0, 10**14), st.binary()
)


def test_a_record_stands_as_the_guide_says() -> None:
    """Type, number, lifetime, and data with all their commas."""
    assert TRIP.message.code == "H"
    assert TRIP.message.data == b"*-LOG-Trip,1,86400,1,48.1,11.5,,x"
    acked = AckedRecord(7, -3600, TRIP)
    assert acked.message.code == "h"
    assert acked.message.data == b"7,-3600,*-LOG-Trip,1,86400,1,48.1,11.5,,x"


@given(records, st.integers(-(10**9), 10**9), st.integers(-(10**9), 0))
def test_round_trip(record: HistoryRecord, ack: int, timediff: int) -> None:
    """What was written is read back the same, whatever the data."""
    assert HistoryRecord.parse(record.fields) == record
    acked = AckedRecord(ack, timediff, record)
    assert AckedRecord.parse(acked.message.data) == acked


@pytest.mark.parametrize(
    "fields",
    [
        b"", b"TYPE", b"TYPE,1", b",1,60,data", b"TYPE,x,60,data", b"TYPE,1,,data",
        b"TYPE,1,-1,data", b"TYPE,1.5,60,data", b"TYPE," + b"9" * 16 + b",60,data",
        b"T" * (LONGEST_TYPE + 1) + b",1,60,data",
    ],
)  # fmt: skip
def test_malformed_records(fields: bytes) -> None:
    """A missing or odd field makes it no record; the acknowledgement code is found all the same."""
    assert HistoryRecord.parse(fields) is None
    assert AckedRecord.parse(b"3,-10," + fields) is None
    assert ack_of(b"3,-10," + fields) == b"3"


def test_the_longest_type_and_no_data() -> None:
    """A type may be as long as the limit, and the data empty or missing."""
    kind = "T" * LONGEST_TYPE
    assert HistoryRecord.parse(f"{kind},1,0,".encode()) == HistoryRecord(kind, 1, 0, b"")
    assert HistoryRecord.parse(b"T,1,0") == HistoryRecord("T", 1, 0, b"")


@pytest.mark.parametrize("data", [b"", b"5", b"x,0,T,1,2,d", b"5,x,T,1,2,d", b"5,0"])
def test_malformed_acked_records(data: bytes) -> None:
    """Without code, difference and record it is none."""
    assert AckedRecord.parse(data) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    """Nothing that a car sends raises."""
    record, acked = HistoryRecord.parse(data), AckedRecord.parse(data)
    assert acked is None or ack_of(data) is not None
    assert record is None or record.lifetime >= 0


@pytest.mark.parametrize("data", [b"", b"x", b",1", b"1.5,2", b"\xff"])
def test_no_code(data: bytes) -> None:
    """What begins with no whole number has no acknowledgement code."""
    assert ack_of(data) is None


def test_a_known_acked_record() -> None:
    """Code, difference, then the record with all its commas."""
    record = HistoryRecord("T", 1, 60, b"a,b")
    assert AckedRecord.parse(b"5,-10,T,1,60,a,b") == AckedRecord(5, -10, record)
