"""What is kept over time: records with and without acknowledgement, and commands 30, 31 and 32."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.client import Caller, SocketWire
from tests.conformance.conftest import Case, everything, rows_of
from tests.conformance.sentences import stands_for

H, ACKED = "guide: Historical Data update message", "guide: Historical Data update+ack message"
TRAFFIC = "guide: 30 - Request GPRS utilization data"
SUMMARY = "guide: 31 - Request historical data summary"
RECORDS = "guide: 32 - Request historical data records"
UNUSED = "Command parameters are unused and ignored by the car"
SEQUENCE = "Response is a sequence of individual messages with each message containing"
FORMAT = "%Y-%m-%d %H:%M:%S"


def keep(car: Caller, *records: bytes) -> None:
    """Have records kept, and wait until they are: the last is asked for an acknowledgement."""
    for code, record in enumerate(records):
        car.say(b"h%d,0," % code + record)
    for code in range(len(records)):
        assert car.hear_code(b"h") == b"h%d" % code


def seconds_from(text: str, moment: datetime) -> float:
    """Return how far a time of the wire is from a moment."""
    return (datetime.strptime(text, FORMAT).replace(tzinfo=UTC) - moment).total_seconds()


# -- records ------------------------------------------------------------------------------------


@stands_for(
    H,
    "transmits a historical data message for storage on the server",
    "<data> is comma-separated list of",
    "The type is composed of <vehicletype>",
    '<Vehicletype> is the usual vehicle type, or "\\*" to indicate generic storage',
    "<Property> is a property code, which the vehicle decides",
    "The server will timestamp the incoming historical records",
)
def test_a_record_is_kept(case: Case) -> None:
    """An H is stored with the time of its arrival, unanswered, and given by command 32."""
    car, app = case.car(), case.app()
    car.settle()
    car.say(b"H*-PWR-x,5,3600,kept,with commas,", b"HTR-X42-y,-1,60,")
    assert car.settle() == []
    assert app.settle() == []
    keep(car, b"*-PWR-last,1,60,x")
    (moment, number, *data) = rows_of(app, b"32,*-PWR-x")[0]
    assert (number, data) == ("5", ["kept", "with commas", ""])
    assert abs(seconds_from(moment, datetime.now(UTC))) < 60
    assert rows_of(app, b"32,TR-X42-y")[0][1:] == ["-1", ""]


CLASSES = (
    "PWR", "ENG", "TRX", "CHS", "BDY", "ELC", "SAF", "SEC", "CMF", "ENT", "COM", "X00", "X99",
)  # fmt: skip


@stands_for(H, "<Class> is one of")
def test_every_class_of_records(case: Case) -> None:
    """Records of every class, of a vehicle type or of all, are kept under the type they name."""
    car, app = case.car(), case.app()
    types = [f"{vehicle}-{each}-Test" for vehicle in ("*", "TR") for each in CLASSES]
    keep(car, *(f"{each},1,3600,x".encode() for each in types))
    assert {row[0] for row in rows_of(app, b"31")} == set(types)


@stands_for(
    ACKED,
    "transmits/acknowledges historical data message for storage on the server",
    "For <cartoserver>, the <data> is comma-separated list of",
    "The ackcode is a numeric acknowledgement code",
    "For <severtocar>, the <data> is",
    "The <cartoserver> message sends the data to the server. The <severtocar> message",
)
def test_a_record_is_acknowledged(case: Case) -> None:
    """An h is answered with h and its code, to the car alone, and is then there to be read."""
    car, app = case.car(), case.app()
    car.settle()
    car.say(b"h4711,0,*-LOG-Trip,1,3600,a,trip")
    assert car.hear() == b"h4711"
    assert app.settle() == []
    assert [row[1:] for row in rows_of(app, b"32,*-LOG-Trip")] == [["1", "a", "trip"]]


@stands_for(
    ACKED, "The timediff is the time difference, in seconds, to use when storing the record"
)
def test_a_record_from_the_past(case: Case) -> None:
    """A record of an hour ago is stored under the time of an hour ago."""
    car, app = case.car(), case.app()
    car.say(b"h1,-3600,*-LOG-Trip,1,86400,old")
    assert car.hear_code(b"h") == b"h1"
    (moment, *_) = rows_of(app, b"32,*-LOG-Trip")[0]
    assert abs(seconds_from(moment, datetime.now(UTC) - timedelta(hours=1))) < 60


@stands_for("interop 6", "An `h` is sent again after 10 s until its code is acknowledged")
@stands_for("interop 6", "same vehicle, ack code, type, number and data within 10 minutes is the")
def test_a_record_that_comes_again(case: Case) -> None:
    """A record that is sent again, its difference computed anew, is acknowledged and kept once."""
    car, app = case.car(), case.app()
    for timediff in (0, -10, -20):
        car.say(b"h7,%d,*-LOG-Trip,1,3600,trip" % timediff)
    assert [car.hear_code(b"h") for _ in range(3)] == [b"h7"] * 3
    car.say(b"h8,0,*-LOG-Trip,1,3600,trip")
    assert car.hear() == b"h8"
    assert len(rows_of(app, b"32,*-LOG-Trip")) == 2


@stands_for("interop 6", "A malformed `h` is acknowledged too (else it comes for ever)")
@pytest.mark.parametrize(
    "record", [b"", b",0", b",0,T,x,1,d", b",soon,T,1,1,d", b",0,T,1,soon,d", b",0,,1,1,d"]
)
def test_a_malformed_record(case: Case, record: bytes) -> None:
    """A malformed h is acknowledged, and not stored."""
    car, app = case.car(), case.app()
    car.say(b"h7" + record)
    assert car.hear_code(b"h") == b"h7"
    app.say(b"C31")
    assert app.hear_code(b"c") == b"c31,1,No historical data available"


@stands_for("interop 6", "After a gap up to five records a second come")
def test_many_records_at_once(case: Case) -> None:
    """Every record of a burst is acknowledged, in the order of their arrival, and kept."""
    car, app = case.car(), case.app()
    keep(car, *(b"*-LOG-Grid,3,3600,record %d" % number for number in range(50)))
    assert len(rows_of(app, b"32,*-LOG-Grid")) == 50


# -- 30 -----------------------------------------------------------------------------------------


@stands_for(
    TRAFFIC,
    UNUSED,
    SEQUENCE,
    "Note that this request is handled by the server, not the car",
    "The response (from the server) will also not be sent in paranoid mode",
    "N.B. Dates (and GPRS utilization data) are in UTC",
)
@stands_for("interop 4", "30 gives days, newest first, 90 at most", "Rows count from 1")
def test_traffic_is_told_by_the_server(case: Case) -> None:
    """The server gives the day's traffic in four sums, with a car or without."""
    car, app, other = case.car(), case.app(), case.app()
    everything(car, app, other)
    first = rows_of(app, b"30")
    assert len(first) == 1
    assert all(int(each) > 0 for each in first[0][1:])
    assert len(first[0]) == 5
    days = {(datetime.now(UTC) - timedelta(days=n)).strftime("%Y-%m-%d") for n in (0, 1)}
    assert first[0][0] in days
    assert everything(car, other) == [[], []]
    car.wire.close()
    assert app.hear() == b"Z0"
    assert len(rows_of(app, b"30,what,ever")) == 1


@stands_for("interop 4", "four sums: car received, car sent, apps received, apps sent")
def test_whose_side_traffic_is_of(tcp: Case) -> None:
    """The sums are the bytes that went over the lines, each from the car's or the apps' side."""
    car, app = tcp.car(), tcp.app()
    car.say(b"S80,K," + b"x" * 1000)
    everything(car, app)
    wires = [each.wire for each in (car, app)]
    assert all(isinstance(wire, SocketWire) for wire in wires)
    of_car, of_app = (wire for wire in wires if isinstance(wire, SocketWire))
    received, sent = of_app.received, of_app.sent
    row = rows_of(app, b"30")[0]
    asked = of_app.sent - sent
    assert row[1:] == [str(each) for each in (of_car.received, of_car.sent, received, sent + asked)]


# -- 31 -----------------------------------------------------------------------------------------


@stands_for(SUMMARY, UNUSED, SEQUENCE, "N.B. Timestamps are in UTC")
@stands_for("interop 4", "Sizes in 31: a record counts the lengths of type, data and vehicle id")
def test_the_summary_of_the_history(case: Case) -> None:
    """Each type comes with its distinct and total records, its size, and its oldest and newest."""
    car, app = case.car(), case.app()
    car.say(b"h1,-7200,*-A-b,1,86400,one", b"h2,0,*-A-b,1,86400,three", b"h3,0,*-A-b,2,86400,")
    car.say(b"h4,-60,*-C-d,9,86400,x,y")
    assert [car.hear_code(b"h") for _ in range(4)] == [b"h1", b"h2", b"h3", b"h4"]
    rows = {row[0]: row[1:] for row in rows_of(app, b"31")}
    assert set(rows) == {"*-A-b", "*-C-d"}
    each = len("*-A-b") + len(case.vehicle) + 20
    assert rows["*-A-b"][:3] == ["2", "3", str(3 * each + len("onethree"))]
    assert rows["*-C-d"][:3] == ["1", "1", str(each + len("x,y"))]
    now = datetime.now(UTC)
    assert abs(seconds_from(rows["*-A-b"][3], now - timedelta(hours=2))) < 60
    assert abs(seconds_from(rows["*-A-b"][4], now)) < 60
    assert rows["*-C-d"][3] == rows["*-C-d"][4]


@stands_for("interop 4", "Nothing to send: `30,1,No GPRS utilisation data available`")
@pytest.mark.parametrize("asked", [b"31", b"31,2030-01-01", b"32,*-A-b", b"32,*-A-b,2030-01-01"])
def test_nothing_to_tell(case: Case, asked: bytes) -> None:
    """Without any record, one line says so."""
    app = case.app()
    app.say(b"C" + asked)
    assert app.hear() == b"c%s,1,No historical data available" % asked[:2]
    assert app.settle() == []


# -- 32 -----------------------------------------------------------------------------------------


def values(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the last field of each row."""
    return [row[-1] for row in rows]


@stands_for(RECORDS, "Command parameters are", SEQUENCE)
def test_the_records_of_a_type(case: Case) -> None:
    """Each record comes with its type, time, number and value, the values as they were sent."""
    car, app, batch = case.car(), case.app(), case.batch()
    everything(app, batch)
    keep(car, b"*-A-b,1,3600,first,with,commas", b"*-A-b,2,3600,\xff\xfe", b"*-C-d,1,3600,not this")
    for client in (app, batch):
        client.settle()
        client.say(b"C32,*-A-b")
        heard = [client.hear() for _ in range(2)]
        for at, (number, value) in enumerate(((1, b"first,with,commas"), (2, b"\xff\xfe")), 1):
            row = heard[at - 1].split(b",", 7)
            assert row[:5] == [b"c32", b"0", b"%d" % at, b"2", b"*-A-b"]
            assert abs(seconds_from(row[5].decode(), datetime.now(UTC))) < 60
            assert b",".join(row[6:]) == b"%d,%s" % (number, value)
        assert client.settle() == []


@stands_for("interop 4", "31 and 32 take a last parameter `since`, exclusive")
def test_records_since(case: Case) -> None:
    """Records after a moment are given, that of the very moment not; a day is its midnight."""
    car, app = case.car(), case.app()
    car.say(*(b"h%d,-%d,*-A-b,1,999999,%d" % (n, n * 100000, n) for n in (1, 2, 3)))
    for _ in range(3):
        car.hear_code(b"h")
    rows = rows_of(app, b"32,*-A-b")
    assert sorted(values(rows)) == ["1", "2", "3"]
    moment = next(row[0] for row in rows if row[-1] == "2")
    assert values(rows_of(app, b"32,*-A-b," + moment.encode())) == ["1"]
    before = datetime.strptime(moment, FORMAT).replace(tzinfo=UTC) - timedelta(seconds=1)
    since = before.strftime(FORMAT).encode()
    assert sorted(values(rows_of(app, b"32,*-A-b," + since))) == ["1", "2"]
    day = moment[:10].encode()
    kept = sorted(row[-1] for row in rows if row[0] > f"{moment[:10]} 00:00:00")
    assert sorted(values(rows_of(app, b"32,*-A-b," + day))) == kept
    (summary,) = rows_of(app, b"31," + since)
    assert summary[2] == "2"
    app.say(b"C32,*-A-b,2030-01-01 00:00:00")
    assert app.hear() == b"c32,1,No historical data available"
