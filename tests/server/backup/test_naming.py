from __future__ import annotations

from pathlib import Path

from ovms.server.backup.naming import backup_name, find_backups, time_name


def test_names(tmp_path: Path) -> None:
    """Backups are named by their time in UTC, and found by it, the newest first; no others are."""
    assert time_name(1795834859.9) == "2026-11-28T030059Z"
    for time in (1795834859.0, 1795748459.0, 1795921259.0):
        (tmp_path / backup_name(time)).touch()
    for name in ("ovms-2026-02-31T030059Z.backup", ".ovms-2026-11-27T030059Z.backup.x.part",
                 "ovms-2026-11-27T030059Z.backup.old", "mine.backup"):  # fmt: skip
        (tmp_path / name).touch()
    found = find_backups(tmp_path)
    assert [time for time, _ in found] == [1795921259.0, 1795834859.0, 1795748459.0]
    assert found[1][1] == tmp_path / "ovms-2026-11-28T030059Z.backup"
    assert find_backups(tmp_path / "none") == []
