from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ovms.base.extras import PACKAGES, missing_extra

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.mark.parametrize("module", PACKAGES)
def test_the_extra_is_named(module: str) -> None:
    """A missing package, or a part of it, is told with the extra that brings it."""
    package, extra = PACKAGES[module]
    for name in (module, f"{module}.part"):
        text = missing_extra(ModuleNotFoundError(f"No module named {name!r}", name=name))
        assert text is not None
        assert package in text
        assert f"'ovms[{extra}]'" in text


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'sqlalchemy'", name="sqlalchemy"),
        ModuleNotFoundError("No module named 'ovms.can'", name="ovms.can"),
        ModuleNotFoundError("nothing is known"),
        ImportError("cannot import name 'x' from 'can'", name="can"),
    ],
)
def test_other_errors_are_left_alone(error: ImportError) -> None:
    """An extra is named only where installing it would help."""
    assert missing_extra(error) is None


def test_the_project_has_these_extras() -> None:
    """Each package is in the extra that is named, and none of them in the slim installation."""
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    for package, extra in PACKAGES.values():
        wanted = project["optional-dependencies"][extra]
        assert any(each.startswith(f"{package}>=") for each in wanted)
        assert not any(each.startswith(package) for each in project["dependencies"])
