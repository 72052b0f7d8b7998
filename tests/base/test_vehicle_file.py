from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.base.vehicle_file import COLUMNS, VehicleFileError, read_lines


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_are_found_by_name(separator: str) -> None:
    """In any order and case, with whatever a spreadsheet puts between and around them."""
    rows = [["\ufeffSecret", " VEHICLE ", "E-Mail"], [" s ", " car1 ", " b@x "], ["", "", ""]]
    data = "\r\n".join(separator.join(row) for row in rows).encode()
    header, lines = read_lines(data)
    assert header == ["secret", "id", "email"]
    ((line, values),) = lines
    assert line == 2
    assert set(values) == set(COLUMNS)
    assert (values["id"], values["secret"], values["email"]) == ("car1", " s ", "b@x")
    assert values["owner"] == ""


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 1, "must be named"),
        (b"owner,secret\n", 1, "id among them"),
        (b"id,colour\n", 1, "no column 'colour'"),
        (b"id,vehicle\n", 1, "id twice"),
        (b"id,owner\na,b\n\nc\n", 4, "1 columns instead of 2"),
        (b"id\n\xff\n", 2, "UTF-8"),
        (b'id\n"a\n', 2, "end of data"),
    ],
)
def test_the_first_wrong_line_is_told(data: bytes, line: int, reason: str) -> None:
    """An error has the line's number and what is wrong."""
    with pytest.raises(VehicleFileError, match=reason) as error:
        read_lines(data)
    assert error.value.line == line


@given(st.binary(max_size=200))
def test_no_other_error(data: bytes) -> None:
    """Whatever bytes a file holds, it is lines or a VehicleFileError."""
    with suppress(VehicleFileError):
        read_lines(b"id,secret\n" + data)
