"""The pages of ``docs/`` that scripts/reference writes."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

from ovms.protocol.commands import COMMANDS
from ovms.protocol.records import RECORDS, Record

ROOT = Path(__file__).parents[2]
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
    for code, kind in RECORDS.items():
        assert f"\n## `{code}` {kind.__name__}\n" in text
        fields = kind.TABLE if issubclass(kind, Record) else ()
        assert all(f"| `{field.name}` |" in text for field in fields)
    assert "| 1 or 2 | `alarm` | alarm sounds |" in text


def test_commands_have_their_lines() -> None:
    """Every command has its line."""
    text = PAGES["commands.md"]()
    assert all(f"| {spec.number} | `{spec.name}` |" in text for spec in COMMANDS)
