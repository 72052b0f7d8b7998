"""The parts of the app in the browser import downwards only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "web" / "src"
LIVE = SOURCE.parents[1] / "src" / "ovms" / "server" / "http" / "live.py"
LAYERS = ("protocol", "data", "components", "pages")
"""From the bottom up: each may import those before it."""

IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["']([^"']+)["']""")


def imports(path: Path) -> list[str]:
    """Return what a file imports: packages by name, our files by their path below the source."""
    found = IMPORT.findall(path.read_text("utf-8"))
    return [
        str((path.parent / name).resolve().relative_to(SOURCE.parents[1].resolve()))
        if name.startswith(".")
        else name
        for name in found
    ]


def sources(layer: str) -> list[Path]:
    """Return the files of a layer, tests left out."""
    paths = sorted((SOURCE / layer).rglob("*.ts*"))
    return [path for path in paths if ".test." not in path.name]


@pytest.mark.parametrize("layer", LAYERS)
def test_no_import_goes_up(layer: str) -> None:
    """A layer imports nothing of those above it."""
    above = tuple(f"web/src/{name}/" for name in LAYERS[LAYERS.index(layer) + 1 :])
    wrong = [
        (path.name, name)
        for path in sources(layer)
        for name in imports(path)
        if above and name.startswith(above)
    ]
    assert wrong == []


def test_one_file_keeps_texts_on_the_device() -> None:
    """A browser may refuse, and each of the others would have to think of that."""
    found = [
        str(path.relative_to(SOURCE))
        for path in sorted(SOURCE.rglob("*.ts*"))
        if ".test." not in path.name and "Storage." in path.read_text("utf-8")
    ]
    assert found == ["data/device/local.ts"]


def test_pages_go_by_the_clock_of_the_server() -> None:
    """A device's own may be wrong by hours; what only lasts is timed by `performance.now`."""
    found = {
        str(path.relative_to(SOURCE))
        for path in sorted(SOURCE.rglob("*.ts*"))
        if ".test." not in path.name
        and re.search(r"Date\.now\(\)|new Date\(\)", path.read_text("utf-8"))
    }
    assert found == {"data/clock.ts", "data/api.ts"}


def test_the_app_follows_events_that_the_server_sends() -> None:
    """A browser leaves out what nobody listens to, so another name would go unnoticed."""
    stream = (SOURCE / "data" / "live" / "stream.ts").read_text("utf-8")
    listed = re.search(r"KINDS = \[(.*?)\]", stream)
    assert listed is not None
    followed = set(re.findall(r'"(\w+)"', listed[1]))
    assert followed
    assert followed <= set(re.findall(r'event\(\s*"(\w+)"', LIVE.read_text("utf-8")))


def test_the_protocol_is_pure() -> None:
    """It imports itself and hash functions, and touches no page, network or clock."""
    for path in sources("protocol"):
        allowed = ("web/src/protocol/", "@noble/hashes/")
        assert [name for name in imports(path) if not name.startswith(allowed)] == [], path.name
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)
        found = re.findall(
            r"\b(?:document|window|fetch|localStorage|Date\.now|Math\.random)\b", code
        )
        assert found == [], path.name
