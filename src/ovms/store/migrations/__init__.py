"""Alembic's side of the schema; :func:`ovms.store.database.upgrade` runs it."""
