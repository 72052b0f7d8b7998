from __future__ import annotations

import csv
import errno
import json
from io import StringIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from ovms.cli import exporting, vehicle
from ovms.protocol.records.history import KeptRecord
from ovms.server.storage.batch import Batch
from ovms.server.storage.exporting import ExportSink
from tests.server.storage.databases import apply, give_back, make_database, place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result

SAID = {"S": b"80,K,230,16,charging,range,200,220,32", "L": b"52.5,13.4,0,34,1,1,60"}


@pytest.fixture(autouse=True, params=["sqlite", "postgres"])
def _data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[None]:
    database = make_database(tmp_path / "data", kind=request.param)
    folder, url = place(database)
    monkeypatch.setenv("OVMS_DATA", str(folder))
    monkeypatch.delenv("OVMS_DATABASE", raising=False)
    if url is not None:
        monkeypatch.setenv("OVMS_DATABASE", url)
    batch = Batch()
    for vehicle_id in ("CAR1", "CAR2"):
        for record_type, said in SAID.items():
            record = KeptRecord(record_type, 0, 1_700_000_000, 10**10, said, None, 1.0)
            batch.history.put(vehicle_id, record, None)
    assert apply(database, batch) == 0
    yield
    give_back(database)


def run(*arguments: str) -> Result:
    """Run a command of vehicles."""
    return CliRunner().invoke(vehicle.app, arguments)


def test_export(tmp_path: Path) -> None:
    """One vehicle's data are in a file that nobody else may read; the fields of records have names.

    Of another vehicle there is nothing in it.
    """
    file = tmp_path / "car.zip"
    done = run("export-data", "car1", str(file))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"data of vehicle CAR1 written to {file}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    made = ZipFile(file)
    assert made.testzip() is None
    assert {each.split("/")[1] for each in made.namelist() if "/" in each} == {"CAR1"}
    assert json.loads(made.read("vehicles/CAR1/vehicle.json"))["owner"] == "bob"
    assert json.loads(made.read("access.json")) == {"shares": [], "links": [], "subscriptions": []}
    (status,) = csv.DictReader(StringIO(made.read("vehicles/CAR1/history/001-S.csv").decode()))
    assert (status["data"][:4], status["soc"], status["time"]) == (
        "80,K",
        "80",
        "2023-11-14T22:13:20Z",
    )
    assert 'lat="52.5' in made.read("vehicles/CAR1/track.gpx").decode()
    assert "the vehicle CAR1" in made.read("README.txt").decode()
    again = run("export-data", "CAR1", str(tmp_path / "later.zip"))
    assert again.exit_code == 0
    assert b"vehicle.export" in ZipFile(tmp_path / "later.zip").read("audit.csv")


def test_bad_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is overwritten, and of what fails no file is left."""
    file = tmp_path / "car.zip"
    file.write_text("mine")
    for arguments, said in (
        (("CAR1", str(file)), f"{file} cannot be written: File exists"),
        (("CAR1", str(tmp_path / "no" / "x")), "No such file or directory"),
        (("NOSUCH", str(tmp_path / "x")), "there is no vehicle NOSUCH"),
    ):
        done = run("export-data", *arguments)
        assert (done.exit_code, done.stdout) == (1, "")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    assert file.read_text() == "mine"

    class FullSink(ExportSink):
        def take(self) -> bytes:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exporting, "ExportSink", FullSink)
    done = run("export-data", "CAR1", str(tmp_path / "x"))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "cannot be written: No space left on device" in done.stderr
    assert not (tmp_path / "x").exists()


def test_erase(tmp_path: Path) -> None:
    """What a vehicle has sent is gone, that of another is not; see also test_erasing."""
    done = run("erase", "car1", "--yes")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "data of vehicle CAR1 erased\n", "")
    shown = [json.loads(run("show", name, "--json").stdout) for name in ("CAR1", "CAR2")]
    assert [each["records"] for each in shown] == [0, 2]
    assert [each["positions"] for each in shown] == [0, 1]
