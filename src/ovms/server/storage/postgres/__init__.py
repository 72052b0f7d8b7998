"""What only PostgreSQL can say: its connections, its statements, its errors.

Nothing outside this package imports ``psycopg`` or ``asyncpg``, and only
:mod:`ovms.server.storage.opening` imports this package, for a URL that asks for it.
"""
