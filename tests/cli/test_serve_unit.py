"""``ovms serve unit``: the unit is read as systemd reads it, and by systemd where it is there."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ovms.cli.main import cli
from tests.cli.car.test_unit import Unit, parsed, verified


def made(*options: str) -> tuple[Unit, str]:
    """Make a unit: its values by section and key, and what was said beside."""
    result = CliRunner().invoke(cli, ["serve", "unit", *options])
    assert result.exit_code == 0, result.stderr
    return parsed(result.stdout), result.stderr


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Be the script of a folder that is nobody's home."""
    script = tmp_path / "opt" / "ovms"
    script.parent.mkdir()
    script.touch()
    monkeypatch.setattr(sys, "argv", [str(script), "serve", "unit"])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "opt" / "python"))
    return script


def test_a_unit_as_it_is_made_for_most(installed: Path) -> None:
    """It starts this very program, keeps its folder, and is told when it is ready and alive."""
    unit, said = made()
    assert said == ""
    assert unit["[Service]ExecStart"] == [f"{installed} serve"]
    assert unit["[Service]Type"] == ["notify"]
    assert int(unit["[Service]WatchdogSec"][0]) > 0
    assert unit["[Service]EnvironmentFile"] == ["-/etc/ovms/server.env"]
    assert unit["[Service]Environment"] == ['"OVMS_DATA=/var/lib/ovms"']
    assert unit["[Service]StateDirectory"] == ["ovms"]
    assert unit["[Service]StateDirectoryMode"] == ["0700"]
    assert unit["[Service]DynamicUser"] == ["yes"]
    assert int(unit["[Service]LimitNOFILE"][0]) >= 65_536
    assert "[Service]User" not in unit
    assert "[Service]SupplementaryGroups" not in unit


def test_it_never_gives_up_but_on_wrong_usage() -> None:
    """It is started again for ever, and has the time to end in order."""
    unit, _ = made()
    assert unit["[Service]Restart"] == ["always"]
    assert unit["[Unit]StartLimitIntervalSec"] == ["0"]
    assert unit["[Service]RestartPreventExitStatus"] == ["2"]
    assert int(unit["[Service]TimeoutStopSec"][0]) > 35  # ten to close, twenty for strangers, five
    assert unit["[Install]WantedBy"] == ["multi-user.target"]


def test_it_may_do_what_a_server_needs_and_no_more() -> None:
    """The network, and its folder; no privilege and no device."""
    unit, _ = made()
    families = unit["[Service]RestrictAddressFamilies"][0].split()
    assert families == ["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"]
    assert unit["[Service]CapabilityBoundingSet"] == [""]
    for key, value in (("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"),
                       ("PrivateTmp", "yes"), ("PrivateDevices", "yes"),
                       ("UMask", "0077")):  # fmt: skip
        assert unit[f"[Service]{key}"] == [value]


def test_options_are_in_it(installed: Path) -> None:
    """Another folder, user, groups and bounds."""
    unit, _ = made("--data", "/srv/100%/ovms", "--user", "ovms", "--group", "certs", "--group",
                   "mail", "--environment", "/etc/o", "--files", "5000")  # fmt: skip
    assert unit["[Service]User"] == ["ovms"]
    assert "[Service]DynamicUser" not in unit
    assert "[Service]StateDirectory" not in unit
    assert unit["[Service]ReadWritePaths"] == ["/srv/100%%/ovms"]
    assert unit["[Service]Environment"] == ['"OVMS_DATA=/srv/100%%/ovms"']
    assert unit["[Service]SupplementaryGroups"] == ["certs mail"]
    assert unit["[Service]EnvironmentFile"] == ["-/etc/o"]
    assert unit["[Service]LimitNOFILE"] == ["5000"]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--data", "relative"], "absolute"),
        (["--data", "/var/lib/../x"], "absolute"),
        (["--environment", "/a\nUser=root"], "absolute"),
        (["--data", "/srv/ovms"], "needs --user"),
        (["--user", "a b"], "--user"),
        (["--group", "a\nExecStartPre=x"], "--group must be the name of a group"),
    ],
)
def test_what_would_make_no_unit_is_wrong_usage(options: list[str], part: str) -> None:
    """No line can be slipped in, and a folder must be somebody's."""
    result = CliRunner().invoke(cli, ["serve", "unit", *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert part in result.stderr
    assert result.stderr.count("\n") == 1


def test_options_stand_behind_the_command() -> None:
    """Before it they would have no effect."""
    result = CliRunner().invoke(cli, ["serve", "--port", "7", "unit"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "ovms: put the options behind ovms serve unit\n"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
@pytest.mark.parametrize(
    "options", [[], ["--user", "root", "--data", "/srv/a%b", "--group", "root"]]
)
def test_systemd_understands_it(tmp_path: Path, options: list[str]) -> None:
    """It finds no fault but what its version does not know yet."""
    assert verified(tmp_path, "serve", "unit", *options) == []
