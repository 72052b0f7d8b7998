"""What was taken from another server's database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.migrations.types import BIG

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "moved",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("taken", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("source", "kind", name="pk_moved"),
    )
    op.create_table(
        "moved_months",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("month", sa.Text, nullable=False),
        sa.Column("records", BIG, nullable=False),
        sa.Column("checksum", sa.Text, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("source", "vehicle_id", "month", name="pk_moved_months"),
    )
