from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.http import web_files
from ovms.server.http.web_files import BadWebFiles, read_web_files

if TYPE_CHECKING:
    from pathlib import Path


def build(folder: Path, **files: str) -> Path:
    """Write a page and further files, by names whose dots and slashes are underscores."""
    for name, content in {"index_html": "<p>", **files}.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def test_nothing_was_built(tmp_path: Path) -> None:
    """A package without the app has no files, and that is no error."""
    assert read_web_files(tmp_path / "web") == {}


def test_files(tmp_path: Path) -> None:
    """Each file has its kind, a mark of its content, and its packed copies beside it."""
    found = read_web_files(
        build(tmp_path, assets__a_js="long", assets__a_js_br="b", assets__a_js_gz="g", sw_js="long")
    )
    assert sorted(found) == ["assets/a.js", "index.html", "sw.js"]
    script, worker = found["assets/a.js"], found["sw.js"]
    assert (script.content, script.packed) == (b"long", {"br": b"b", "gzip": b"g"})
    assert script.type.startswith("text/javascript")
    assert (script.is_lasting, worker.is_lasting) == (True, False)
    assert script.tag == worker.tag != found["index.html"].tag


@pytest.mark.parametrize("limit", ["FILES_LIMIT", "BYTES_LIMIT"])
def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """A folder that is too much to hold is not read."""
    monkeypatch.setattr(web_files, limit, 1)
    with pytest.raises(BadWebFiles):
        read_web_files(build(tmp_path, sw_js="x"))
