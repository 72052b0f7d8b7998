from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.errors import DatabaseInUse, DatabaseUnwritable
from ovms.server.storage.sqlite.holding import HeldFile, lock_path

if TYPE_CHECKING:
    from pathlib import Path


def test_one_at_a_time(tmp_path: Path) -> None:
    """A second one is refused in one line, by a link too, until the first is closed."""
    database, link = tmp_path / "ovms.db", tmp_path / "link.db"
    link.symlink_to(database)
    held = HeldFile(database)
    for name in (database, link):
        with pytest.raises(DatabaseInUse, match=f"server is running on database {name}$"):
            HeldFile(name)
    held.close()
    held.close()
    HeldFile(link).close()
    assert lock_path(database).stat().st_mode & 0o777 == 0o600


def test_without_a_folder(tmp_path: Path) -> None:
    """A place where nothing can be made is one line."""
    with pytest.raises(DatabaseUnwritable, match="cannot be locked: No such file"):
        HeldFile(tmp_path / "none" / "ovms.db")
