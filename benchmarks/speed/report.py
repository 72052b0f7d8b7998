"""What was measured, as a table and as JSON."""

from __future__ import annotations

import os
import platform
import sqlite3
import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cryptography
from cryptography.hazmat.backends.openssl import backend
from rich.console import Console
from rich.table import Table

from benchmarks.speed.figures import Figure

WIDTH = 170
"""Columns of the table where the output is no terminal, or a narrow one."""


def machine() -> dict[str, str | int]:
    """Return on what it was measured, and what was."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "cryptography": f"{cryptography.__version__}, {backend.openssl_version_text()}",
        "uvloop": version("uvloop"),
        "sqlite": sqlite3.sqlite_version,
        "ovms": version("ovms"),
        "commit": _commit(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    """Return what is measured, with a ``+`` if it was changed since; empty outside of git."""
    command = ["git", "describe", "--always", "--dirty=+"]
    here = Path(__file__).parent
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def as_json(figures: Sequence[Figure]) -> dict[str, Any]:
    """Return all that was measured, for a file."""
    return {"machine": machine(), "figures": [asdict(figure) for figure in figures]}


def show(figures: Sequence[Figure]) -> None:
    """Print the table: by the clock, and the processor time of the server for a unit."""
    table = Table(caption="Ratios are of ours to the floor; those of cost the other way round.")
    table.add_column("name", no_wrap=True)
    table.add_column("what", min_width=40)
    for column in ("unit", "ours", "floor", "ratio", "goal", "", "µs ours", "µs floor", "cost"):
        table.add_column(column, justify="left" if column == "unit" else "right")
    for figure in figures:
        table.add_row(
            figure.name,
            f"{figure.what}" + (f"\n[dim]{figure.note}[/dim]" if figure.note else ""),
            figure.unit,
            number(figure.ours),
            number(figure.floor),
            number(figure.ratio),
            figure.goal,
            {True: "[green]yes[/green]", False: "[red]no[/red]", None: ""}[figure.reached],
            number(figure.details.get("ours_us")),
            number(figure.details.get("floor_us")),
            number(figure.checked),
        )
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(table)


def number(value: float | None) -> str:
    """Return three digits that count; nothing for nothing."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value else "0"
