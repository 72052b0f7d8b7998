from __future__ import annotations

import pytest

from ovms.protocol.records import Record
from ovms.protocol.records.logs import LOG_RECORDS, GridRecord, TripRecord


@pytest.mark.parametrize(("kind", "count"), [(TripRecord, 36), (GridRecord, 45)])
def test_columns_are_those_of_modules(kind: type[Record], count: int) -> None:
    """Each column has a name of its own and a meaning, and is read in its place."""
    assert len({field.name for field in kind.TABLE}) == len(kind.TABLE) == count
    assert all(field.meaning for field in kind.TABLE)
    data = ",".join(map(str, range(1, count + 1))).encode()
    read = kind.parse(data)
    found = [value for value in read.as_json().values() if value is not None]
    assert [str(value) for value in found] == ["True", *map(str, range(2, count + 1))]
    assert read.encode() == data


def test_what_is_missing_is_unknown() -> None:
    """A shorter record, an empty column and the columns of a newer version are no harm."""
    read = GridRecord.parse(b"1,50.5,8.25,,Home,ccs")
    assert (read.place, read.charge_type, read.altitude, read.odometer) == (
        "Home",
        "ccs",
        None,
        None,
    )
    assert TripRecord.parse(b"1," * 36 + b"new").extra == ("new",)


def test_records_by_type() -> None:
    """A record is found by the type that it is sent under."""
    assert all(kind == record.CODE for kind, record in LOG_RECORDS.items())
