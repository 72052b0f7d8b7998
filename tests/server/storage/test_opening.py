from __future__ import annotations

from pathlib import Path

import pytest

from ovms.server.storage.errors import UnsupportedDatabase
from ovms.server.storage.opening import open_database


def test_default_url(tmp_path: Path) -> None:
    """Without a URL the database is in the data directory, however that is spelt."""
    odd = tmp_path / "a b?c#d%20"
    assert open_database(odd).name == str(odd / "ovms.db")
    assert open_database(odd, "").name == str(odd / "ovms.db")


def test_given_url() -> None:
    """A SQLite URL names its file."""
    assert open_database(Path("d"), "sqlite:////x/y.db").name == "/x/y.db"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://host/db", "not supported yet"),
        ("postgresql+asyncpg://host/db", "not supported yet"),
        ("mysql://host/db", "'mysql'"),
        ("sqlite://", "by its file"),
        ("sqlite:///:memory:", "by its file"),
        ("sqlite:///x?mode=ro", "by its file"),
        ("no url", "cannot be read"),
    ],
)
def test_unsupported_url(url: str, reason: str) -> None:
    """Other databases are refused by name, without the URL's password."""
    with pytest.raises(UnsupportedDatabase, match=reason):
        open_database(Path(), url)


def test_nothing_is_made(tmp_path: Path) -> None:
    """Naming a database makes none."""
    open_database(tmp_path)
    assert [*tmp_path.iterdir()] == []
