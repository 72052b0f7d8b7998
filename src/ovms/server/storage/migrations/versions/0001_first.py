"""Owners, vehicles, their latest messages, who is online."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.migrations.types import BIG

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of an empty database."""
    _owners()
    _vehicles()
    _messages()
    _presence()


def _owners() -> None:
    op.create_table(
        "owners",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False, server_default=""),
        sa.Column("password_hash", sa.Text),
        sa.Column("admin", sa.Boolean, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_owners"),
        sa.UniqueConstraint("name_key", name="uq_owners_name_key"),
        sqlite_autoincrement=True,
    )


def _vehicles() -> None:
    op.create_table(
        "vehicles",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("owner_id", BIG),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("paranoid_token", sa.Text, nullable=False, server_default=""),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.Column("deleted", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_vehicles"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_vehicles_owner_id", ondelete="SET NULL"
        ),
        sa.CheckConstraint("type IN ('car', 'server')", name=op.f("ck_vehicles_type")),
        sa.CheckConstraint(
            "owner_id IS NOT NULL OR deleted IS NOT NULL", name=op.f("ck_vehicles_owned")
        ),
    )
    op.create_index("ix_vehicles_owner_id", "vehicles", ["owner_id"])
    op.create_index("ix_vehicles_changed", "vehicles", ["changed"])


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("token", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("vehicle_id", "code", name="pk_messages"),
    )


def _presence() -> None:
    op.create_table(
        "presence",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("car", sa.Boolean, nullable=False),
        sa.Column("apps", BIG, nullable=False),
        sa.Column("batch", BIG, nullable=False),
        sa.Column("heard", sa.Double),
        sa.PrimaryKeyConstraint("vehicle_id", name="pk_presence"),
    )
    op.create_table(
        "server",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("heartbeat", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_server"),
    )
