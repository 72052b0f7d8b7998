"""Trips, charges, parked time, places and tariffs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.migrations.types import BIG

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns and the tables."""
    for table in ("owners", "server"):
        op.add_column(table, sa.Column("zone", sa.Text))
        op.add_column(table, sa.Column("currency", sa.Text))
    journeys = sa.Column("journeys", sa.Boolean, nullable=False, server_default=sa.true())
    op.add_column("vehicles", journeys)
    _raw_journeys()
    _journeys()
    _journey_edits()
    _progress()
    _places()
    _rules()


def _raw_journeys() -> None:
    op.create_table(
        "raw_journeys",
        sa.Column("id", BIG, nullable=False),
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("start", BIG, nullable=False),
        sa.Column("end", BIG, nullable=False),
        sa.Column("closed", BIG),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_raw_journeys"),
    )
    op.create_index("ix_raw_journeys_vehicle_id_start", "raw_journeys", ["vehicle_id", "start"])
    op.create_index("ix_raw_journeys_kind", "raw_journeys", ["vehicle_id", "kind", "start"])
    op.create_index("ix_raw_journeys_closed", "raw_journeys", ["vehicle_id", "closed"])


def _journeys() -> None:
    op.create_table(
        "journeys",
        sa.Column("id", BIG, nullable=False),
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("start", BIG, nullable=False),
        sa.Column("end", BIG, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("month", sa.Text, sa.Computed("substr(day, 1, 7)", persisted=True)),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("certainty", sa.Text, nullable=False),
        sa.Column("start_place", BIG),
        sa.Column("end_place", BIG),
        sa.Column("start_latitude", sa.Double),
        sa.Column("start_longitude", sa.Double),
        sa.Column("end_latitude", sa.Double),
        sa.Column("end_longitude", sa.Double),
        sa.Column("distance", sa.Double),
        sa.Column("energy", sa.Double),
        sa.Column("energy_used", sa.Double),
        sa.Column("energy_recovered", sa.Double),
        sa.Column("grid_energy", sa.Double),
        sa.Column("moving_time", BIG),
        sa.Column("cost", BIG),
        sa.Column("currency", sa.Text),
        sa.Column("has_own_cost", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("purpose", sa.Text),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("is_edited", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journeys"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_journeys_vehicle_id_kind_start", "journeys", ["vehicle_id", "kind", "start"]
    )
    op.create_index("ix_journeys_start", "journeys", ["vehicle_id", "start"])
    sums = ["vehicle_id", "kind", "month", "purpose", "day", "distance", "energy", "grid_energy",
            "moving_time", "start_place", "end_place", "currency", "cost"]  # fmt: skip
    op.create_index("ix_journeys_sums", "journeys", sums)
    op.create_index("ix_journeys_start_place", "journeys", ["start_place"])
    op.create_index("ix_journeys_end_place", "journeys", ["end_place"])
    op.create_table(
        "journey_stale",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.PrimaryKeyConstraint("vehicle_id", "kind", name="pk_journey_stale"),
        sqlite_with_rowid=False,
    )


def _journey_edits() -> None:
    op.create_table(
        "journey_edits",
        sa.Column("id", BIG, nullable=False),
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("journey_kind", sa.Text, nullable=False),
        sa.Column("start", BIG, nullable=False),
        sa.Column("end", BIG, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journey_edits"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_journey_edits_vehicle_id_end_start", "journey_edits", ["vehicle_id", "end", "start"]
    )


def _progress() -> None:
    op.create_table(
        "journey_progress",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("seen_id", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False, server_default="0"),
        sa.Column("since", BIG, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("vehicle_id", name="pk_journey_progress"),
    )
    op.create_table(
        "journey_checkpoints",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("time", BIG, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("vehicle_id", "time", name="pk_journey_checkpoints"),
        sqlite_with_rowid=False,
    )


def _places() -> None:
    op.create_table(
        "places",
        sa.Column("id", BIG, nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text),
        sa.Column("latitude", sa.Double, nullable=False),
        sa.Column("longitude", sa.Double, nullable=False),
        sa.Column("radius", sa.Double, nullable=False),
        sa.Column("is_home", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("zone", sa.Text),
        sa.Column("currency", sa.Text),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.Column("removed", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_places"),
        sa.UniqueConstraint("owner_id", "name_key", name="uq_places_owner_id_name_key"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_places_owner_id", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "place_tariffs",
        sa.Column("place_id", BIG, nullable=False),
        sa.Column("valid_from", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("place_id", "valid_from", name="pk_place_tariffs"),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name="fk_place_tariffs_place_id", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )


def _rules() -> None:
    op.create_table(
        "journey_rules",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("vehicle_id", "rule", name="pk_journey_rules"),
        sqlite_with_rowid=False,
    )
