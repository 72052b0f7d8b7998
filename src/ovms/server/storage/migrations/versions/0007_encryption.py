"""Secrets are encrypted, and found by keyed hashes where they are looked up.

What a value is bound to must not change with the code, so the places stand here once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.encryption import keys_of

if TYPE_CHECKING:
    from ovms.server.storage.encrypted import EncryptionKey

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table of the key and the columns; encrypt what is there; drop what was plain."""
    op.create_table(
        "encryption",
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("is_clean", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_encryption"),
    )
    op.execute("ALTER TABLE tokens RENAME COLUMN token TO lookup")
    op.execute("ALTER TABLE provisions RENAME COLUMN key TO lookup")
    for table in ("tokens", "provisions"):
        column = sa.Column("encrypted", sa.Text, nullable=False, server_default="")
        op.add_column(table, column)
    op.add_column("server", sa.Column("encrypted", sa.Text))
    if not op.get_context().as_sql:
        connection = op.get_bind()
        key = keys_of(connection).begin(connection)
        for encrypt in (_vehicles, _subscriptions, _tokens, _provisions, _server):
            encrypt(connection, key)
    for name in ("token", "digest", "record"):
        op.drop_column("provisions", name)
    op.drop_column("server", "token_key")
    op.execute("ALTER TABLE server RENAME COLUMN encrypted TO token_key")


def _vehicles(connection: sa.Connection, key: EncryptionKey) -> None:
    rows = connection.execute(sa.text("SELECT id, secret FROM vehicles WHERE secret != ''")).all()
    for vehicle_id, secret in rows:
        value = key.encrypt(("vehicles", "secret", vehicle_id), secret)
        connection.execute(
            sa.text("UPDATE vehicles SET secret = :value WHERE id = :id"),
            {"value": value, "id": vehicle_id},
        )


def _subscriptions(connection: sa.Connection, key: EncryptionKey) -> None:
    rows = connection.execute(sa.text("SELECT vehicle_id, app_id, key FROM notifications")).all()
    for vehicle_id, app_id, plain in rows:
        value = key.encrypt(("notifications", "key", vehicle_id, app_id), plain)
        connection.execute(
            sa.text("UPDATE notifications SET key = :value"
                    " WHERE vehicle_id = :vehicle_id AND app_id = :app_id"),
            {"value": value, "vehicle_id": vehicle_id, "app_id": app_id},
        )  # fmt: skip


def _tokens(connection: sa.Connection, key: EncryptionKey) -> None:
    rows = connection.execute(sa.text("SELECT id, owner_id, lookup FROM tokens")).all()
    for token_id, owner_id, token in rows:
        hashed = key.lookup("tokens.token", token)
        value = key.encrypt(("tokens", "encrypted", hashed, str(owner_id)), token)
        connection.execute(
            sa.text("UPDATE tokens SET lookup = :hashed, encrypted = :value WHERE id = :id"),
            {"hashed": hashed, "value": value, "id": token_id},
        )


def _provisions(connection: sa.Connection, key: EncryptionKey) -> None:
    query = sa.text("SELECT lookup, token, digest, record FROM provisions")
    for row in connection.execute(query).all():
        hashed = key.lookup("provisions.key", row[0])
        value = key.encrypt(("provisions", "encrypted", hashed), " ".join(row))
        connection.execute(
            sa.text(
                "UPDATE provisions SET lookup = :hashed, encrypted = :value WHERE lookup = :key"
            ),
            {"hashed": hashed, "value": value, "key": row[0]},
        )


def _server(connection: sa.Connection, key: EncryptionKey) -> None:
    plain = connection.scalar(sa.text("SELECT token_key FROM server"))
    if plain is not None:
        value = key.encrypt(("server", "token_key"), bytes(plain).hex())
        connection.execute(sa.text("UPDATE server SET encrypted = :value"), {"value": value})
