"""A data folder with everything in it, and a backup of it; made once, and copied for each test."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest

from ovms.server.backup.files import FileSources
from ovms.server.backup.making import make_backup
from ovms.server.backup.steps import no_report
from ovms.server.storage.opening import open_database
from tests.server.backup.full import fill_all, fill_folder
from tests.server.storage.databases import close, make_database


@cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ovms-full-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = make_database(folder / "data")
    fill_all(database)
    close(database)
    fill_folder(folder / "data")
    sources = FileSources(folder / "data")
    make_backup(open_database(sources.data), sources, folder / "x.backup", 5.5, no_report)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder of a server that has rows in every table and every kind of file."""
    shutil.copytree(_made() / "data", tmp_path / "data")
    (tmp_path / "data").chmod(0o700)
    return tmp_path / "data"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a backup of such a folder."""
    return Path(shutil.copy2(_made() / "x.backup", tmp_path))
