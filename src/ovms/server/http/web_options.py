"""What the operator and the demo say about the web app, and what its pages may load for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

MAP_FILE: Final = "/map.pmtiles"
"""Where the pages find the server's own map."""

MapKind = Literal["raster", "style", "pmtiles"]


@dataclass(frozen=True, slots=True)
class MapSource:
    """Where the ground of the map comes from."""

    kind: MapKind
    url: str
    """A template with ``{z}``, ``{x}`` and ``{y}``, a style's address, or the server's own file."""
    attribution: str = ""
    hosts: tuple[str, ...] = ()
    """Further hosts that a style takes its parts from, as ``https://HOST``."""

    def origins(self) -> tuple[str, ...]:
        """Return the hosts that the pages may load from, as a policy (CSP) names them."""
        return tuple(dict.fromkeys([*filter(None, [origin_of(self.url)]), *self.hosts]))


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """How anybody logs in to the demo."""

    owner: str
    password: str


@dataclass(frozen=True, slots=True)
class WebOptions:
    """What the operator says about the web app."""

    is_on: bool = True
    """The pages are served, if they were built."""
    map: MapSource | None = None
    map_file: Path | None = None
    """A PMTiles file, served at :data:`MAP_FILE`."""
    demo: DemoLogin | None = None


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address; ``{s}`` for a host's first part is any.

    The server's own addresses have none.
    """
    parts = urlsplit(url.replace("{s}", "*").replace("{", "").replace("}", ""))
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
