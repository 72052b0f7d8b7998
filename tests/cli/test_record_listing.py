from __future__ import annotations

import json

import pytest
import typer

from ovms.cli.listing import Format
from ovms.cli.record_listing import HistoryQuery, KeptLine, RecordListing, make_query
from ovms.protocol.modules import ModuleKind

NOON = 1_750_000_000
ISO = "2025-06-15T15:06:40Z"


def _asked(
    record_type: str | None, fields: str | None = None, chosen: Format = "csv", units: str = ""
) -> HistoryQuery:
    return make_query(record_type, None, None, fields, units or None, chosen)


def _listed(capsys: pytest.CaptureFixture[str], query: HistoryQuery, data: bytes) -> str:
    listing = RecordListing("CAR1", query, "M", ModuleKind.ESP32)
    listing.print(KeptLine.of(query.type or "", NOON, 0, data), "M")
    listing.end()
    return capsys.readouterr().out


def test_columns_of_a_type(capsys: pytest.CaptureFixture[str]) -> None:
    """CSV has the time and each field of the type, with its unit; unknown is empty."""
    header, row = _listed(capsys, _asked("L"), b"50.5,8.25,0,,1,60,36").splitlines()
    assert header.startswith("time,latitude [°],longitude [°],direction [°],altitude [m],gps_lock,")
    assert row.startswith(f"{ISO},50.5,8.25,0,,true,60,36,,")
    assert header.count(",") == row.count(",")


def test_a_type_without_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody can read is listed as it came."""
    shown = _listed(capsys, _asked("*-OWN-Type"), b"1,\xe9")
    assert shown == f'type,time,number,value\n*-OWN-Type,{ISO},0,"1,é"\n'


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has the value as it came, its fields by name, and their units."""
    (row,) = json.loads(_listed(capsys, _asked("D", None, "json", "K"), b"4,8,4,,,,,10"))
    assert row["type"] == "D"
    assert (row["time"], row["number"], row["value"]) == (ISO, 0, "4,8,4,,,,,10")
    assert (row["fields"]["odometer"], row["units"]["odometer"]) == (1.609, "km")
    assert row["fields"]["charge_port"] is True
    assert row["fields"]["speed"] is None


def test_names_that_every_record_has(capsys: pytest.CaptureFixture[str]) -> None:
    """A field that is called as a column of every record has a column of its own."""
    export = b"1,0,230,,2.3,,V2G" + b"," * 17 + b"1750000060"
    header, row = _listed(capsys, _asked("X"), export).splitlines()
    values = dict(zip(header.split(","), row.split(","), strict=True))
    assert len(values) == header.count(",") + 1
    assert (values["time"], values["export_time"]) == (ISO, "2025-06-15T15:07:40Z")
    assert values["export_type"] == "V2G"


def test_chosen_fields(capsys: pytest.CaptureFixture[str]) -> None:
    """Fields are found in any case and with underscores or without, each once, in their order."""
    query = _asked("S", "idealRange, soc,SOC,value,time", "table")
    assert _listed(capsys, query, b"80,M,,,,,100").splitlines() == [
        "ideal_range [mi]\tsoc [%]\tvalue\ttime",
        f"100\t80\t80,M,,,,,100\t{ISO}",
    ]


def test_a_track(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a type GPX is a track of the positions."""
    query = _asked(None, None, "gpx")
    assert query.type == _asked("positions", None, "gpx").type == "L"
    assert "<trkpt" in _listed(capsys, query, b"50.5,8.25,0,0,1,60")
    assert "<trkpt" not in _listed(capsys, query, b"50.5,8.25,0,0,0,0")


def test_a_time_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """A record whose time is none is listed with what came, and is no point of a track."""
    for chosen, expected in (("csv", 1), ("gpx", 0)):
        query = _asked("L", None, chosen)  # type: ignore[arg-type]
        listing = RecordListing("CAR1", query, "K", ModuleKind.ESP32)
        listing.print(KeptLine("L", "never", None, 0, b"50.5,8.25,0,0,1,60"), "K")
        listing.end()
        assert capsys.readouterr().out.count("50.5") == expected


@pytest.mark.parametrize(
    ("record_type", "fields", "chosen", "units"),
    [
        (None, "soc", "csv", ""),
        ("S", "sock", "csv", ""),
        ("S", "", "csv", ""),
        ("S", None, "gpx", ""),
        ("L", "speed", "gpx", ""),
        ("S", None, "csv", "X"),
    ],
)
def test_refused(record_type: str | None, fields: str | None, chosen: Format, units: str) -> None:
    """What cannot be listed is wrong usage."""
    with pytest.raises(typer.Exit) as ended:
        _asked(record_type, fields, chosen, units)
    assert ended.value.exit_code == 2
