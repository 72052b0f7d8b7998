"""A restore that is killed at any moment."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ovms.base.settings import SettingsError
from ovms.server.backup import pending
from ovms.server.backup.pending import PENDING, has_pending
from ovms.server.backup.restoring import RestoreTarget, restore
from ovms.server.backup.steps import no_report
from ovms.server.data_folder import data_lock
from ovms.server.settings import load_settings
from ovms.server.storage import queries
from ovms.server.storage.opening import open_database
from ovms.server.storage.sqlite import connections
from ovms.server.unfinished import finish_interrupted
from tests.server.backup.test_restoring import NOW
from tests.server.storage.databases import with_schema

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.chmod", "os.truncate",
           "tempfile.mkstemp", "tempfile.mkdtemp", "sqlite3.connect")  # fmt: skip
"""Audit events before which a process is killed; and each time a file is opened to be written."""

TRIES = 400
"""More than there are such moments."""


def forked(run: Callable[[], object], fatal: int = 0) -> int | None:
    """Run something in a process of its own, which is killed before the ``fatal``-th change.

    Return the signal that ended it, ``None`` of one that came to its end.
    """
    child = os.fork()
    if child == 0:
        try:
            if fatal:
                _die_at(fatal)
            run()
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    assert os.WEXITSTATUS(status) == 0, "see what it has printed"
    return None


def _die_at(fatal: int) -> None:
    left = fatal

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CHANGES or (event == "open" and (arguments[2] or 0) & os.O_ACCMODE):
            count()

    connect = connections.connect

    def traced(path: Path, busy_timeout: float = 1.0) -> Any:
        connection = connect(path, busy_timeout)
        connection.set_trace_callback(count)
        return connection

    init: Any = connections.SqliteEngine.__init__
    init.__kwdefaults__["connect"] = traced
    sys.addaudithook(hook)


def state(data: Path) -> tuple[object, ...]:
    """Return all that a server finds in a data folder, as its next start does."""
    settings = load_settings(None, {"data": data})
    assert not has_pending(data)
    database = open_database(data, settings.database, settings.key_file)
    empty = not (data / "ovms.db").exists()
    if not empty:
        database.upgrade()
    files = {
        str(each.relative_to(data)): each.read_bytes()
        for each in data.rglob("*")
        if each.is_file() and not {"ovms.db", "lock"} & {each.name[:7], each.name}
        and not each.relative_to(data).parts[0].startswith((".rest", "replaced-"))
    }  # fmt: skip
    if empty:
        return {}, files
    with database.reading() as connection:
        found = queries.list_vehicles(connection, NOW)
        return [(each.vehicle.id, each.vehicle.secret) for each in found], files


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a folder of another server, with a key and settings of its own."""
    folder = with_schema(tmp_path / "old")
    database = open_database(folder)
    with database.writing() as connection:
        queries.add_vehicle(connection, "OLD", queries.add_owner(connection, "eve", 1.0), "s", 1.0)
    (folder / "ovms.toml").write_text("log_days = 3\n")
    (folder / "alerts").mkdir()
    (folder / "alerts/own.toml").write_text("mine")
    return folder


def killed_at_each_step(file: Path, old: Path | None, work: Path, stride: int) -> int:
    """Kill restores at each change that they make; all must be as before or as after each time.

    Return how many changes there are. A ``stride`` leaves some out.
    """

    def attempt() -> None:
        work.mkdir(exist_ok=True, mode=0o700)
        target = RestoreTarget(work, open_database(work))
        restore(file, target, NOW, no_report, replace=old is not None)

    def begin() -> None:
        shutil.rmtree(work, ignore_errors=True)
        if old is not None:
            shutil.copytree(old, work)
        else:
            work.mkdir(mode=0o700)

    begin()
    before = state(work)
    attempt()
    after = state(work)
    seen = []
    for fatal in range(1, TRIES, stride):
        begin()
        killed = forked(attempt, fatal)
        found = state(work)
        assert found in (before, after), fatal
        seen.append(found == after)
        if killed is None:
            break
        assert killed == signal.SIGKILL
    assert seen == sorted(seen), "it was the new state, and later the old one again"
    assert (seen[0], seen[-1]) == (False, True)
    assert not [*work.glob(".*")], "left by one that came to its end"
    return fatal


def test_killed_at_any_moment(file: Path, old: Path, tmp_path: Path) -> None:
    """A restore over another server's data leaves that, or the new, with its key and its files."""
    assert killed_at_each_step(file, old, tmp_path / "work", 19) > 60


def test_killed_in_an_empty_folder(file: Path, tmp_path: Path) -> None:
    """A restore into an empty folder leaves it so, or with everything."""
    assert killed_at_each_step(file, None, tmp_path / "work", 19) > 40


@pytest.mark.soak
@pytest.mark.parametrize("is_empty", [True, False])
def test_killed_at_every_moment(file: Path, old: Path, tmp_path: Path, is_empty: bool) -> None:
    """None of the moments is left out."""
    killed_at_each_step(file, None if is_empty else old, tmp_path / "work", 1)


def test_while_it_goes_on(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands meanwhile are told to wait, and those after a crash that cannot be mended why."""
    (tmp_path / "work").mkdir()
    data = tmp_path / "work"
    (data / PENDING).touch()
    with data_lock(data), pytest.raises(SettingsError, match="is being restored from a backup"):
        load_settings(None, {"data": data})
    (data / PENDING).unlink()
    assert not finish_interrupted(data)

    def failing(_: Path) -> bool:
        raise OSError(28, "No space left on device")

    (data / PENDING).touch()
    monkeypatch.setattr("ovms.server.unfinished.finish", failing)
    with pytest.raises(SettingsError, match=r"cannot be finished: .*No space left"):
        load_settings(None, {"data": data})
    assert has_pending(data)


def test_mounted_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be renamed, because its folder is mounted, is copied and goes."""
    (tmp_path / "a").write_text("x")

    def rename(*_: object) -> Path:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "rename", rename)
    pending._keep(tmp_path / "a", tmp_path / "kept" / "a")
    pending._keep(tmp_path / "none", tmp_path / "kept" / "none")
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept" / "a").read_text() == "x"
