"""The acknowledgement code of a record of the history, by which a late copy of it is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.migrations.types import BIG

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; the records that are there have none."""
    op.add_column("history", sa.Column("ack", BIG))
