from __future__ import annotations

import sys
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
        ("postgresql://host", "by its host and its name"),
        ("postgres://u:pw@host/db?what=1", "invalid URI query parameter"),
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


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_postgres(scheme: str) -> None:
    """However the kind is spelt; the name that is shown has neither user nor password."""
    database = open_database(Path(), f"{scheme}://u:secret@host:5433/db?sslmode=require")
    assert database.name == "postgresql://host:5433/db"


def test_postgres_without_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is missing one line says how it is had."""
    monkeypatch.setitem(sys.modules, "ovms.server.storage.postgres.database", None)
    with pytest.raises(UnsupportedDatabase, match=r"pip install 'ovms\[postgres\]'"):
        open_database(Path(), "postgresql://host/db")


def test_nothing_is_made(tmp_path: Path) -> None:
    """Naming a database makes none."""
    open_database(tmp_path)
    assert [*tmp_path.iterdir()] == []
