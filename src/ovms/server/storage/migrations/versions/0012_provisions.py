"""For which vehicle a provisioning record was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column; records that there are stay without a vehicle."""
    op.add_column("provisions", sa.Column("vehicle_id", sa.Text))
    op.create_index("ix_provisions_vehicle_id", "provisions", ["vehicle_id"], unique=True)
