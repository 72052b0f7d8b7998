"""The files of the web app, as its build has left them beside this module; read once."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).with_name("web")

FILES_LIMIT: Final = 2000
BYTES_LIMIT: Final = 64 << 20
"""Files, and bytes of them, that are held in memory at most."""

TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""What the files are, whatever the machine's own table says."""

_PACKED: Final = {"br": ".br", "gzip": ".gz"}
"""The endings of packed copies, by what calls name them; the smaller first."""


class BadWebFiles(Exception):
    """The folder is not one of the web app."""


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file of the web app."""

    content: bytes
    packed: dict[str, bytes]
    """The same, packed, by the name of the coding."""
    type: str
    tag: str
    """Changes with the content (ETag)."""
    is_lasting: bool
    """Its name changes with its content, so that it may be kept for ever."""


def read_web_files(folder: Path = FOLDER) -> dict[str, WebFile]:
    """Return the files by their paths below the root; none where nothing was built.

    Raises :class:`BadWebFiles` and ``OSError``.
    """
    if not (folder / "index.html").is_file():
        return {}
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if len(paths) > FILES_LIMIT or sum(path.stat().st_size for path in paths) > BYTES_LIMIT:
        raise BadWebFiles(f"{folder}: too many files, or too large ones")
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    endings = tuple(_PACKED.values())
    return {
        name: _file(name, content, contents)
        for name, content in contents.items()
        if not name.endswith(endings)
    }


def _file(name: str, content: bytes, contents: dict[str, bytes]) -> WebFile:
    packed = {
        coding: contents[name + ending]
        for coding, ending in _PACKED.items()
        if name + ending in contents
    }
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return WebFile(
        content,
        packed,
        TYPES.get(Path(name).suffix, guessed),
        f'"{hashlib.sha256(content).hexdigest()[:20]}"',
        name.startswith("assets/"),
    )
