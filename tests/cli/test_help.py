from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from ovms.cli.help import PANELS
from ovms.cli.main import COMMANDS, cli

RUNNER = CliRunner()
WIDE = {"COLUMNS": "200", "TERM": "dumb"}


def help_of(*words: str) -> str:
    """Return a help page on a wide terminal."""
    return RUNNER.invoke(cli, [*words, "--help"], env=WIDE).stdout


@pytest.mark.parametrize("words", [(), *((name,) for name in COMMANDS), ("app", "status"),
                                   ("vehicle", "add"), ("car", "unit")])  # fmt: skip
def test_what_takes_no_value_has_no_type(words: tuple[str, ...]) -> None:
    """Nobody is told to write a bool behind --help."""
    assert "<bool>" not in help_of(*words)
    assert re.search(r"--help +Show", help_of(*words))


def test_the_commands_stand_under_titles() -> None:
    """Who comes first sees what is for owners and what for operators."""
    titles = re.findall(r"╭─ ([^─]+) ─", help_of())
    assert titles == ["Options", *dict.fromkeys(place.panel for place in COMMANDS.values())]


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        (("app", "watch"), {"Options", "Connection", "Login"}),
        (("serve",), {"Options", "Database", "Ports", "Log", "Commands"}),
        (("car",), {"Options", "Connection", "Login", "In a car", "Simulated car", "Commands",
                    "Recording", "Provisioning", "Log"}),
    ],
)  # fmt: skip
def test_many_options_stand_under_titles(words: tuple[str, ...], titles: set[str]) -> None:
    """A long list is cut into what belongs together."""
    assert titles <= set(re.findall(r"╭─ ([^─]+) ─", help_of(*words)))


def test_no_option_stands_under_two_titles() -> None:
    """An option has one place."""
    names = [name for each in PANELS.values() for name in each]
    assert len(names) == len({*names})


def test_paragraphs_are_as_wide_as_the_terminal() -> None:
    """Lines of a docstring are joined; where the source broke them does not show."""
    assert "each second tells how old the news is, and whether the server is still" in (
        " ".join(help_of("app", "watch").split())
    )
    assert "still there. In a pipe it is" in help_of("app", "watch")


def test_a_single_option_has_no_title() -> None:
    """The owner whose entries are listed is nothing of a simulated car."""
    assert not {"Simulated car", "Login"} & {*re.findall(r"╭─ ([^─]+) ─", help_of("audit", "list"))}
