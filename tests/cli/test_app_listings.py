"""``ovms app history`` and ``utilisation`` against a scripted server end."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from ovms.cli.app import app
from ovms.protocol import Message
from tests.app.scripted import STATUS, VEHICLE, ScriptedServer, ServerThread, rows

TIME = "2025-06-01 18:00:00"
ISO = "2025-06-01T18:00:00Z"
TRIPS = [f"*-LOG-Trip,{TIME},1,{at},\x1b[2J,x" for at in range(2)]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """Yield a running server."""
    with ServerThread() as running:
        yield running


def invoke(server: ScriptedServer, *arguments: str) -> Result:
    """Run ``ovms app`` on it."""
    environment = {"OVMS_SECRET": "secret", "OVMS_VEHICLE": VEHICLE,
                   "OVMS_SERVER": f"127.0.0.1:{server.port}"}  # fmt: skip
    return CliRunner().invoke(app, list(arguments), env=environment)


def test_records_of_a_type(server: ScriptedServer) -> None:
    """A line a row with tabs, header first; the terminal is safe from what cars write."""
    server.on["C"] = rows(32, TRIPS)
    result = invoke(server, "history", "*-LOG-Trip", "--since", "2025-05-01")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        "type\ttime\tnumber\tvalue",
        f"*-LOG-Trip\t{ISO}\t1\t0,\\x1b[2J,x",
        f"*-LOG-Trip\t{ISO}\t1\t1,\\x1b[2J,x",
    ]
    assert server.codes("C") == [b"32,*-LOG-Trip,2025-05-01 00:00:00"]


def test_records_as_csv_and_json(server: ScriptedServer) -> None:
    """CSV with a header, JSON as one array; records of no known type have their values whole."""
    server.on["C"] = rows(32, [each.replace("LOG-Trip", "OWN-Type") for each in TRIPS])
    table = list(
        csv.DictReader(io.StringIO(invoke(server, "history", "*-OWN-Type", "--csv").stdout))
    )
    listed = json.loads(invoke(server, "history", "*-OWN-Type", "--json").stdout)
    assert table == [{k: str(v) for k, v in row.items()} for row in listed]
    assert listed[1] == {"type": "*-OWN-Type", "time": ISO, "number": 1, "value": "1,\x1b[2J,x"}


def test_records_as_columns(server: ScriptedServer) -> None:
    """Records with a field table have its columns; distances are in the unit that is asked for."""
    server.stored.append(STATUS)
    server.on["C"] = rows(32, [f"D,{TIME},0,4,0,5,,,,0,16093.44"])
    options = ("history", "D", "--units", "M", "--fields", "ChargePort,odometer,temperature_pem")
    assert invoke(server, *options, "--format", "csv").stdout.splitlines() == [
        "time,charge_port,odometer [mi],temperature_pem [°C]",
        f"{ISO},true,1000.0,",
    ]
    (row,) = json.loads(invoke(server, *options, "--json").stdout)
    assert row == {
        "type": "D",
        "time": ISO,
        "fields": {"charge_port": True, "odometer": 1000.0, "temperature_pem": None},
        "units": {"odometer": "mi", "temperature_pem": "°C"},
    }


def test_trips_by_their_short_name(server: ScriptedServer) -> None:
    """The names of trips and charges need no stars, and a span ends with --until."""
    late = "2025-06-01 18:00:01"
    server.on["C"] = rows(32, [f"*-LOG-Trip,{each},1,1,50.5,8.25" for each in (TIME, late)])
    found = json.loads(invoke(server, "history", "trips", "--until", ISO, "--json").stdout)
    assert [row["time"] for row in found] == [ISO]
    assert found[0]["fields"]["latitude"] == 50.5
    assert server.codes("C") == [b"32,*-LOG-Trip"]


def test_a_track(server: ScriptedServer) -> None:
    """Positions are a GPX track."""
    server.on["C"] = rows(32, [f"L,{TIME},0,50.5,8.25,0,0,1,1"])
    track = invoke(server, "history", "--format", "gpx").stdout
    assert '<trkpt lat="50.500000" lon="8.250000">' in track
    assert f"<time>{ISO}</time>" in track


def test_types_and_utilisation(server: ScriptedServer) -> None:
    """Without a type there are the types; utilisation has a row a day."""
    server.on["C"] = rows(31, [f"*-LOG-Trip,1,2,90,{TIME},{TIME}"])
    (row,) = json.loads(invoke(server, "history", "--json").stdout)
    assert row == {"type": "*-LOG-Trip", "distinct": 1, "total": 2, "size": 90, "oldest": ISO,
                   "newest": ISO}  # fmt: skip
    assert invoke(server, "history").stdout.splitlines()[1].split("\t")[:2] == ["*-LOG-Trip", "1"]
    server.on["C"] = rows(30, ["2025-06-01,1,2,3,4"])
    assert invoke(server, "utilisation").stdout.splitlines() == [
        "date\tcar_received\tcar_sent\tapps_received\tapps_sent", "2025-06-01\t1\t2\t3\t4",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["history"], "nothing\n"),
        (["history", "T"], "nothing\n"),
        (["history", "T", "--json"], "[]\n"),
        (["history", "T", "--csv"], "type,time,number,value\n"),
        (["utilisation"], "nothing\n"),
        (["utilisation", "--json"], "[]\n"),
    ],
)
def test_nothing(server: ScriptedServer, arguments: list[str], output: str) -> None:
    """An empty answer is a line and exit 0."""
    texts = {b"30": b"No GPRS utilisation data available", b"31": b"No historical data available"}
    texts[b"32"] = texts[b"31"]
    server.on["C"] = lambda message: [
        Message("c", message.data[:2] + b",1," + texts[message.data[:2]])
    ]
    result = invoke(server, *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (0, output, "")


def test_a_failure_is_one_line_and_exit_1(server: ScriptedServer) -> None:
    """What the server says, or a row that is none, ends it."""
    for answer in (b"32,1,database is away", b"32,0,1,1,T,t,x,v"):
        server.on["C"] = lambda message, answer=answer: [Message("c", answer)]  # type: ignore[misc]
        result = invoke(server, "history", "T")
        assert result.exit_code == 1
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["history", "T", "--since", "soon"], "no time"),
        (["history", "T", "--since", ""], "no time"),
        (["history", "a,b"], "no type"),
        (["history", ""], "no type"),
        (["history", "--csv", "--json"], "not both"),
        (["history", "--until", "today"], "name one"),
        (["history", "--fields", "soc"], "name one"),
        (["history", "S", "--fields", "sock"], "did you mean 'soc'?"),
        (["history", "S", "--units", "mph"], "none of km"),
        (["history", "S", "--since", "2d", "--until", "3d"], "before --since"),
        (["history", "trips", "--format", "gpx"], "track of the positions"),
        (["utilisation", "--format", "gpx"], "no positions"),
        (["utilisation", "--csv", "--json"], "not both"),
    ],
)
def test_wrong_usage(server: ScriptedServer, arguments: list[str], message: str) -> None:
    """One line and exit 2, and nobody is called."""
    result = invoke(server, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert server.roles == []
