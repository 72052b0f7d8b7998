from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from ovms.server.backup.checking import read_whole
from ovms.server.backup.errors import CannotWrite
from ovms.server.backup.job import RESERVE, BackupDone, BackupJob, check_room, main, run
from ovms.server.backup.naming import backup_name
from ovms.server.backup.steps import no_report
from ovms.server.storage.opening import open_database


def job_for(data: Path, folder: Path, *, secrets: bool = True) -> BackupJob:
    """Return the job of a data folder."""
    return BackupJob(str(data), None, None, None, [], str(folder), 1795834859.0, secrets)


def test_run(data: Path, tmp_path: Path) -> None:
    """The folder is made, private; what a killed one left there goes, nothing else."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    for name in (".ovms-2026-11-28T030059Z.backup.x1y.part", "mine.part"):
        (folder / name).touch()
    done = run(job_for(data, folder))
    file = folder / backup_name(1795834859.0)
    assert done == BackupDone(str(file), file.stat().st_size, done.records)
    assert done.records == read_whole(file, no_report).rows("history") > 0
    assert sorted(each.name for each in folder.iterdir()) == ["mine.part", file.name]
    new = tmp_path / "new"
    run(job_for(data, new, secrets=False))
    assert new.stat().st_mode & 0o777 == 0o700
    assert not read_whole(new / file.name, no_report).has_secrets


def test_room(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup that would leave too little free on its disk is not begun."""
    database = open_database(data)
    needed = sum(database.sizes().values())
    for free, is_enough in ((needed + RESERVE, True), (needed + RESERVE - 1, False)):
        usage = SimpleNamespace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, usage=usage: usage)
        if is_enough:
            check_room(database, tmp_path)
        else:
            with pytest.raises(CannotWrite, match=r"\d+ MiB are left .* a backup needs 0 MiB, and"):
                check_room(database, tmp_path)


@pytest.mark.parametrize("is_good", [True, False])
def test_main(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], is_good: bool,
) -> None:  # fmt: skip
    """It reads the job, and prints what was made, or one line of what is wrong."""
    monkeypatch.setattr(os, "nice", lambda _: 0)
    folder = tmp_path / "backups"
    if not is_good:
        folder.write_text("a file")
    text = msgspec.json.encode(job_for(data, folder))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=output))
    assert main() == (0 if is_good else 1)
    if is_good:
        assert Path(msgspec.json.decode(output.getvalue(), type=BackupDone).file).exists()
    else:
        assert capsys.readouterr().err.count("\n") == 1
