from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.base.vehicle_file import VehicleFileError
from ovms.car.fleet.roster import Defaults, parse_roster
from ovms.car.reports import Units

DEFAULTS = Defaults("commute", Units.KILOMETRES)


def test_all_columns_in_any_order() -> None:
    """What a row says counts; what it leaves empty is the fleet's, or drawn."""
    data = (
        b"\xef\xbb\xbfSecret,vehicle,phase,scenario,units,seed\r\n"
        b"a secret,CAR1,0.25,theft,m,7\r\n\r\n"
        b'" b,""c ",car2,,,,\r\n'
    )
    one, two = parse_roster(data, DEFAULTS)
    assert (one.vehicle, one.secret, one.seed) == ("CAR1", "a secret", 7)
    assert (one.scenario, one.phase, one.units) == ("theft", 0.25, Units.MILES)
    assert (two.vehicle, two.secret) == ("car2", ' b,"c ')
    assert (two.scenario, two.units) == ("commute", Units.KILOMETRES)
    assert 0 <= two.phase < 1


def test_the_file_of_vehicle_import_does() -> None:
    """Columns owner,id,secret,name make a fleet, the same at each reading, each car another."""
    rows = "".join(f"me,CAR{at},s{at},A car\n" for at in range(500))
    data = f"owner,id,secret,name\n{rows}".encode()
    cars = parse_roster(data, DEFAULTS)
    assert cars == parse_roster(data, DEFAULTS)
    assert len({car.seed for car in cars}) == len({car.vin for car in cars}) == 500
    assert all(len(car.vin) == 17 and car.vin.isalnum() for car in cars)
    assert 0.4 < sum(car.phase for car in cars) / 500 < 0.6
    other = parse_roster(data, Defaults("commute", Units.KILOMETRES, seed=1))
    assert [car.vin for car in other] == [car.vin for car in cars]
    assert [car.seed for car in other] != [car.seed for car in cars]


HEAD = b"vehicle,secret,seed,scenario,phase,units\n"


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 1, "columns"),
        (b"vehicle\nA\n", 1, "columns"),
        (b"vehicle,id,secret\nA,A,s\n", 1, "columns"),
        (b"vehicle,secret,colour\nA,s,red\n", 1, "columns"),
        (b"vehicle,secret,secret\nA,s,s\n", 1, "columns"),
        (b"vehicle,secret\n", 1, "no vehicle"),
        (b"vehicle,secret\nA,s\nB\n", 3, "1 columns instead of 2"),
        (b"vehicle,secret\nA,s\n\nB,s,x\n", 4, "3 columns"),
        (b"vehicle,secret\nA,s\ntwo words,s\n", 3, "one word"),
        (b"vehicle,secret\nA,s\n,s\n", 3, "one word"),
        (b"vehicle,secret\nA,s\nB,\n", 3, "no secret"),
        (b"vehicle,secret\nA,s\nB,s\na,s\n", 4, "line 2 already"),
        (b'vehicle,secret\nA,"s\n', 2, "end of data"),
        (b"vehicle,secret\nA,s\nB,\xff\n", 3, "UTF-8"),
        (HEAD + b"A,s,x,,,\n", 2, "seed"),
        (HEAD + b"A,s,-1,,,\n", 2, "seed"),
        (HEAD + b"A,s,1,flight,,\n", 2, "use one of commute"),
        (HEAD + b"A,s,1,,1,\n", 2, "phase"),
        (HEAD + b"A,s,1,,-0.1,\n", 2, "phase"),
        (HEAD + b"A,s,1,,nan,\n", 2, "phase"),
        (HEAD + b"A,s,1,,half,\n", 2, "phase"),
        (HEAD + b"A,s,1,,0,miles\n", 2, "units"),
    ],
)
def test_the_first_wrong_line_is_told(data: bytes, line: int, reason: str) -> None:
    """A file with something wrong in it is refused with the line's number and what is wrong."""
    with pytest.raises(VehicleFileError, match=reason) as error:
        parse_roster(data, DEFAULTS)
    assert error.value.line == line
    assert str(error.value).startswith(f"line {line}: ")


@given(st.binary(max_size=200))
def test_no_other_error(data: bytes) -> None:
    """Whatever bytes a file holds, it is a fleet or a VehicleFileError."""
    with suppress(VehicleFileError):
        assert parse_roster(b"vehicle,secret\n" + data, DEFAULTS)
