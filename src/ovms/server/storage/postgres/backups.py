"""What a backup needs of PostgreSQL: rows put in fast, and tables that make room for others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


def write_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Put rows into a table by ``COPY``; 0 and 1 are what PostgreSQL reads as truth, too."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    names = ", ".join(f'"{each}"' for each in columns)
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def put_aside(connection: Connection, name: str) -> str:
    """Move all tables into a new schema that is called after ``name``; return what it is called.

    Their indexes and numbers go with them. It counts with the connection's transaction.
    """
    schema = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    for table in inspect(connection).get_table_names():
        connection.execute(text(f'ALTER TABLE "{table}" SET SCHEMA "{schema}"'))
    return schema
