from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ovms.server.backup.checking import read_whole
from ovms.server.backup.errors import BadBackup, CannotWrite
from ovms.server.backup.steps import no_report


def check(file: Path) -> str:
    """Return why a file is no good backup."""
    with pytest.raises(BadBackup) as caught:
        read_whole(file, no_report)
    return str(caught.value)


def change(file: Path, *statements: str) -> None:
    """Change a backup by stock tools."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for each in statements:
            connection.execute(each)


def test_foreign_files(file: Path, data: Path, tmp_path: Path) -> None:
    """A file that is empty or something else, a folder, a pipe and a database are told apart."""
    other = tmp_path / "other"
    other.touch()
    assert check(other) == f"{other} is empty"
    other.write_text("hello")
    assert check(other) == f"{other} is no backup of ovms"
    assert check(tmp_path) == f"{tmp_path} is no file"
    os.mkfifo(tmp_path / "pipe")
    assert check(tmp_path / "pipe") == f"{tmp_path / 'pipe'} is no file"
    assert check(data / "ovms.db").endswith("ovms.db is a database, but no backup of ovms")
    with pytest.raises(CannotWrite, match="none cannot be read: No such file"):
        read_whole(tmp_path / "none", no_report)


def test_truncated(file: Path) -> None:
    """A backup of which the end is missing, wherever it was cut, is damaged."""
    whole = file.read_bytes()
    for part in (1, 2, 3, 5, 50, 99):
        file.write_bytes(whole[: len(whole) * part // 100])
        assert check(file) == f"backup {file} is damaged" or "is damaged: " in check(file)
    file.write_bytes(whole[:-1])
    assert "is damaged" in check(file)
    file.write_bytes(whole)
    read_whole(file, no_report)


def test_any_altered_page(file: Path) -> None:
    """Bytes that were altered anywhere in a page that holds something are seen."""
    whole = file.read_bytes()
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT pageno, name FROM dbstat WHERE payload > 0 ORDER BY pageno"
        try:
            pages = [each[0] for each in connection.execute(query)]
        except sqlite3.OperationalError:  # this build of SQLite does not tell
            pages = [*range(1, len(whole) // 4096 + 1)]
    seen = 0
    for number in pages[:: max(1, len(pages) // 12)]:
        end = number * 4096
        spoiled = bytearray(whole)
        spoiled[end - 24 : end] = bytes(byte ^ 0x55 for byte in whole[end - 24 : end])
        file.write_bytes(spoiled)
        if "is damaged" in check(file):
            seen += 1
    assert seen >= 10


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE vehicles SET name = 'x' WHERE id = 'CAR1'", "rows of table vehicles were altered"),
        ("DELETE FROM audit WHERE id = 1", "rows of table audit were altered"),
        ("UPDATE sqlite_sequence SET seq = 1", "rows of table sqlite_sequence were altered"),
        ("UPDATE ovms_backup_files SET data = x'00'", "of table ovms_backup_files were altered"),
        ("UPDATE ovms_backup_files SET data = 'x'", "is damaged"),
        ("DROP TABLE audit", "it has other tables than it says"),
        ("CREATE TABLE more (a)", "it has other tables than it says"),
        ("UPDATE ovms_backup_tables SET columns = 'x'", "is damaged"),
        ("DELETE FROM ovms_backup", "no backup of ovms"),
        ("DROP TABLE ovms_backup_tables", "is damaged"),
        ("UPDATE ovms_backup SET format = 2", "was written by a newer version of ovms"),
        ("UPDATE ovms_backup SET revision = '9999', version = '7.0'",
         "was written by a newer version of ovms, 7.0: restore it with that one"),
        ("UPDATE ovms_backup_files SET name = '../x' WHERE name = 'ovms.toml'",
         "is not to be trusted: it has a file '../x'"),
    ],
)  # fmt: skip
def test_altered(file: Path, statement: str, problem: str) -> None:
    """What stock tools have altered is no backup any more, nor is one of a newer version."""
    change(file, statement)
    assert problem in check(file)


def test_read_only(file: Path) -> None:
    """It is read where nothing can be written, and nothing is written beside it."""
    file.chmod(0o400)
    file.parent.chmod(0o500)
    try:
        read_whole(file, no_report)
    finally:
        file.parent.chmod(0o700)
    assert sorted(each.name for each in file.parent.iterdir()) == ["x.backup"]
