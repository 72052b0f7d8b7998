from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from ovms import __version__
from ovms.cli.main import COMMANDS, cli

RUNNER = CliRunner()


def test_help_names_every_command() -> None:
    """The first page shows what there is."""
    shown = RUNNER.invoke(cli, ["--help"])
    assert shown.exit_code == 0
    assert all(name in shown.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    """Each command loads, and explains itself."""
    shown = RUNNER.invoke(cli, [name, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.stdout


def test_the_version_is_told() -> None:
    """Scripts can ask which version they have."""
    assert RUNNER.invoke(cli, ["--version"]).stdout == f"ovms {__version__}\n"


def test_an_unknown_command_is_wrong_usage() -> None:
    """What there is not, is said with exit code 2."""
    tried = RUNNER.invoke(cli, ["fly"])
    assert tried.exit_code == 2
    assert "fly" in tried.stderr


def test_the_app_does_not_load_the_server() -> None:
    """A command loads what it needs: the app starts without the database and the CAN libraries."""
    script = (
        "import sys; from typer.testing import CliRunner; from ovms.cli.main import cli;"
        "CliRunner().invoke(cli, ['app', 'status', '--help']);"
        "print([m for m in ('sqlalchemy', 'cantools', 'pydantic_settings') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
