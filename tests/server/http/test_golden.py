"""What clients of the field get, to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.server.http import golden

if TYPE_CHECKING:
    from pathlib import Path


async def test_golden_files(tmp_path: Path) -> None:
    """Every call answers as its golden file says, and there are no other files."""
    kept = {each.stem: each.read_bytes() for each in golden.FOLDER.glob("*.http")}
    found = await golden.answers(tmp_path)
    assert set(found) == set(kept), "run python -m tests.server.http.golden"
    for name, text in found.items():
        assert text == kept[name], f"{name}: run python -m tests.server.http.golden"
