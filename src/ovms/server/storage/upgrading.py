"""The version of a database's schema, and the steps to the newest one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from ovms.server.storage.errors import NewerSchema, NotADatabase
from ovms.server.storage.schema import REVISION

if TYPE_CHECKING:
    from sqlalchemy import Connection


def revision(connection: Connection, name: str) -> str | None:
    """Return the version of the schema of the database ``name``; ``None`` if it is empty.

    Raises :class:`NewerSchema` for a database of a newer ovms, :class:`NotADatabase` for one of
    another program, or one whose version is missing or none that there ever was.
    """
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise NotADatabase(f"database {name} belongs to another program")
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found is None and len(tables) == 1:
        return None
    if found is not None and found > REVISION:
        raise NewerSchema(f"database {name} was written by a newer version of ovms")
    if found is None or found not in _revisions():
        raise NotADatabase(f"database {name} has tables, but no version that ovms knows")
    return found


def _revisions() -> set[str]:
    """Return all versions: they are numbered from 1, with four digits."""
    return {f"{number:04}" for number in range(1, int(REVISION) + 1)}


def migrate(connection: Connection) -> None:
    """Run the steps that are missing, in the connection's transaction."""
    from alembic import command  # only here: the command line starts faster without
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
