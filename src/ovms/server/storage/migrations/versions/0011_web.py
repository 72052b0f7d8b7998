"""Devices to which alerts are pushed, and the key by which push services know the server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.migrations.types import BIG

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("server", sa.Column("push_key", sa.Text))
    op.create_table(
        "push_devices",
        sa.Column("id", BIG, nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("lookup", sa.Text, nullable=False),
        sa.Column("encrypted", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_push_devices"),
        sa.UniqueConstraint("lookup", name="uq_push_devices_lookup"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_push_devices_owner_id", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_push_devices_owner_id", "push_devices", ["owner_id"])
