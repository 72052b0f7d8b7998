from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from ovms.base import logs
from ovms.car.delivery_store import (
    BROKEN,
    CODES_SKIPPED,
    FILE,
    FIRST_CODES,
    DeliveryFile,
    DeliveryStoreError,
    Item,
    NoDeliveryStore,
)
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.history import HistoryRecord

RECORD = HistoryRecord("*-LOG-Trip", 1, 86400, b"1,22.1,\xff,x")
ALERT = Alert("A", "burglars, \udcff two")
ITEMS = [Item(7, RECORD, 1.5), Item(8, ALERT, 2.5), Item(9, RECORD, 3.0)]


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """Catch what is logged."""
    logs.configure("debug", "text")
    with structlog.testing.capture_logs() as entries:
        yield entries


def opened(folder: Path, vehicle: str = "CAR1") -> DeliveryFile:
    """Open a store whose codes begin at 5 if it is new."""
    return DeliveryFile.open(folder, vehicle, 5)


def kept(folder: Path) -> list[tuple[int, object, float]]:
    """Return what a new process finds."""
    with closing(opened(folder)) as store:
        return [(item.code, item.content, item.made) for item in store.load()]


def filled(folder: Path) -> Path:
    """Make a store with three items; give its file."""
    with closing(opened(folder)) as store:
        store.put(ITEMS)
    return folder / FILE


def test_what_was_put_is_there_again(tmp_path: Path) -> None:
    """Byte for byte, in order, with its time; what was removed is not; a later put replaces."""
    with closing(opened(tmp_path)) as store:
        assert (store.load(), store.next_code) == ([], 5)
        store.put(ITEMS)
        store.remove([8, 1234])
        store.put([Item(9, RECORD, 99.0)])
    assert kept(tmp_path) == [(7, RECORD, 1.5), (9, RECORD, 99.0)]
    filled(tmp_path)
    assert kept(tmp_path)[1] == (8, ALERT, 2.5)


def test_no_code_comes_again(tmp_path: Path) -> None:
    """A new process goes on beyond the last code, also when all was delivered since."""
    filled(tmp_path)
    with closing(opened(tmp_path)) as store:
        assert store.next_code == 9 + CODES_SKIPPED
        store.remove([7, 8, 9])
    with closing(opened(tmp_path)) as store:
        assert (store.load(), store.next_code) == ([], 9 + CODES_SKIPPED)
    assert len(str(FIRST_CODES + 10_000 * CODES_SKIPPED)) <= 15


def test_it_is_for_the_owners_eyes(tmp_path: Path) -> None:
    """Folder and files can be read by nobody else: records hold positions."""
    folder = tmp_path / "a" / "b"
    with closing(opened(folder)) as store:
        store.put(ITEMS)
        modes = {path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """What was put before kill -9 is there; the next process is not kept out."""
    script = (
        "import sys, time; from pathlib import Path; from tests.car.test_delivery_store import *\n"
        "store = opened(Path(sys.argv[1])); store.put(ITEMS); store.remove([7])\n"
        "print('done', flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=root, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        with pytest.raises(DeliveryStoreError, match="another program uses it"):
            opened(tmp_path)
        process.send_signal(signal.SIGKILL)
    assert [code for code, _, _ in kept(tmp_path)] == [8, 9]


def test_another_vehicles_file_is_left_alone(tmp_path: Path) -> None:
    """Its records must not be told of this one; ids are compared without case."""
    filled(tmp_path)
    with pytest.raises(DeliveryStoreError, match="belongs to vehicle CAR1"):
        opened(tmp_path, "CAR2")
    with closing(opened(tmp_path, "car1")) as store:
        assert len(store.load()) == 3


@pytest.mark.parametrize("name", ["", FILE])
def test_a_folder_that_is_none(tmp_path: Path, name: str) -> None:
    """A file in the folder's place, or a folder in the file's, is told."""
    folder = tmp_path / "state"
    if name:
        (folder / name).mkdir(parents=True)
    else:
        folder.touch()
    with pytest.raises(DeliveryStoreError, match="state"):
        opened(folder)


# -- damage -------------------------------------------------------------------------------------


def truncated(path: Path) -> None:
    """Cut a file in the middle of a page."""
    os.truncate(path, path.stat().st_size // 2 + 13)


def overwritten(path: Path) -> None:
    """Put rubbish over all but the head."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))


def rubbish(path: Path) -> None:
    """Put rubbish in the file's place."""
    path.write_bytes(os.urandom(9000))


def foreign(path: Path) -> None:
    """Put somebody else's database there."""
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE items (x)")


def altered(statement: str) -> Callable[[Path], None]:
    """Change a database so that it is no store."""

    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(statement)

    return change


@pytest.mark.parametrize(
    "damage",
    [truncated, overwritten, rubbish, foreign, altered("DROP TABLE items"),
     altered("DROP TABLE vehicle"), altered("DELETE FROM vehicle"),
     altered("UPDATE items SET kind = CAST(x'ff' AS TEXT)"),
     altered("PRAGMA application_id = 7")],
)  # fmt: skip
def test_a_damaged_file_is_set_aside(
    tmp_path: Path, damage: Callable[[Path], None], logged: list[structlog.typing.EventDict]
) -> None:
    """It is kept under another name and told, and a new one works; a second time, too."""
    for _ in range(2):
        path = filled(tmp_path)
        damage(path)
        with closing(opened(tmp_path)) as store:
            assert (store.load(), store.next_code) == ([], 5)
            store.put(ITEMS)
        assert len(kept(tmp_path)) == 3
        path.unlink()
    assert (tmp_path / BROKEN).exists()
    assert [e["set_aside"] for e in logged if e["log_level"] == "error"] == [BROKEN] * 2


@pytest.mark.parametrize("size", [0, 1, 31, 32, 100, 4000, 5000, 9000])
def test_a_half_written_log_loses_only_what_was_not_written(tmp_path: Path, size: int) -> None:
    """Power that fails while SQLite writes its log leaves a store of whole transactions."""
    live, copy = tmp_path / "live", tmp_path / "copy"
    copy.mkdir()
    with closing(opened(live)) as store:
        for item in ITEMS:
            store.put([item])
        for path in live.iterdir():
            (copy / path.name).write_bytes(path.read_bytes())
    os.truncate(copy / f"{FILE}-wal", (copy / f"{FILE}-wal").stat().st_size - size)
    codes = [code for code, _, _ in kept(copy)]
    assert codes == [7, 8, 9][: len(codes)]
    assert len(codes) == 3 if not size else len(codes) < 3


@pytest.mark.parametrize("size", [0, 20, 100, 4095])
def test_a_file_that_was_just_begun(tmp_path: Path, size: int) -> None:
    """Power that fails while the file is made does not stop the next start."""
    whole = filled(tmp_path / "whole").read_bytes()
    (tmp_path / FILE).write_bytes(whole[:size])
    assert kept(tmp_path) == []


def test_rows_that_we_did_not_write_are_left_out(
    tmp_path: Path, logged: list[structlog.typing.EventDict]
) -> None:
    """A row that makes no sense costs itself, not the others."""
    path = filled(tmp_path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO items VALUES (10, 'x', x'00', 1), (11, 'h', x'00', 1)")
        database.execute("INSERT INTO items VALUES (12, 'P', 'text', 1), (13, 'P', x'41', 'x')")
    assert [code for code, _, _ in kept(tmp_path)] == [7, 8, 9]
    assert [e["count"] for e in logged if e["log_level"] == "error"] == [4]


def test_a_disk_that_fails_is_told_once_and_owed_to(
    tmp_path: Path, logged: list[structlog.typing.EventDict]
) -> None:
    """The car goes on; what the disk missed, it gets when it works again."""
    with closing(opened(tmp_path)) as store:
        store.put(ITEMS[:1])
        store._database.execute("PRAGMA query_only = 1")
        store.put(ITEMS[1:])
        store.remove([7, 8])
        assert [e["log_level"] for e in logged] == ["error"]
        store._database.execute("PRAGMA query_only = 0")
        store.put([Item(10, ALERT, 4.0)])
    assert [e["log_level"] for e in logged] == ["error", "warning"]
    assert kept(tmp_path) == [(9, RECORD, 3.0), (10, ALERT, 4.0)]
    assert "burglars" not in str(logged)


def test_no_store_keeps_nothing() -> None:
    """It begins where it is told to, and takes everything for nothing."""
    with closing(NoDeliveryStore(77)) as store:
        store.put(ITEMS)
        store.remove([7])
        assert (store.load(), store.next_code) == ((), 77)
