from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.data_folder import READY, AlreadyRunning, data_lock, ready_file, running_server

if TYPE_CHECKING:
    from pathlib import Path


def test_who_runs(tmp_path: Path) -> None:
    """A folder says where its server is, that it is starting, or that there is none."""
    assert running_server(tmp_path) is None
    with data_lock(tmp_path):
        assert running_server(tmp_path) == {}
        with ready_file(tmp_path / READY, {"pid": 7, "mp": None}):
            assert running_server(tmp_path) == {"pid": 7, "mp": None}
        assert running_server(tmp_path) == {}
        with pytest.raises(AlreadyRunning), data_lock(tmp_path):
            pass
    assert running_server(tmp_path) is None
