"""What Alembic runs: the steps, on the connection and in the transaction that upgrade() holds."""

from __future__ import annotations

from alembic import context

from ovms.server.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
