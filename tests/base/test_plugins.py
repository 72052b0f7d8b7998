from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ovms.base.plugins import BrokenPlugin, find_plugins
from tests.plugin_package import install

GROUP = "ovms.tests"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder from which modules are imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_nothing_is_imported_until_it_is_loaded(folder: Path) -> None:
    """A plug-in is found with its package; its module is imported by load."""
    install(folder, "ovms-one", "plugin_one", "THING = 5", f"[{GROUP}]\nthing = plugin_one:THING\n")
    (found,) = find_plugins(GROUP)
    assert (found.name, found.package, found.summary) == (
        "thing", "ovms-one 1.2", "What ovms-one is",
    )  # fmt: skip
    assert "plugin_one" not in sys.modules
    assert found.load() == 5
    assert find_plugins("ovms.other") == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import no_such_module_here", "ModuleNotFoundError: No module named"),
        ("", "AttributeError: module 'plugin_two' has no attribute 'THING'"),
    ],
)
def test_a_broken_plugin_names_its_package(folder: Path, code: str, reason: str) -> None:
    """Whatever fails while it is imported is one error with one line, and others still load."""
    sys.modules.pop("plugin_two", None)
    install(folder, "bad", "plugin_two", code, f"[{GROUP}]\nbad = plugin_two:THING\n")
    install(folder, "good", "plugin_good", "THING = 1", f"[{GROUP}]\ngood = plugin_good:THING\n")
    bad, good = find_plugins(GROUP)
    with pytest.raises(BrokenPlugin) as caught:
        bad.load()
    assert str(caught.value).startswith(f"bad of package bad 1.2 is broken: {reason}")
    assert good.load() == 1
