from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ovms.server.backup.errors import BadBackup, TargetInUse
from ovms.server.backup.loading import load_rows
from ovms.server.backup.steps import Step, no_report
from ovms.server.storage.database import Database
from ovms.server.storage.opening import open_database
from ovms.server.storage.sqlite.database import SqliteDatabase
from tests.server.backup.full import dump


@pytest.fixture
def empty(data: Path, tmp_path: Path) -> Database:
    """Return a database without a table, whose key file has the key of the other one."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new/ovms.db").touch()
    (tmp_path / "new/secrets.key").write_bytes((data / "secrets.key").read_bytes())
    (tmp_path / "new/secrets.key").chmod(0o600)
    return open_database(tmp_path / "new")


def test_load(data: Path, empty: Database) -> None:
    """All rows of all tables arrive, with the highest ids, and it is told how far it is."""
    told = []

    def report(step: Step, done: int, total: int) -> None:
        assert step is Step.LOAD
        told.append((done, total))

    source = open_database(data)
    assert load_rows(source, empty, None, report) is None
    assert dump(empty) == dump(source)
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 0


def test_not_empty(data: Path, empty: Database) -> None:
    """A database that has got rows meanwhile is refused."""
    load_rows(open_database(data), empty, None, no_report)
    with pytest.raises(TargetInUse, match="is not empty any more"):
        load_rows(open_database(data), empty, None, no_report)


def test_other_rows_arrive(data: Path, empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that gets lost is noticed, and nothing is there then."""
    write = SqliteDatabase.write_rows

    def losing(database: SqliteDatabase, connection: Any, table: str, *rest: Any) -> None:
        columns, page = rest
        write(database, connection, table, columns, page[:1])

    monkeypatch.setattr(SqliteDatabase, "write_rows", losing)
    with pytest.raises(BadBackup, match="did not arrive as it is in the backup"):
        load_rows(open_database(data), empty, None, no_report)
    empty.upgrade()
    assert dump(empty)["vehicles"] == []
