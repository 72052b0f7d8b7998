from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ovms.server.http.web_options import MAP_FILE, DemoLogin, MapSource, WebOptions
from ovms.server.web_settings import WebSettings

TILES = "https://tiles.example/{z}/{x}/{y}.png"
STYLE = "https://tiles.example/style.json"


def test_no_ground_unless_set() -> None:
    """Nobody else learns where people look, unless the operator wants it."""
    assert WebSettings().web_options(Path("data")) == WebOptions()


@pytest.mark.parametrize(
    ("settings", "source", "file"),
    [
        ({"map_tiles": TILES}, MapSource("raster", TILES, "©"), None),
        (
            {"map_style": STYLE, "map_hosts": ["https://letters.example"]},
            MapSource("style", STYLE, "©", ("https://letters.example",)),
            None,
        ),
        ({"map_file": "a.pmtiles"}, MapSource("pmtiles", MAP_FILE, "©"), Path("data/a.pmtiles")),
    ],
)
def test_the_ground(settings: dict[str, object], source: MapSource, file: Path | None) -> None:
    """Tiles, a style or a file of the server's is the ground."""
    demo = DemoLogin("demo", "demo")
    made = WebSettings.model_validate({"map_attribution": "©", "web": False, **settings})
    assert made.web_options(Path("data"), demo) == WebOptions(False, source, file, demo)


@pytest.mark.parametrize(
    "settings",
    [
        {"map_tiles": "https://tiles.example/{z}/{x}.png"},
        {"map_tiles": "tiles/{z}/{x}/{y}.png"},
        {"map_style": "ftp://tiles.example/style.json"},
        {"map_style": "https://tiles.example; script-src *"},
        {"map_hosts": ["https://a.example/b"]},
        {"map_hosts": ["https://a.example 'unsafe-inline'"]},
        {"map_tiles": TILES, "map_file": "a.pmtiles"},
    ],
)
def test_what_is_refused(settings: dict[str, object]) -> None:
    """An address without a host that a policy can name is refused, and a second ground."""
    with pytest.raises(ValidationError):
        WebSettings.model_validate(settings)
