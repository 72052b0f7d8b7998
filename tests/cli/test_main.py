from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command
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


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_page_says_what_the_command_says(name: str) -> None:
    """The line of a command on the first page is the first line of its own help."""
    group = get_command(cli)
    assert isinstance(group, TyperGroup)
    loaded = group.get_command(group.make_context("ovms", [], resilient_parsing=True), name)
    assert loaded is not None
    assert COMMANDS[name].help == (loaded.help or "").partition("\n\n")[0].replace("\n", " ")


def test_the_help_page_imports_no_command() -> None:
    """The first page is shown without the modules of the commands."""
    assert loaded_after(["--help"], "ovms.cli.app", "ovms.cli.serve", "asyncio") == []


def test_the_version_is_told() -> None:
    """Scripts can ask which version they have."""
    assert RUNNER.invoke(cli, ["--version"]).stdout == f"ovms {__version__}\n"


@pytest.mark.parametrize("buffering", ["", "1"])
@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["vehicle-type", "list"]])
def test_output_to_a_full_disk_is_one_line_and_exit_1(arguments: list[str], buffering: str) -> None:
    """Whoever redirects output to a full disk is told so, not shown a traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ovms", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": buffering},
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "ovms: the output cannot be written: No space left on device\n"


def test_closed_standard_files_are_no_trouble() -> None:
    """A program that was started without standard files gives their numbers to nothing else."""
    script = (
        "import os; [os.close(number) for number in range(3)]; from ovms.cli import main;"
        "main._fill_standard_files(); os._exit(os.open(os.devnull, os.O_RDONLY))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == 3


def test_an_unknown_command_is_wrong_usage() -> None:
    """What there is not, is said with exit code 2."""
    tried = RUNNER.invoke(cli, ["fly"])
    assert tried.exit_code == 2
    assert "No such command 'fly'." in tried.stderr
    assert "Did you mean" not in tried.stderr


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["srve"], "'serve'"),
        (["vehicles", "list"], "'vehicle'"),
        (["status"], "'app status'"),
        (["wach"], "'app watch'"),
        (["app", "statsu"], "'status'"),
    ],
)
def test_a_command_that_was_perhaps_meant(words: list[str], meant: str) -> None:
    """Whoever mistypes a command, or leaves out where it is, is told what there is."""
    tried = RUNNER.invoke(cli, words, env={"COLUMNS": "120"})
    assert tried.exit_code == 2
    assert f"Did you mean {meant}" in tried.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ovms veh", ["vehicle", "vehicle-type"]),
        ("ovms app wa", ["watch"]),
        ("ovms app command unl", ["unlock"]),
        ("ovms app watch --js", ["--json"]),
    ],
)
def test_words_complete_in_every_shell(shell: str, words: str, found: list[str]) -> None:
    """The first page's program completes commands, their options, and the car's commands."""
    env = {"_OVMS_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": words,
           "_TYPER_COMPLETE_FISH_ACTION": "get-args", "COMP_WORDS": words,
           "COMP_CWORD": str(len(words.split()) - 1)}  # fmt: skip
    told = RUNNER.invoke(cli, [], env=env, prog_name="ovms").stdout
    assert re.findall(r"(?m)^[^\w-]*(?:_arguments '\*: :\(\(\")?([\w-]+)", told) == found


def test_completion_is_installed_by_the_first_page_alone() -> None:
    """One option does it for all commands."""
    assert "--install-completion" in RUNNER.invoke(cli, ["--help"]).stdout
    assert "--install-completion" not in RUNNER.invoke(cli, ["app", "--help"]).stdout


def test_completing_a_command_imports_none() -> None:
    """A shell that asks for the commands does not wait for their modules."""
    script = (
        "import os, sys; os.environ.update(_OVMS_COMPLETE='complete_bash', COMP_WORDS='ovms ',"
        "COMP_CWORD='1'); from typer.testing import CliRunner; from ovms.cli.main import cli;"
        "out = CliRunner().invoke(cli, [], prog_name='ovms').stdout; assert 'vehicle-type' in out;"
        "print(*(m for m in ('ovms.cli.app', 'ovms.cli.serve') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("car", "--secret", "S", "--paranoid"), "--paranoid"),
        (("car", "--vehicle", "X", "--secret"), "--secret"),
        (("car", "--vehicle", "X", "--secret", "S", "--server"), "--server"),
        (("car", "--fleet", "-", "--server"), "--server"),
        (("app", "status", "--server", "x", "--vehicle", "X", "--secret"), "--secret"),
        (("app", "status", "--server", "x", "--user", "a", "--password"), "--password"),
        (("app", "command", "--server", "x", "--vehicle", "X", "shell"), "parameters"),
        (("provision", "add", "--vin"), "--vin"),
        (("history",), "vehicle"),
    ],
)
def test_texts_of_other_bytes_are_wrong_usage(words: tuple[str, ...], name: str) -> None:
    """A text that is not UTF-8 could be sent nowhere: one line says which one it is."""
    tried = RUNNER.invoke(cli, [*words, "\udcff\udcfe"])
    assert (tried.exit_code, tried.stdout) == (2, "")
    assert tried.stderr == f"ovms: {name} must be UTF-8 text\n"


def test_a_path_may_be_of_any_bytes() -> None:
    """A file whose name is not UTF-8 is looked for."""
    tried = RUNNER.invoke(cli, ["car", "--server", "x", "--vehicle", "X", "--fleet", "\udcff"])
    assert "UTF-8" not in tried.stderr


@pytest.mark.parametrize("variable", ["OVMS_CAR_GROUP", "OVMS_SECRET", "OVMS_PARANOID"])
def test_variables_of_other_bytes_are_wrong_usage(variable: str) -> None:
    """Variables are no better than options."""
    env = {"OVMS_SECRET": "S", variable: "\udcff"}
    tried = RUNNER.invoke(cli, ["car", "--server", "127.0.0.1:1", "--vehicle", "X"], env=env)
    assert (tried.exit_code, tried.stdout) == (2, "")
    assert "must be UTF-8 text" in tried.stderr
    assert tried.stderr.count("\n") == 1


def loaded_after(arguments: list[str], *modules: str) -> list[str]:
    """Return which of the modules a command has imported."""
    script = (
        "import sys; from typer.testing import CliRunner; from ovms.cli.main import cli;"
        f"CliRunner().invoke(cli, {arguments!r});"
        f"print(*(m for m in {modules!r} if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_the_app_does_not_load_the_server() -> None:
    """A command loads what it needs: the app starts without the database and the CAN libraries."""
    heavy = ("sqlalchemy", "cantools", "can", "pydantic_settings", "ovms.server", "ovms.car")
    assert loaded_after(["app", "status", "--help"], *heavy) == []


SLIM = """
import sys
for name in ("can", "cantools", "isotp", "serial", "apprise", "fpdf"):
    sys.modules[name] = None
sys.argv = ["ovms", *{arguments!r}]
from ovms.cli.main import main
main()
"""
"""Runs the command line as if no extra was installed."""


def run_slim(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command where the packages of the extras are missing."""
    script = SLIM.format(arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )


CALL = ("car", "--server", "127.0.0.1:1", "--vehicle", "TEST", "--secret", "secret")


@pytest.mark.parametrize(
    "arguments",
    [
        ("vehicle-type", "check", "roadster"),
        ("demo",),
        (*CALL, "--type", "roadster", "--can", "socketcan:can0"),
        (*CALL, "--replay", "drive.csv"),
        (*CALL, "--modem", "/dev/ttyUSB0"),
    ],
)
def test_a_missing_extra_is_named(arguments: tuple[str, ...]) -> None:
    """Without the packages of an extra, who needs them gets one line that names it."""
    ran = run_slim(*arguments)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("ovms: this needs the package ")
    assert ran.stderr.endswith("pip install 'ovms[car]'\n")
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("serve", "--help"),
        ("app", "--help"),
        ("notify", "--help"),
        ("car", "--help"),
        ("car", "--scenario", "list"),
    ],
)
def test_a_slim_installation_works(arguments: tuple[str, ...]) -> None:
    """Server and app need none of the extras, nor does the help of what does."""
    ran = run_slim(*arguments)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_simulated_car_needs_no_extra() -> None:
    """A slim installation makes a simulated car: all that is refused here is the option."""
    ran = run_slim(*CALL, "--speed", "0")
    assert (ran.returncode, ran.stderr) == (
        2, "ovms: --speed 0 needs a recording: --replay FILE\n",
    )  # fmt: skip
