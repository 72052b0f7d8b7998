from __future__ import annotations

import pytest

from ovms.server.storage.errors import StoreError
from tests.server.http.api import HttpSite


@pytest.mark.parametrize(
    "path",
    ["/api/status/CAR1", "/api/vehicle/CAR1", "/api/historical/CAR1", "/api/historical/CAR1/T"],
)
async def test_the_database_is_away(
    api: HttpSite, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A call that the database fails may be repeated; nothing is said of the reason."""
    assert (await api.get(path)).status_code == 200
    api.watches.close()

    async def fail(*arguments: object) -> None:
        raise StoreError("disk")

    monkeypatch.setattr(api.database, "read", fail)
    answer = await api.get(path)
    assert (answer.status_code, answer.text) == (503, "The database is away\n")
    assert answer.headers["retry-after"] == "10"
