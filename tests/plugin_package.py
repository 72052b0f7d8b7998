"""Packages that a test installs: a module, and the metadata that names its entry points."""

from __future__ import annotations

from pathlib import Path


def install(folder: Path, name: str, module: str, code: str, entries: str) -> None:
    """Put a package's module and its metadata into a folder of ``sys.path``."""
    (folder / f"{module}.py").write_text(code, "utf-8")
    info = folder / f"{name.replace('-', '_')}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\nSummary: What {name} is\n", "utf-8"
    )
    (info / "entry_points.txt").write_text(entries, "utf-8")
