"""The docs tell the truth: generated pages are current, limits exist, examples run."""

from __future__ import annotations

import importlib
import itertools
import re
import shlex
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

from ovms.cli.main import COMMANDS as COMMAND_PLACES
from ovms.protocol.codes import CODES
from ovms.protocol.commands import COMMANDS
from ovms.protocol.records import Record
from ovms.server.settings import ServerSettings

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "reference"


def load() -> Any:
    """Import the script, which has no suffix, without leaving its bytecode behind."""
    loader = SourceFileLoader("reference", str(SCRIPT))
    spec = spec_from_loader("reference", loader)
    assert spec is not None
    module = module_from_spec(spec)
    exec(compile(SCRIPT.read_text("utf-8"), SCRIPT, "exec"), vars(module))  # noqa: S102 (ours)
    return module


PAGES: dict[str, Any] = load().PAGES


@pytest.mark.parametrize("name", PAGES)
def test_page_is_current(name: str) -> None:
    """The page in the docs is what the tables give."""
    written = (ROOT / "docs" / name).read_text("utf-8")
    assert written == PAGES[name](), "run .venv/bin/python scripts/reference"


def test_pages_do_not_depend_on_chance() -> None:
    """Another run of Python, with other hashes, draws the same session."""
    script = (
        f"import runpy; pages = runpy.run_path({str(SCRIPT)!r})['PAGES'];"
        "print(pages['session.md'](), end='')"
    )
    drawn = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONHASHSEED": "7", "PYTHONUTF8": "1"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert drawn == PAGES["session.md"]()


def test_records_have_their_headings() -> None:
    """Every record has its heading, and every field and bit its line."""
    text = PAGES["records.md"]()
    for code, kind in CODES.records.items():
        assert f"\n## `{code}` {kind.__name__}\n" in text
        fields = kind.TABLE if issubclass(kind, Record) else ()
        assert all(f"| `{field.name}` |" in text for field in fields)
    assert "| 1 or 2 | `alarm` | alarm sounds |" in text


def test_codes_have_their_lines() -> None:
    """Every message code has its line."""
    text = PAGES["records.md"]()
    assert all(f"| `{row.code}` | {row.meaning} |" in text for row in CODES.values())


def test_commands_have_their_lines() -> None:
    """Every command has its line."""
    text = PAGES["commands.md"]()
    assert all(f"| {spec.number} | `{spec.name}` |" in text for spec in COMMANDS)


def limits() -> list[tuple[str, str]]:
    """Return the names of docs/limits.md and the modules that they are said to be in."""
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\| ([\w/]+) \|", read("docs/limits.md"), re.MULTILINE)
    assert rows
    return [(name, f"ovms.{place.replace('/', '.')}") for name, place in rows]


FOREIGN = ("make ", "tls ", "config set", "server v2", "network status", "nc ", "ss ", "journalctl")
"""How commands begin that are not ours."""


def read(name: str) -> str:
    """Return a page of the project."""
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize(("name", "module"), limits())
def test_limit_exists(name: str, module: str) -> None:
    """Every limit of the page is in the code where the page says."""
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize(
    "room",
    ["protocol", "net", "server", "car", "app"],
)
def test_limits_are_listed(room: str) -> None:
    """Every bound of these rooms that ends in LIMIT, LIMITS or TIMEOUT is on its page."""
    page = read("docs/limits.md") + read("docs/alerts.md")
    for module in (ROOT / "src/ovms" / room).rglob("*.py"):
        for name in re.findall(
            r"^([A-Z_]*(?:LIMITS?|TIMEOUT))\b", module.read_text(), re.MULTILINE
        ):
            assert f"`{name}`" in page, f"{name} of {module.name}"


def test_settings_and_commands_have_their_headings() -> None:
    """Every setting and every command has its heading."""
    assert all(
        f"\n## `{name}`\n" in read("docs/settings.md") for name in ServerSettings.model_fields
    )
    assert all(f"\n## `ovms {name}" in read("docs/cli.md") for name in COMMAND_PLACES)


def test_the_glossary_names_what_there_is() -> None:
    """Every class that the glossary names is in the package."""
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src/ovms").rglob("*.py"))
    named = re.findall(r"`([A-Z]\w+)`", read("docs/glossary.md"))
    assert len(named) > 30
    assert [name for name in named if not re.search(rf"^(class )?{name}\b", source, re.M)] == []


def test_help_is_shown_whole() -> None:
    """No help text holds what the terminal's help takes for markup, and leaves out."""
    assert re.findall(r"\[[a-z#/@][^\[\]]*\]", PAGES["cli.md"]()) == []


def test_links_lead_somewhere() -> None:
    """Every link between the pages names a file that is there."""
    for page in (ROOT / "README.md", *ROOT.glob("docs/*.md"), ROOT / "SECURITY.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{target} in {page.name}"


def section_of(command: str) -> str:
    """Return what docs/cli.md says of a command that may have arguments; fail if there is none."""
    words = list(itertools.takewhile(lambda word: re.fullmatch("[a-z-]+", word), command.split()))
    for count in range(len(words), 1, -1):
        _, found, rest = read("docs/cli.md").partition(f"\n## `{' '.join(words[:count])}`\n")
        if found:
            return rest.split("\n## ")[0]
    raise AssertionError(f"no command {command!r}")


def test_troubleshooting_says_what_the_programs_say() -> None:
    """Every command of the page exists, and every text that it quotes is one of a program's."""
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src/ovms").rglob("*.py"))
    spoken = re.sub(r'"\s*f?"', "", source)
    page = read("docs/troubleshooting.md")
    for span in (each for each in re.findall(r"`([^`\n]+)`", page) if " " in each):
        if span.startswith("ovms "):
            section = section_of(span)
            for option in re.findall(r"--[a-z-]+", span):
                assert option.replace("--no-", "--") in section, span
        elif not span.startswith(FOREIGN):
            for text in re.split(r" … |\b[A-Z]{3,}\b|\d+|reason=|[':…]", span):
                assert text.strip() in spoken, f"{text!r} of {span!r}"


def test_readme_commands_are_real() -> None:
    """Every ovms command that the README shows exists, with the options it shows."""
    names = "serve|car|app|demo|owner|vehicle"
    for line in re.findall(
        rf"(?:\.venv/bin/)?ovms ((?:{names})\b(?![:,])[^\n`]*)", read("README.md")
    ):
        words = shlex.split(line.split("#")[0])
        path = list(itertools.takewhile(lambda word: re.fullmatch("[a-z]+", word), words))[:2]
        path = path[: 1 if path[0] in ("serve", "car", "demo") else 2]
        section = read("docs/cli.md").split(f"\n## `ovms {' '.join(path)}`\n")[1].split("\n## ")[0]
        for word in words:
            assert not word.startswith("--") or f"`{word}" in section, f"{word} of {line!r}"


@pytest.mark.parametrize("name", ["accounts", "sharing", "privacy"])
def test_commands_of_pages_are_real(name: str) -> None:
    """Every ovms command that a page shows exists, with the options it shows."""
    page = re.sub(r"^```\w*$", "", read(f"docs/{name}.md"), flags=re.M)
    shown = re.findall(r"^(?: {4})?ovms ([a-z]+ .*)$", page, re.M)
    shown += re.findall(r"`ovms ([a-z]+ [^`]*)`", page)
    assert shown
    for line in shown:
        section = section_of(f"ovms {line}")
        for option in re.findall(r"--[a-z0-9-]+", line):
            assert f"`{option}" in section, f"{option} of {line!r}"
