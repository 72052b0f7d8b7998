"""Tokens, auto-provisioning, removed owners, other servers; which server serves a vehicle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.migrations.types import BIG

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the tables, the column of vehicles, the index of owners."""
    op.add_column("vehicles", sa.Column("server", sa.Text, nullable=False, server_default="*"))
    op.create_index("ix_owners_changed", "owners", ["changed"])
    _removed_owners()
    _tokens()
    _provisions()
    _peer_owners()
    _peers()


def _removed_owners() -> None:
    op.create_table(
        "removed_owners",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_removed_owners"),
    )
    op.create_index("ix_removed_owners_changed", "removed_owners", ["changed"])


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", BIG, nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("application", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("permit", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("refreshed", sa.Double, nullable=False),
        sa.Column("last_used", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_tokens_owner_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("token", name="uq_tokens_token"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tokens_owner_id", "tokens", ["owner_id"])


def _provisions() -> None:
    op.create_table(
        "provisions",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("owner_id", BIG),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.Column("last_used", sa.Double),
        sa.PrimaryKeyConstraint("key", name="pk_provisions"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_provisions_owner_id", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_provisions_owner_id", "provisions", ["owner_id"])


def _peer_owners() -> None:
    op.create_table(
        "peer_owners",
        sa.Column("peer", sa.Text, nullable=False),
        sa.Column("remote_id", BIG, autoincrement=False, nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("peer", "remote_id", name="pk_peer_owners"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_peer_owners_owner_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_peer_owners_owner_id", "peer_owners", ["owner_id"])


def _peers() -> None:
    op.create_table(
        "peers",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False, server_default=""),
        sa.Column("connected", sa.Boolean, nullable=False),
        sa.Column("since", sa.Double),
        sa.Column("heard", sa.Double),
        sa.Column("vehicle_time", sa.Text, nullable=False, server_default=""),
        sa.Column("owner_time", sa.Text, nullable=False, server_default=""),
        sa.Column("vehicles", BIG, nullable=False, server_default="0"),
        sa.Column("owners", BIG, nullable=False, server_default="0"),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", "direction", name="pk_peers"),
        sa.CheckConstraint("direction IN ('calls', 'called')", name=op.f("ck_peers_direction")),
    )
