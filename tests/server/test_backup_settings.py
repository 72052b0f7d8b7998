from __future__ import annotations

from pathlib import Path

import pytest

from ovms.base.settings import SettingsError
from ovms.server.backup_settings import BackupSettings
from ovms.server.settings import load_settings


def test_none_unless_wanted(tmp_path: Path) -> None:
    """A server makes no backups by itself unless the settings say how often."""
    assert BackupSettings().backup_every == 0
    assert load_settings(None, {"data": tmp_path}).backup_plan() is None


def test_plan(tmp_path: Path) -> None:
    """Hours become seconds, and the folder is one of the data folder unless it is absolute."""
    (tmp_path / "ovms.toml").write_text(
        "backup_every = 24\nbackup_keep = 3\nkey_file = 'k'\ntls_names = 'certs'\n"
        "database = 'sqlite:////srv/x.db'\nbackup_key = false\n"
    )
    settings = load_settings(None, {"data": tmp_path})
    plan = settings.backup_plan()
    assert plan is not None
    assert (plan.every, plan.folder, plan.keep) == (86400.0, tmp_path / "backups", 3)
    job = settings.backup_job(plan, 5.0)
    assert (job.data, job.database, job.key_file) == (str(tmp_path), "sqlite:////srv/x.db", "k")
    assert (job.config, job.named) == (str(tmp_path / "ovms.toml"), ["certs"])
    assert (job.folder, job.now, job.secrets) == (str(tmp_path / "backups"), 5.0, False)
    elsewhere = load_settings(None, {"data": tmp_path, "backup_folder": Path("/srv/b")})
    other = elsewhere.backup_plan()
    assert other is not None
    assert other.folder == Path("/srv/b")


@pytest.mark.parametrize(
    ("name", "value"), [("backup_every", -1), ("backup_keep", 0), ("backup_keep", 1001)]
)
def test_bad_values(tmp_path: Path, name: str, value: int) -> None:
    """Values that make no sense are refused by name."""
    with pytest.raises(SettingsError, match=name.replace("_", "-")):
        load_settings(None, {"data": tmp_path, name: value})
