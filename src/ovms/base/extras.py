"""Packages that not everybody needs: the extras of ``pyproject.toml``, and what to say without one.

A server or an app installs slim; who reads a CAN bus installs ``ovms[car]``, who sends alerts by
Apprise ``ovms[notify]``, who makes trip logs as PDF ``ovms[pdf]``, who moves in from a server on
MySQL ``ovms[mysql]``.
"""

from __future__ import annotations

PACKAGES = {
    "can": ("python-can", "car"),
    "cantools": ("cantools", "car"),
    "isotp": ("can-isotp", "car"),
    "serial": ("pyserial", "car"),
    "apprise": ("apprise", "notify"),
    "fpdf": ("fpdf2", "pdf"),
    "pymysql": ("pymysql", "mysql"),
    "Crypto": ("pycryptodome", "rc4"),
}
"""By the name of a module that is imported: its package, and the extra that brings it."""


def missing_extra(error: ImportError) -> str | None:
    """Return which extra to install, in one sentence; ``None`` if no extra would help.

    ``error`` is what the import of one of :data:`PACKAGES` has raised.
    """
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return None
    found = PACKAGES.get(error.name.partition(".")[0])
    if found is None:
        return None
    package, extra = found
    return f"this needs the package {package}, which is not installed: pip install 'ovms[{extra}]'"
