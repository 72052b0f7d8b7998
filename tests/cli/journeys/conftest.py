from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command

from tests.cli.journeys.site import JourneySite

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = cache(get_command)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JourneySite:
    """Return a database with journeys; no variable says otherwise."""
    for name in ("OVMS_DATA", "OVMS_DATABASE", "OVMS_UNITS"):
        monkeypatch.delenv(name, raising=False)
    # To make the commands takes longer than most of them.
    monkeypatch.setattr("typer.testing._get_command", COMMANDS)
    return JourneySite(tmp_path)
