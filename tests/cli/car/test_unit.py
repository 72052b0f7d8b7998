"""``ovms car unit``: the unit is read as systemd reads it, and by systemd where it is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ovms.cli.main import cli

Unit = dict[str, list[str]]


def made(*options: str) -> tuple[Unit, str]:
    """Make a unit: its values by section and key, and what was said beside."""
    result = CliRunner().invoke(cli, ["car", "unit", *options])
    assert result.exit_code == 0, result.stderr
    return parsed(result.stdout), result.stderr


def parsed(text: str) -> Unit:
    """Read a unit: keys may come again."""
    found: Unit = defaultdict(list)
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            found[section + key].append(value)
    return found


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Be the script of a folder that is nobody's home."""
    script = tmp_path / "opt" / "ovms"
    script.parent.mkdir()
    script.touch()
    monkeypatch.setattr(sys, "argv", [str(script), "car", "unit"])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "opt" / "python"))
    return script


def test_a_unit_as_it_is_made_for_most(installed: Path) -> None:
    """It starts this very program, hands it its secret, and keeps its folder."""
    unit, said = made()
    assert said == ""
    assert unit["[Service]ExecStart"] == [f"{installed} car"]
    assert unit["[Service]Type"] == ["notify"]
    assert unit["[Service]EnvironmentFile"] == ["-/etc/ovms-car/car.env"]
    assert unit["[Service]LoadCredential"] == ["secret:/etc/ovms-car/secret"]
    assert unit["[Service]Environment"] == [
        '"OVMS_SECRET_FILE=%d/secret"', '"OVMS_CAR_STATE=/var/lib/ovms-car"',
    ]  # fmt: skip
    assert unit["[Service]StateDirectory"] == ["ovms-car"]
    assert unit["[Service]DynamicUser"] == ["yes"]
    assert "[Service]User" not in unit


def test_it_never_gives_up_but_on_wrong_usage() -> None:
    """It is started again for ever, later each time, unless its options make no sense."""
    unit, _ = made()
    assert unit["[Service]Restart"] == ["always"]
    assert unit["[Unit]StartLimitIntervalSec"] == ["0"]
    assert unit["[Service]RestartPreventExitStatus"] == ["2"]
    first, last = (int(unit[f"[Service]{key}"][0]) for key in ("RestartSec", "RestartMaxDelaySec"))
    assert first < last
    assert "network.target" in unit["[Unit]After"]
    assert "network-online.target" not in str(unit)
    assert int(unit["[Service]WatchdogSec"][0]) > 0


def test_it_may_do_what_a_car_needs_and_no_more() -> None:
    """Networks, CAN and serial ports; no privilege, and nothing to write but its folder."""
    unit, _ = made()
    families = unit["[Service]RestrictAddressFamilies"][0].split()
    assert {"AF_UNIX", "AF_INET", "AF_INET6", "AF_CAN"} <= set(families)
    assert unit["[Service]SupplementaryGroups"] == ["dialout"]
    assert {"char-ttyUSB rw", "char-ttyACM rw"} <= set(unit["[Service]DeviceAllow"])
    assert unit["[Service]CapabilityBoundingSet"] == [""]
    for key, value in (("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"),
                       ("PrivateTmp", "yes")):  # fmt: skip
        assert unit[f"[Service]{key}"] == [value]


def test_options_are_in_it(installed: Path) -> None:
    """Another folder, user, and other files; what systemd would take for a specifier is not one."""
    unit, _ = made(
        "--state", "/srv/100%/car", "--user", "pi", "--environment", "/etc/car",
        "--secret-file", "/etc/s", "--paranoid-file", "/etc/p%",
    )  # fmt: skip
    assert unit["[Service]User"] == ["pi"]
    assert "[Service]DynamicUser" not in unit
    assert "[Service]StateDirectory" not in unit
    assert unit["[Service]ReadWritePaths"] == ["/srv/100%%/car"]
    assert unit["[Service]EnvironmentFile"] == ["-/etc/car"]
    assert unit["[Service]LoadCredential"] == ["secret:/etc/s", "paranoid:/etc/p%%"]
    assert unit["[Service]Environment"] == [
        '"OVMS_SECRET_FILE=%d/secret"', '"OVMS_PARANOID_FILE=%d/paranoid"',
        '"OVMS_CAR_STATE=/srv/100%%/car"',
    ]  # fmt: skip
    assert made("--state", "/var/lib/cars/one")[0]["[Service]StateDirectory"] == ["cars/one"]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--state", "relative"], "absolute"),
        (["--state", "/var/lib/../x"], "absolute"),
        (["--state", "/var/lib/a b"], "without blanks"),
        (["--secret-file", "/a\nUser=root"], "absolute"),
        (["--environment", "/a\x01"], "absolute"),
        (["--paranoid-file", '/a"'], "absolute"),
        (["--state", "/srv/car"], "needs --user"),
        (["--state", "/var/lib"], "needs --user"),
        (["--user", "a b"], "--user"),
        (["--user", "pi\nExecStartPre=x"], "--user"),
        (["--user", ""], "--user"),
    ],
)
def test_what_would_make_no_unit_is_wrong_usage(options: list[str], part: str) -> None:
    """No line can be slipped in, and a folder must be somebody's."""
    result = CliRunner().invoke(cli, ["car", "unit", *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert part in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_a_script_python_starts_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Started as a module it is started so again; a path with blanks is quoted."""
    monkeypatch.setattr(sys, "argv", ["/x/ovms/__main__.py"])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "a b%" / "python"))
    unit, _ = made()
    assert unit["[Service]ExecStart"] == [f'"{tmp_path}/a b%%/python" -m ovms car']


def test_a_program_in_a_home_is_told(monkeypatch: pytest.MonkeyPatch, installed: Path) -> None:
    """Its user may be kept from there, so it is said, and the unit lets it read homes at least."""
    assert made()[0]["[Service]ProtectHome"] == ["yes"]
    monkeypatch.setattr(sys, "argv", ["-m"])
    monkeypatch.setattr(sys, "executable", "/home/pi/venv/bin/python")
    unit, said = made()
    assert unit["[Service]ProtectHome"] == ["read-only"]
    assert re.fullmatch(r"ovms: .*/home/pi/venv/bin/python.*\n", said)


def verified(folder: Path, *words: str) -> list[str]:
    """Return the faults that systemd finds in a unit that a command prints.

    What its version does not know yet is none.
    """
    done = subprocess.run(
        [sys.executable, "-m", "ovms", *words], capture_output=True, check=True, text=True
    )
    file = folder / "ovms-of-tests.service"
    file.write_text(done.stdout)
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)],
        capture_output=True, check=False, text=True, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    newer = "Unknown key.*'Restart(Steps|Max)"
    told = [line for line in found.stderr.splitlines() if file.name in line]
    return [line for line in told if not re.search(newer, line)]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
@pytest.mark.parametrize(
    "options", [[], ["--user", "root", "--state", "/srv/a%b", "--paranoid-file", "/etc/p"]]
)
def test_systemd_understands_it(tmp_path: Path, options: list[str]) -> None:
    """It finds no fault but what its version does not know yet."""
    assert verified(tmp_path, "car", "unit", *options) == []
