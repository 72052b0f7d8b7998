from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.journeys.site import JourneySite

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JourneySite:
    """Return a database with journeys; no variable says otherwise."""
    for name in ("OVMS_DATA", "OVMS_DATABASE", "OVMS_UNITS"):
        monkeypatch.delenv(name, raising=False)
    return JourneySite(tmp_path)
