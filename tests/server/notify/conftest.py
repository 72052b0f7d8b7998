"""Real servers on loopback for the channels, and a database with two owners' vehicles."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ovms.server.storage import queries
from ovms.server.storage.notify import NotifyStore
from ovms.server.storage.opening import open_database
from tests.server.notify.servers import HttpReceiver, MailReceiver, load_apprise
from tests.server.storage.databases import close, with_schema

load_apprise()


@pytest.fixture
async def mail_server() -> AsyncIterator[MailReceiver]:
    """Run an SMTP server that keeps what it gets."""
    async with MailReceiver() as server:
        yield server


@pytest.fixture
async def http_server() -> AsyncIterator[HttpReceiver]:
    """Run an HTTP server that keeps what it gets."""
    async with HttpReceiver() as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NotifyStore]:
    """Make a database: bob has CAR1 and CAR2, eve has CAR3; the secret of CAR2 holds commas."""
    database = open_database(with_schema(tmp_path))
    with database.writing() as connection:
        bob = queries.add_owner(connection, "bob", 1.0)
        eve = queries.add_owner(connection, "eve", 1.0)
        queries.add_vehicle(connection, "CAR1", bob, "one", 1.0)
        queries.add_vehicle(connection, "CAR2", bob, "t,w,o", 1.0)
        queries.add_vehicle(connection, "CAR3", eve, "three", 1.0)
    yield NotifyStore(database)
    close(database)
