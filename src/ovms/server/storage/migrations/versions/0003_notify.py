"""Subscriptions to alerts, and the alerts that wait to be delivered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.migrations.types import BIG

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tables."""
    _notifications()
    _outbox()


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("app_id", sa.Text, nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("push_type", sa.Text, nullable=False),
        sa.Column("key_type", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("vehicle_name", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.Column("failing", sa.Double),
        sa.Column("failures", BIG, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("vehicle_id", "app_id", name="pk_notifications"),
        sa.ForeignKeyConstraint(
            ["vehicle_id"],
            ["vehicles.id"],
            name="fk_notifications_vehicle_id",
            ondelete="CASCADE",
        ),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", BIG, nullable=False),
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("app_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("attempts", BIG, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(
            ["vehicle_id", "app_id"],
            ["notifications.vehicle_id", "notifications.app_id"],
            name="fk_outbox_vehicle_id_app_id",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_vehicle_id_app_id_id", "outbox", ["vehicle_id", "app_id", "id"])
