"""The settings of the web app: whether its pages are served, and the ground of its map."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator, model_validator

from ovms.server.http.web_options import MAP_FILE, DemoLogin, MapSource, WebOptions

_BAD: Final = frozenset(" ;,'\"\\")
"""Characters that would end the host in a policy (CSP)."""


class WebSettings(BaseModel):
    """The web app; at the top level of the server's settings."""

    web: bool = Field(default=True, description="Serve the pages of the web app at the HTTP ports.")
    map_tiles: str | None = Field(
        default=None,
        description="Picture tiles of the map's ground, https://HOST/{z}/{x}/{y}.png. Their host"
        " learns where people look. Without any of map_tiles, map_style and map_file the map has"
        " no ground.",
    )
    map_style: str | None = Field(
        default=None,
        description="Style of the map's ground, an address of MapLibre's JSON; instead of"
        " map_tiles.",
    )
    map_hosts: list[str] = Field(
        default_factory=list,
        description="Further hosts, https://HOST, that map_style loads tiles and letters from.",
    )
    map_file: Path | None = Field(
        default=None,
        description="PMTiles file of the map's ground, relative to the data folder; pages load it"
        " from this server, so no place is told to others.",
    )
    map_attribution: str = Field(
        default="", description="Whom the map names as the maker of its ground."
    )

    @field_validator("map_tiles", "map_style")
    @classmethod
    def _is_address(cls, url: str | None) -> str | None:
        if url is not None:
            _check_host(url)
        return url

    @field_validator("map_tiles")
    @classmethod
    def _is_template(cls, url: str | None) -> str | None:
        if url is not None and not all(part in url for part in ("{z}", "{x}", "{y}")):
            raise ValueError("needs {z}, {x} and {y}")
        return url

    @field_validator("map_hosts")
    @classmethod
    def _are_hosts(cls, hosts: list[str]) -> list[str]:
        for host in hosts:
            _check_host(host)
            if urlsplit(host).path:
                raise ValueError(f"{host} is not https://HOST")
        return hosts

    @model_validator(mode="after")
    def _has_one_ground(self) -> Self:
        given = [each for each in (self.map_tiles, self.map_style, self.map_file) if each]
        if len(given) > 1:
            raise ValueError("only one of map_tiles, map_style and map_file can be the ground")
        return self

    def web_options(self, data: Path, demo: DemoLogin | None = None) -> WebOptions:
        """Return what the pages need of these settings; ``data`` is the data folder."""
        file = None if self.map_file is None else data / self.map_file
        return WebOptions(self.web, self._map(), file, demo)

    def _map(self) -> MapSource | None:
        text, hosts = self.map_attribution, tuple(self.map_hosts)
        if self.map_tiles is not None:
            return MapSource("raster", self.map_tiles, text, hosts)
        if self.map_style is not None:
            return MapSource("style", self.map_style, text, hosts)
        if self.map_file is not None:
            return MapSource("pmtiles", MAP_FILE, text, hosts)
        return None


def _check_host(url: str) -> None:
    """Raise :class:`ValueError` unless an address has a host that a policy can name."""
    parts = urlsplit(url)
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    if not is_web or not url.isascii() or _BAD & {*parts.netloc} or "@" in parts.netloc:
        raise ValueError("is not http(s)://HOST/…")
