"""Packages of tests that add a channel, for a while."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.plugin_package import install


@contextmanager
def installed(folder: Path, code: str, points: str) -> Iterator[None]:
    """Have a package ``ovms-fax`` installed; ``points`` are the lines of its entry points."""
    site = folder / "site-packages"
    site.mkdir()
    install(site, "ovms-fax", "ovms_fax", code, f"[ovms.channels]\n{points}\n")
    sys.path.insert(0, str(site))
    try:
        yield
    finally:
        sys.path.remove(str(site))
        sys.modules.pop("ovms_fax", None)
