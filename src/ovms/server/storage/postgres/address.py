"""Where a PostgreSQL database is: one URL, which both drivers are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg.conninfo

from ovms.server.storage.errors import UnsupportedDatabase

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

CONNECT_TIMEOUT: Final = 10
"""Seconds to wait for a connection, unless the URL says ``connect_timeout``."""

_OF_LIBPQ: Final = frozenset(
    {
        "channel_binding",
        "client_encoding",
        "connect_timeout",
        "fallback_application_name",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "requiressl",
        "tcp_user_timeout",
    }
)
"""Options that asyncpg would take for settings of the server."""


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A database of a PostgreSQL server."""

    uri: str
    """``postgresql://USER:PASSWORD@HOST:PORT/NAME?OPTION=VALUE`` as libpq has it; never shown."""
    asyncpg_uri: str
    """The same without what asyncpg does not know."""
    name: str
    """``postgresql://HOST:PORT/NAME``, for logs and errors."""


def postgres_address(url: URL) -> PostgresAddress:
    """Return the address of a URL. Raises :class:`UnsupportedDatabase`."""
    if not url.database:
        raise UnsupportedDatabase(
            "a PostgreSQL database is named by its host and its name: postgresql://USER@HOST/NAME"
        )
    plain = url.set(drivername="postgresql")
    if "connect_timeout" not in plain.query:
        plain = plain.update_query_dict({"connect_timeout": str(CONNECT_TIMEOUT)})
    uri = plain.render_as_string(hide_password=False)
    try:
        known = psycopg.conninfo.conninfo_to_dict(uri)
    except psycopg.ProgrammingError as error:
        reason = str(error).strip().splitlines()[0]
        raise UnsupportedDatabase(f"the database URL cannot be read: {reason}") from error
    asyncpg_url = plain.difference_update_query(_OF_LIBPQ)
    host, port = str(known.get("host") or ""), known.get("port")
    if host.startswith("/"):
        name = f"postgresql:///{url.database}?host={host}{f'&port={port}' if port else ''}"
    else:
        name = f"postgresql://{host or 'localhost'}{f':{port}' if port else ''}/{url.database}"
    return PostgresAddress(uri, asyncpg_url.render_as_string(hide_password=False), name)
