from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer

from ovms.car.parameters import split
from ovms.car.reports import Units
from ovms.cli.car.identity import IdentityOptions, ModuleIdentity

NOTHING = IdentityOptions(None, None, None, None, None, None, None)
RECORD = split("- - K - example.org:7000 - - - DEMO netpw paranoidpw")
PROVISIONED = ModuleIdentity("example.org:7000", "DEMO", "netpw", Units.KILOMETRES, "paranoidpw")


@pytest.fixture(autouse=True)
def _nobody_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without variables and without a terminal."""
    for name in ("SECRET", "PARANOID"):
        monkeypatch.delenv(f"OVMS_{name}", raising=False)
        monkeypatch.delenv(f"OVMS_{name}_FILE", raising=False)
    monkeypatch.setattr("ovms.cli.common.on_terminal", lambda: False)


def test_options_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a record they tell everything; miles unless told."""
    monkeypatch.setenv("OVMS_SECRET", "variable")
    given = replace(NOTHING, server="host", vehicle="CAR")
    assert given.alone() == ModuleIdentity("host", "CAR", "variable", Units.MILES, None)
    given = replace(given, secret="s", units="K", paranoid="p")
    assert given.alone() == ModuleIdentity("host", "CAR", "s", Units.KILOMETRES, "p")


def test_a_record_tells_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables do not speak of this car: they do not count against its record."""
    assert NOTHING.beside(RECORD) == PROVISIONED
    monkeypatch.setenv("OVMS_SECRET", "variable")
    monkeypatch.setenv("OVMS_PARANOID", "variable")
    assert NOTHING.beside(RECORD) == PROVISIONED


def test_a_record_tells_groups(capsys: pytest.CaptureFixture[str]) -> None:
    """Parameters 11 and 12 come to the module; a name that cannot be one ends the command."""
    made = NOTHING.beside([*RECORD, "TRACK", "FRIENDS"])
    assert (made.parameters[11], made.parameters[12]) == ("TRACK", "FRIENDS")
    with pytest.raises(typer.Exit):
        NOTHING.beside([*RECORD, "a,b"])
    assert "parameter 11 (group 1)" in capsys.readouterr().err


def test_options_count_more_than_the_record(tmp_path: Path) -> None:
    """Each of them, given as a file or not."""
    (tmp_path / "s").write_text("from file\n")
    given = IdentityOptions("host", "CAR", "s", None, "M", "p", None)
    assert given.beside(RECORD) == ModuleIdentity("host", "CAR", "s", Units.MILES, "p")
    given = replace(NOTHING, secret_file=str(tmp_path / "s"), paranoid_file=str(tmp_path / "s"))
    expected = replace(PROVISIONED, secret="from file", paranoid="from file")
    assert given.beside(RECORD) == expected


def test_variables_fill_what_the_record_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record without passwords goes with the variables."""
    monkeypatch.setenv("OVMS_SECRET", "variable")
    monkeypatch.setenv("OVMS_PARANOID", "sealing")
    made = NOTHING.beside(RECORD[:9])
    assert made == replace(PROVISIONED, secret="variable", paranoid="sealing")


@pytest.mark.parametrize(
    ("record", "part"),
    [
        (["-"], "lacks parameter 4 (server IP): give --server"),
        (["-", "-", "-", "-", "host"], "lacks parameter 8 (vehicle ID): give --vehicle"),
        (RECORD[:9], "lacks parameter 9 (network password): give --secret-file"),
        (["-", "-", "X", *RECORD[3:]], "cannot be used: parameter 2"),
        ([*RECORD[:4], "host:", *RECORD[5:]], "cannot be used: parameter 4"),
    ],
)
def test_a_record_that_is_not_enough_is_one_line(
    record: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is missing or wrong is named, and no password."""
    with pytest.raises(typer.Exit) as ended:
        NOTHING.beside(record)
    assert ended.value.exit_code == 1
    told = capsys.readouterr().err
    assert part in told
    assert told.count("\n") == 1
    assert "netpw" not in told


def test_standard_input_is_one_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """Two files of secrets cannot both be standard input."""
    replace(NOTHING, secret_file="-").check_files(None)
    with pytest.raises(typer.Exit) as ended:
        replace(NOTHING, secret_file="-").check_files("-")
    assert ended.value.exit_code == 2
    assert "standard input" in capsys.readouterr().err


def test_no_password_shows() -> None:
    """What is printed by mistake holds no password."""
    given = replace(NOTHING, secret="netpw", paranoid="paranoidpw")
    assert "pw" not in repr(PROVISIONED) + repr(given)


KEPT = {4: "kept.example:1", 8: "KEPT", 9: "kept secret", 10: "kept paranoid", 2: "K", 3: "SMS"}


def test_what_is_kept_fills_what_no_option_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """A car that was told all by command needs no options; those that are there stand."""
    given = replace(NOTHING, kept=KEPT)
    made = given.alone()
    assert (made.server, made.vehicle, made.secret) == ("kept.example:1", "KEPT", "kept secret")
    monkeypatch.setenv("OVMS_SECRET", "variable")
    assert replace(given, server="host", secret="s").alone() == ModuleIdentity(
        "host", "KEPT", "s", Units.MILES, None
    )
    with pytest.raises(typer.Exit):
        replace(NOTHING, kept={9: "x"}).alone()


def test_what_was_set_by_command_counts_more() -> None:
    """Server, vehicle, secret and paranoid password; nothing else is part of who it is."""
    made = ModuleIdentity("host", "CAR", "s", Units.MILES, None)
    changed = ModuleIdentity("kept.example:1", "KEPT", "kept secret", Units.MILES, "kept paranoid")
    assert made.changed_by(KEPT) == changed
    assert made.changed_by({}) == made


def test_parameters_are_those_of_the_record_and_of_the_options() -> None:
    """What is not set, or only holds a place, is left out; options count more."""
    given = replace(NOTHING, server="host")
    made = given.beside(["tel", "-", "K", "-", "elsewhere", "apn", "-", "-", "DEMO", "netpw"])
    expected = {0: "tel", 2: "K", 4: "host", 5: "apn", 8: "DEMO", 9: "netpw", 10: ""}
    assert made.parameters == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (NOTHING, False),
        (replace(NOTHING, secret="s"), True),
        (replace(NOTHING, secret_file="file"), True),
        (replace(NOTHING, secret_file="-"), False),
        (replace(NOTHING, secret="s", paranoid_file="-"), False),
        (replace(NOTHING, kept=KEPT), True),
    ],
)
def test_a_restart_asks_nobody(
    given: IdentityOptions, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be told again what stands in options, files, variables or the state folder."""
    assert given.can_be_told_again is expected
    monkeypatch.setenv("OVMS_SECRET", "variable")
    assert given.can_be_told_again is ("-" not in (given.secret_file, given.paranoid_file))


def test_what_a_variable_names_can_be_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file can be read again, standard input cannot."""
    given = replace(NOTHING, server="host", vehicle="CAR")
    monkeypatch.setenv("OVMS_SECRET_FILE", "/run/secret")
    assert given.can_be_told_again
    monkeypatch.setenv("OVMS_PARANOID_FILE", "-")
    assert not given.can_be_told_again
