from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest
import uvloop

from ovms.base.clock import ManualClock
from ovms.server.backup import schedule
from ovms.server.backup.job import BackupJob
from ovms.server.backup.naming import backup_name, find_backups
from ovms.server.backup.schedule import RETRY, BackupFailed, BackupPlan, BackupSchedule, run_job
from ovms.server.settings import load_settings
from tests.server.loops import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]

HOUR = 3600.0


class Maker:
    """Makes files, or fails."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fails = False
        self.times: list[float] = []

    async def make(self, now: float) -> int:
        """Make one."""
        if self.fails:
            raise BackupFailed("the disk is full")
        self.times.append(now)
        (self.folder / backup_name(now)).write_text("12345")
        return 5


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands."""
    return ManualClock(1795834859.0)


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    """Return what makes backups."""
    return Maker(tmp_path)


def make_schedule(maker: Maker, clock: ManualClock, keep: int = 2) -> BackupSchedule:
    """Return a schedule of a backup every three hours."""
    return BackupSchedule(BackupPlan(3 * HOUR, maker.folder, keep), clock, maker.make)


async def test_one_when_it_is_due(maker: Maker, clock: ManualClock) -> None:
    """The first is made at once, the next when the time is over, and the newest are kept."""
    backups = make_schedule(maker, clock)
    assert (backups.last, backups.trouble) == (None, None)
    for minutes in range(13 * 60):
        if minutes:
            clock.advance(60)
        await backups.check()
    hours = [round((time - maker.times[0]) / HOUR, 2) for time in maker.times]
    assert hours == [0, 3, 6, 9, 12]
    assert [time for time, _ in find_backups(maker.folder)] == maker.times[:-3:-1]
    assert (backups.last, backups.bytes, backups.made, backups.failed) == (maker.times[-1], 5, 5, 0)


async def test_after_a_restart(maker: Maker, clock: ManualClock) -> None:
    """A server that starts again goes by what is there, and leaves other files alone."""
    (maker.folder / "mine.backup").touch()
    await make_schedule(maker, clock).check()
    clock.advance(2 * HOUR)
    again = make_schedule(maker, clock)
    await again.check()
    assert (len(maker.times), again.last, again.made) == (1, maker.times[0], 0)
    clock.advance(HOUR)
    await again.check()
    assert len(maker.times) == 2
    for _, path in find_backups(maker.folder):
        path.unlink()
    await again.check()
    assert len(maker.times) == 3
    assert (maker.folder / "mine.backup").exists()


async def test_clock_that_was_ahead(maker: Maker, clock: ManualClock) -> None:
    """A backup of a time that is still to come keeps none from being made now."""
    (maker.folder / backup_name(clock.time() + 400 * 86400)).touch()
    backups = make_schedule(maker, clock)
    await backups.check()
    assert maker.times == [clock.time()]


async def test_failure(maker: Maker, clock: ManualClock) -> None:
    """What went wrong is told until one is made, and tried again after a while, not each minute."""
    backups = make_schedule(maker, clock)
    maker.fails = True
    await backups.check()
    assert backups.trouble == "No backup could be made: the disk is full.\nThere is none yet."
    for _ in range(14):
        clock.advance(60)
        await backups.check()
    assert backups.failed == 1
    clock.advance(60)
    await backups.check()
    assert backups.failed == 2
    maker.fails = False
    clock.advance(RETRY)
    await backups.check()
    assert not backups.trouble
    assert (backups.made, backups.failed) == (1, 2)
    clock.advance(3 * HOUR)
    maker.fails = True
    await backups.check()
    assert "The last is of 2026-11-28T03:" in (backups.trouble or "")


async def test_folder_that_is_away(tmp_path: Path, clock: ManualClock) -> None:
    """A folder that cannot be listed is a failure like others."""
    (tmp_path / "file").touch()
    backups = make_schedule(Maker(tmp_path / "file"), clock)
    await backups.check()
    assert backups.trouble is not None
    assert "file: Not a directory" in backups.trouble


def job_of(data: Path, folder: Path) -> BackupJob:
    """Return the job of a data folder's server."""
    options = {"data": data, "backup_every": 1.0, "backup_folder": folder}
    settings = load_settings(None, options)
    plan = settings.backup_plan()
    assert plan is not None
    return settings.backup_job(plan, 1795834859.0)


def test_a_program_of_its_own(data: Path, tmp_path: Path) -> None:
    """The job is done by another process, which says how large the backup is, or why not."""
    (data / "ovms.toml").write_text("")
    job = job_of(data, tmp_path / "backups")
    size = uvloop.run(run_job(job))
    assert size == (tmp_path / "backups" / backup_name(job.now)).stat().st_size
    with pytest.raises(BackupFailed, match=r"backup is there already: name another file$"):
        uvloop.run(run_job(job))


async def test_no_end(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that takes too long is ended, and so is one whose server stops."""
    (data / "ovms.toml").write_text("")
    job = job_of(data, tmp_path / "backups")
    monkeypatch.setattr(schedule, "JOB_TIMEOUT", 0.0)
    with pytest.raises(BackupFailed, match="it took longer than 0 hours"):
        await run_job(job)
    monkeypatch.undo()
    begun: asyncio.Future[asyncio.subprocess.Process] = asyncio.get_running_loop().create_future()
    create = asyncio.create_subprocess_exec

    async def creating(*words: Any, **files: Any) -> asyncio.subprocess.Process:
        process = await create(*words, **files)
        begun.set_result(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", creating)
    task = asyncio.create_task(run_job(job))
    process = await begun
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert process.returncode == -signal.SIGKILL
