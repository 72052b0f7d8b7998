"""Alembic's side of the schema; :func:`ovms.server.storage.database.upgrade` runs it."""
