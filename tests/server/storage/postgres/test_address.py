from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from ovms.server.storage.errors import UnsupportedDatabase
from ovms.server.storage.postgres.address import postgres_address


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://me:pw@db.example.org:5433/cars", "postgresql://db.example.org:5433/cars"),
        ("postgresql+asyncpg://me:pw@host/cars", "postgresql://host/cars"),
        ("postgres:///cars", "postgresql://localhost/cars"),
        ("postgresql:///cars?host=/run/postgresql", "postgresql:///cars?host=/run/postgresql"),
        ("postgresql:///cars?host=/run&port=5433", "postgresql:///cars?host=/run&port=5433"),
        ("postgresql://me@[::1]:5433/cars", "postgresql://::1:5433/cars"),
    ],
)
def test_name(url: str, name: str) -> None:
    """What logs show has no user and no password."""
    assert postgres_address(make_url(url)).name == name


def test_uris() -> None:
    """Each driver gets what it knows: a password with odd characters, options, a time-out."""
    url = "postgresql://me:p%40%2F@host/cars?sslmode=require&keepalives=1"
    address = postgres_address(make_url(url))
    assert "me:p%40%2F@host/cars" in address.uri
    assert "me:p%40%2F@host/cars" in address.asyncpg_uri
    assert "connect_timeout=10" in address.uri
    assert "keepalives" in address.uri
    assert address.asyncpg_uri.endswith("?sslmode=require")
    own = postgres_address(make_url("postgresql://host/cars?connect_timeout=3"))
    assert own.uri.endswith("?connect_timeout=3")


@pytest.mark.parametrize("url", ["postgresql://host", "postgresql://", "postgresql://h/d?what=1"])
def test_refused(url: str) -> None:
    """What names no database, or has an option that there is not, is refused in one line."""
    with pytest.raises(UnsupportedDatabase) as caught:
        postgres_address(make_url(url))
    assert "\n" not in str(caught.value)
