"""Sharing, log-ins in a browser, one-time codes, quotas, and a record of what happened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.migrations.types import BIG

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns and the tables."""
    for column in (
        sa.Column("email_confirmed", sa.Double),
        sa.Column("totp", sa.Text, nullable=False, server_default=""),
        sa.Column("totp_step", BIG, nullable=False, server_default="0"),
        sa.Column("vehicle_limit", BIG),
        sa.Column("byte_limit", BIG),
        sa.Column("bytes_told", BIG, nullable=False, server_default="0"),
    ):
        op.add_column("owners", column)
    op.add_column("tokens", sa.Column("expires", sa.Double))
    _shares()
    _position_links()
    _web_sessions()
    _passkeys()
    _recovery_codes()
    _mail_codes()
    _audit()
    _failed_calls()


def _shares() -> None:
    op.create_table(
        "shares",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("granted_by", BIG, nullable=False),
        sa.Column("rights", sa.Text, nullable=False),
        sa.Column("expires", sa.Double),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("vehicle_id", "owner_id", name="pk_shares"),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name="fk_shares_vehicle_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_shares_owner_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_shares_changed", "shares", ["changed"])
    op.create_index("ix_shares_owner_id", "shares", ["owner_id"])


def _position_links() -> None:
    op.create_table(
        "position_links",
        sa.Column("id", BIG, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("label", sa.Text, nullable=False, server_default=""),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.Column("last_used", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_position_links"),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name="fk_position_links_vehicle_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_position_links_owner_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("digest", name="uq_position_links_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_position_links_expires", "position_links", ["expires"])
    op.create_index("ix_position_links_owner_id", "position_links", ["owner_id"])
    op.create_index("ix_position_links_vehicle_id", "position_links", ["vehicle_id"])


def _web_sessions() -> None:
    op.create_table(
        "web_sessions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("passkey_id", BIG),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("used", sa.Double, nullable=False),
        sa.Column("proved", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_web_sessions"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_web_sessions_owner_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("digest", name="uq_web_sessions_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_web_sessions_owner_id", "web_sessions", ["owner_id"])
    op.create_index("ix_web_sessions_used", "web_sessions", ["used"])


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", BIG, nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("credential", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", BIG, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("last_used", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_passkeys_owner_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("credential", name="uq_passkeys_credential"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_passkeys_owner_id", "passkeys", ["owner_id"])


def _recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "digest", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_recovery_codes_owner_id", ondelete="CASCADE"
        ),
    )


def _mail_codes() -> None:
    op.create_table(
        "mail_codes",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("owner_id", BIG),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_mail_codes"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name="fk_mail_codes_owner_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_mail_codes_expires", "mail_codes", ["expires"])
    op.create_index("ix_mail_codes_owner_id", "mail_codes", ["owner_id"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", BIG, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("owner_id", BIG),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("vehicle_id", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        sa.Column("address", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_owner_id_id", "audit", ["owner_id", "id"])
    op.create_index("ix_audit_time", "audit", ["time"])
    op.create_index("ix_audit_vehicle_id_id", "audit", ["vehicle_id", "id"])


def _failed_calls() -> None:
    op.create_table(
        "failed_calls",
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("count", BIG, nullable=False),
        sa.Column("first", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("vehicle_id", name="pk_failed_calls"),
    )
