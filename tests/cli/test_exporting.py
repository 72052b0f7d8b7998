from __future__ import annotations

from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from ovms.cli import exporting
from ovms.cli.exporting import write_export
from ovms.protocol.records.history import KeptRecord
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.exporting import vehicle_export_steps
from tests.server.storage.databases import apply, close, make_database

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


def test_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal sees how far it is: each record counts once, of as many as there are."""
    database = make_database(tmp_path)
    batch = Batch()
    for time in range(2500):
        batch.history.put("CAR1", KeptRecord("L", 0, time, 10**9, b"1,2", None, float(time)), None)
    assert apply(database, batch) == 0
    told: list[int] = []
    totals: list[int] = []

    class Shown:
        def __init__(self, what: str, total: int) -> None:
            totals.append(total)

        def __enter__(self) -> Any:
            return told.append

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(exporting, "shown", Shown)
    with database.reading() as connection:
        car = queries.get_vehicle(connection, "CAR1")
    file = tmp_path / "car.zip"
    write_export(database, file, ["CAR1"], partial(vehicle_export_steps, car, 1.0))
    assert totals == [2500]
    assert told == [1000, 1000, 500]
    assert ZipFile(file).testzip() is None
    close(database)


def test_interrupted(tmp_path: Path) -> None:
    """Whoever stops it finds no half a file."""
    database = make_database(tmp_path)

    def steps(sink: object, count: object) -> Generator[Any, Any, None]:
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        write_export(database, tmp_path / "car.zip", [], steps)
    assert not (tmp_path / "car.zip").exists()
    close(database)


def test_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a terminal is shown anything."""
    errors = StringIO()
    monkeypatch.setattr("sys.stderr", errors)
    with exporting.shown("records", 10) as advance:
        advance(5)
    assert errors.getvalue() == ""
    monkeypatch.setattr(errors, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with exporting.shown("records", 10) as advance:
        advance(5)
    assert "50%" in errors.getvalue()
