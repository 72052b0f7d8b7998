from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ovms.cli.decode import COLUMNS
from ovms.cli.main import cli

CASES = Path(__file__).parents[1] / "cases"
MOPED = str(CASES / "types" / "moped")


def decode(*words: str) -> Result:
    """Run ``ovms vehicle-type decode``."""
    return CliRunner().invoke(cli, ["vehicle-type", "decode", *words])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Make a recording with a refused reading and an id that nobody reads."""
    path = tmp_path / "drive.log"
    path.write_text(
        "(100.0) can0 201#5A033C900110\n(100.5) can0 7DF#0201\n(101.0) can0 201#FF033C900110\n"
        "(102.0) can0 201#58033C900110\n"
    )
    return path


def test_a_table(log: Path) -> None:
    """Fields over time, then what was refused, what nobody reads, and a summary."""
    done = decode(MOPED, str(log))
    assert done.exit_code == 0, done.output
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert ["0.000", "soc", "45.0", "%", "Battery.Soc"] in rows
    assert ["2.000", "soc", "44.0", "%", "Battery.Soc"] in rows
    assert ["Battery.Soc", "soc", "it is outside 0 to 100", "1", "127.5", "%"] in rows
    assert ["7DF", "can0", "", "1", "", "02 01"] in rows
    assert rows[-1][0].startswith("4 frames in 2.0 s: ")


def test_csv(log: Path) -> None:
    """One table, whose kind says what a row is."""
    done = decode(MOPED, str(log), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert tuple(rows[0]) == COLUMNS
    assert [row["value"] for row in rows if row["field"] == "soc"] == ["45.0", "44.0", "127.5"]
    assert [(row["kind"], row["id"]) for row in rows if row["id"]] == [("unread", "7DF")]
    (refused,) = [row for row in rows if row["kind"] == "refused"]
    assert (refused["reason"], refused["count"]) == ("it is outside 0 to 100", "1")


@pytest.mark.parametrize("how", [["--json"], ["--format", "json"]])
def test_json(log: Path, how: list[str]) -> None:
    """Numbers are numbers, and what is unknown is null."""
    told = json.loads(decode(MOPED, str(log), *how).stdout)
    assert (told["frames"], told["seconds"]) == (4, 2)
    assert told["readings"][0] == {
        "time": 0, "field": "soc", "value": 45, "unit": "%", "signal": "Battery.Soc",
    }  # fmt: skip
    assert told["unread"][0]["every"] is None
    assert told["refused"][0]["value"] == 127.5


def test_times_have_no_more_digits_than_a_recording(tmp_path: Path) -> None:
    """A time in JSON is told to a microsecond, without the noise of the difference."""
    path = tmp_path / "some.log"
    ids = ("201#5A033C900110", "7DF#0201", "201#FF033C900110", "7DF#0201", "201#50033C900110")
    path.write_text("".join(f"({1 + at / 10:.6f}) can0 {each}\n" for at, each in enumerate(ids)))
    told = json.loads(decode(MOPED, str(path), "--json", "--fields", "soc").stdout)
    assert [each["time"] for each in told["readings"]] == [0, 0.4]
    assert [told["refused"][0][key] for key in ("first", "last")] == [0.2, 0.2]
    assert [told["unread"][0][key] for key in ("first", "last", "every")] == [0.1, 0.3, 0.2]


def test_some_fields(log: Path) -> None:
    """Only those are shown; the name of a byte means its bits."""
    told = json.loads(decode(MOPED, str(log), "--json", "--fields", "soc, doors_1").stdout)
    assert {each["field"] for each in told["readings"]} == {"soc"}
    assert decode(MOPED, str(log), "--fields", "sock").exit_code == 2


def test_what_comes_before_a_mistake() -> None:
    """A recording that ends in half a line gives all before it, then the error, and exit code 1."""
    done = decode(MOPED, str(CASES / "logs" / "t2.log"), "--json")
    assert done.exit_code == 1
    socs = [each["value"] for each in json.loads(done.stdout)["readings"] if each["field"] == "soc"]
    assert socs == [40, 20]
    assert "t2.log:4: " in done.stderr


def test_one_of_several_buses() -> None:
    """Several buses are told, and --channel takes one of them."""
    log = str(CASES / "logs" / "twobus.log")
    both, one = decode(MOPED, log, "--json"), decode(MOPED, log, "--json", "--channel", "can0")
    assert "2 buses are in it" in both.stderr
    assert one.stderr == ""
    assert [json.loads(each.stdout)["frames"] for each in (both, one)] == [3, 1]
    assert decode(MOPED, log, "--channel", "can7").exit_code == 1


def test_a_folder_may_be_named_plainly(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder is found without a slash, and a type by its name."""
    monkeypatch.chdir(Path(MOPED).parent)
    assert decode("moped", str(log)).exit_code == 0
    assert "3 ids" not in decode("obd2", str(log)).stdout
    assert decode("roadster", str(log)).exit_code == 0


@pytest.mark.parametrize(
    ("folder", "code", "text"),
    [
        ("nothing", 1, "there is no vehicle.toml in it, nor a vehicle type of that name"),
        ("sim", 2, "sim reads no bus"),
        (".", 1, "vehicle.toml:1: car_type is missing (and "),
    ],
)
def test_what_is_refused(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, folder: str, code: int, text: str
) -> None:
    """What is no type, or one with mistakes, is told in one line."""
    (tmp_path / "vehicle.toml").write_text("")
    (tmp_path / f"{tmp_path.name}.dbc").write_text("BO_ 1 M: 8 A\n")
    monkeypatch.chdir(tmp_path)
    done = decode(folder, str(log))
    assert (done.exit_code, done.stderr.count("\n")) == (code, 1)
    assert text in done.stderr


def test_recordings_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is not there or holds no frame is one line."""
    (tmp_path / "empty.log").write_text("")
    for name in ("missing.log", "empty.log"):
        done = decode(MOPED, str(tmp_path / name))
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
