"""The tables of the app in the browser are those that the server reads."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "web_tables.py"))


@pytest.mark.parametrize("name", SCRIPT["FILES"])
def test_the_file_is_current(name: str) -> None:
    """The file of the browser is what the tables give."""
    written = (ROOT / "web" / "src" / "protocol" / name).read_text("utf-8")
    assert written == SCRIPT["FILES"][name](), "run .venv/bin/python scripts/web_tables.py"
