"""History and its counters, utilisation, how long a vehicle's telemetry is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.migrations.types import BIG

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables, and the columns of vehicles."""
    op.add_column("vehicles", sa.Column("log_days", sa.Integer))
    op.add_column("vehicles", sa.Column("log_position_days", sa.Integer))
    _history()
    _acks()
    _counts()
    _utilisation()


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("id", BIG, nullable=False),
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("time", BIG, nullable=False),
        sa.Column("expires", BIG, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_history_vehicle_id_type_time_number_id",
        "history",
        ["vehicle_id", "type", "time", "number", "id"],
    )
    op.create_index("ix_history_expires", "history", ["expires"])


def _acks() -> None:
    op.create_table(
        "history_acks",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("ack", BIG, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("received", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint(
            "vehicle_id", "type", "number", "ack", "digest", name="pk_history_acks"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_history_acks_received", "history_acks", ["received"])


def _counts() -> None:
    op.create_table(
        "history_counts",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("records", BIG, nullable=False),
        sa.Column("bytes", BIG, nullable=False),
        sa.PrimaryKeyConstraint("vehicle_id", "type", "number", name="pk_history_counts"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_history_counts_empty",
        "history_counts",
        ["records"],
        sqlite_where=sa.text("records = 0"),
    )
    op.create_table(
        "history_purges",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("last_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("vehicle_id", name="pk_history_purges"),
    )


def _utilisation() -> None:
    op.create_table(
        "utilisation",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("car_received", BIG, nullable=False),
        sa.Column("car_sent", BIG, nullable=False),
        sa.Column("apps_received", BIG, nullable=False),
        sa.Column("apps_sent", BIG, nullable=False),
        sa.PrimaryKeyConstraint("vehicle_id", "day", name="pk_utilisation"),
    )
    op.create_index("ix_utilisation_day", "utilisation", ["day"])
