"""Tokens that were seen over plain connections; vehicles that take TLS only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.migrations.types import BIG

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the tables and the columns; what was said before is not known."""
    op.add_column(
        "vehicles", sa.Column("tls_only", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("server", sa.Column("token_key", sa.LargeBinary))
    op.create_table(
        "seen_tokens",
        sa.Column("memory", sa.LargeBinary, nullable=False),
        sa.Column("part", BIG, autoincrement=False, nullable=False),
        sa.Column("block", BIG, autoincrement=False, nullable=False),
        sa.Column("bits", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("memory", "part", "block", name="pk_seen_tokens"),
    )
    op.create_table(
        "secret_uses",
        sa.Column("memory", sa.LargeBinary, nullable=False),
        sa.Column("plain", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("memory", name="pk_secret_uses"),
    )
    op.create_table(
        "owner_warnings",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("memory", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("vehicle_id", "kind", name="pk_owner_warnings"),
    )
