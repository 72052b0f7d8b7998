"""What only SQLite can say: its connections, its statements, its errors.

Nothing outside this package imports ``sqlite3``, and only
:mod:`ovms.server.storage.opening` imports this package.
"""
