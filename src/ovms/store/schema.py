"""The tables.

Times are Unix seconds. Vehicle ids are upper-case everywhere, so that comparing them is comparing
strings. ``messages`` and ``presence`` refer to vehicles without a foreign key: the writer gathers
rows for a while, and a vehicle that is removed meanwhile must not fail everybody's batch.
A change here needs a step in ``migrations/versions`` and a new :data:`REVISION`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

REVISION: Final = "0001"
"""The newest migration; four digits, so that later ones compare greater."""

SERVER_ROW: Final = 1
"""The key of the only row of ``server``."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

owners = Table(
    "owners",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    # The name without case: what lookups compare, and what must be unique.
    Column("name_key", Text, nullable=False, unique=True),
    Column("email", Text, nullable=False, server_default=""),
    Column("password_hash", Text),
    Column("admin", Boolean, nullable=False),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    # An id is never given again: a session of somebody removed must not become another's.
    sqlite_autoincrement=True,
)

vehicles = Table(
    "vehicles",
    metadata,
    Column("id", Text, primary_key=True),
    # NULL only in tombstones, so that an owner can go while they stay.
    Column("owner_id", Integer, ForeignKey("owners.id", ondelete="SET NULL")),
    Column("name", Text, nullable=False, server_default=""),
    Column("secret", Text, nullable=False),
    Column("type", Text, nullable=False),
    # The token of the car's last ET message; '' while it is not in paranoid mode.
    Column("paranoid_token", Text, nullable=False, server_default=""),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    # When it was removed: a tombstone, so that running servers and peers hear of it.
    Column("deleted", Double),
    CheckConstraint("type IN ('car', 'server')", name="type"),
    CheckConstraint("owner_id IS NOT NULL OR deleted IS NOT NULL", name="owned"),
    Index(None, "owner_id"),
    Index(None, "changed"),
)

messages = Table(
    "messages",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("time", Double, nullable=False),
    # The paranoid token under which a sealed message came; '' is plain.
    Column("token", Text, nullable=False, server_default=""),
)

presence = Table(
    "presence",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    Column("car", Boolean, nullable=False),
    Column("apps", Integer, nullable=False),
    Column("batch", Integer, nullable=False),
    # When the car's last message came.
    Column("heard", Double),
)

server = Table(
    "server",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("started", Double, nullable=False),
    Column("heartbeat", Double, nullable=False),
)
