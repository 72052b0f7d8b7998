"""The pictures of the web app: all are shown, none is missing, and they stay small."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PICTURES: Final = ROOT / "docs" / "pictures"
PAGES: Final = tomllib.loads((ROOT / "scripts" / "screenshots.toml").read_text("utf-8"))

MOST_BYTES: Final = 2_500_000
"""Of all pictures: each clone of the repository pays for each version of them."""


def test_the_gallery_shows_all_pictures() -> None:
    """Each page of the gallery is there on a phone and a desktop, and nothing else is."""
    views = ("phone-light", "desktop-dark")
    wanted = {f"{page}.{view}.webp" for page in PAGES["gallery"] for view in views}
    text = (ROOT / "docs" / "pictures.md").read_text("utf-8")
    assert set(re.findall(r'src="pictures/([^"]+)"', text)) == wanted
    assert {each.name for each in PICTURES.iterdir()} == wanted


def test_the_gallery_shows_pages_that_are_taken() -> None:
    """Its names are those of pages that the script opens."""
    assert set(PAGES["gallery"]) <= {*PAGES["owner"], *PAGES["everybody"]}


def test_pictures_are_small() -> None:
    """All of them together."""
    assert sum(each.stat().st_size for each in PICTURES.iterdir()) < MOST_BYTES


def test_the_picture_of_the_readme_is_there() -> None:
    """The page of the package shows one of them, by an address that is a picture's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    hook = project["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    page = (ROOT / "README.md").read_text("utf-8")
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page)
    assert shown
    assert all((ROOT / each).is_file() for each in shown)
    for change in hook["substitutions"]:
        page = re.sub(change["pattern"], change["replacement"], page)
    raw = "https://raw.githubusercontent.com/ovms-py/ovms/main/"
    assert re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page) == [f"{raw}{each}" for each in shown]
