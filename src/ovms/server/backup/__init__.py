"""Backups: one file with the database and what else a server needs, and back again."""
