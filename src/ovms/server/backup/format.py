"""What a backup file is: a SQLite database of our schema, with three tables more.

``ovms_backup`` says of what and when it is, ``ovms_backup_tables`` how many rows each table has and
what they are known by, and ``ovms_backup_files`` has the files. So stock tools open it, and nothing
but this module need be known to get everything out of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    insert,
    inspect,
    select,
)

from ovms.server.backup.files import KeptFile
from ovms.server.backup.rows import fingerprint, stored_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection

FORMAT: Final = 1
"""The version of these three tables."""

KEY_NAME: Final = "secrets.key"
"""What the key file is called in a backup, wherever it was."""

tables: Final = MetaData()

about = Table(
    "ovms_backup",
    tables,
    Column("format", Integer, nullable=False),
    Column("version", Text, nullable=False),
    # Of the schema.
    Column("revision", Text, nullable=False),
    # Unix seconds.
    Column("made", Double, nullable=False),
    # What it was made of: sqlite, postgresql.
    Column("source", Text, nullable=False),
    # Under which key its secrets stand, and whether that and the other secret files are in it.
    Column("key_id", Text, nullable=False),
    Column("has_secrets", Boolean, nullable=False),
    # JSON: files that the settings name and that are not in it.
    Column("elsewhere", Text, nullable=False),
)

contents = Table(
    "ovms_backup_tables",
    tables,
    Column("name", Text, primary_key=True),
    # JSON: which columns the fingerprint is of.
    Column("columns", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("fingerprint", Text, nullable=False),
)

files = Table(
    "ovms_backup_files",
    tables,
    Column("name", Text, primary_key=True),
    Column("mode", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What is known of a table of a backup."""

    columns: tuple[str, ...]
    rows: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup."""

    version: str
    revision: str
    made: float
    """Unix seconds."""
    source: str
    key_id: str
    has_secrets: bool
    """It holds the key and the settings; else they must be had from elsewhere."""
    elsewhere: tuple[str, ...] = ()
    tables: dict[str, TableFacts] = field(default_factory=dict)
    files: tuple[KeptFile, ...] = field(default=(), repr=False)

    def rows(self, table: str) -> int:
        """Return how many rows a table has; 0 of one that is not there."""
        facts = self.tables.get(table)
        return 0 if facts is None else facts.rows

    def file(self, name: str) -> KeptFile | None:
        """Return a file of that name."""
        return next((each for each in self.files if each.name == name), None)


def kept_tables(connection: Connection) -> list[str]:
    """Return the tables of a backup whose rows count, its database's own numbers among them."""
    own = {about.name, contents.name}
    names = {*inspect(connection).get_table_names(), "sqlite_sequence"}
    return sorted(names - own)


def take_facts(
    connection: Connection, names: Iterable[str], advance: Callable[[int], None]
) -> dict[str, TableFacts]:
    """Return what is known of tables; ``advance`` gets how many rows were read."""
    found = {}
    for name in names:
        columns = tuple(stored_columns(connection, name))
        sum_ = fingerprint(connection, name, columns)
        found[name] = TableFacts(columns, sum_.rows, sum_.text)
        advance(sum_.rows)
    return found


def write_files(connection: Connection, kept: Iterable[KeptFile]) -> None:
    """Make the three tables, and write the files."""
    tables.create_all(connection)
    rows = [{"name": each.name, "mode": each.mode, "data": each.data} for each in kept]
    if rows:
        connection.execute(insert(files), rows)


def write_manifest(connection: Connection, manifest: Manifest) -> None:
    """Write all but the files."""
    connection.execute(
        insert(about).values(
            format=FORMAT,
            version=manifest.version,
            revision=manifest.revision,
            made=manifest.made,
            source=manifest.source,
            key_id=manifest.key_id,
            has_secrets=manifest.has_secrets,
            elsewhere=msgspec.json.encode(manifest.elsewhere).decode(),
        )
    )
    rows: list[dict[str, Any]] = [
        {"name": name, "columns": msgspec.json.encode(facts.columns).decode(),
         "rows": facts.rows, "fingerprint": facts.fingerprint}
        for name, facts in manifest.tables.items()
    ]  # fmt: skip
    connection.execute(insert(contents), rows)


def read_format(connection: Connection) -> int | None:
    """Return the version of the format; ``None`` of a database that is no backup."""
    if about.name not in inspect(connection).get_table_names():
        return None
    found: int | None = connection.scalar(select(about.c.format))
    return found


def read_manifest(connection: Connection) -> Manifest:
    """Return what a backup of :data:`FORMAT` holds.

    Raises ``ValueError`` or an error of the database for one that is damaged.
    """
    _, version, revision, made, source, key_id, has_secrets, elsewhere = connection.execute(
        select(about)
    ).one()
    facts = {
        row.name: TableFacts(_names(row.columns), row.rows, row.fingerprint)
        for row in connection.execute(select(contents))
    }
    kept = tuple(KeptFile(*row) for row in connection.execute(select(files).order_by("name")))
    if not all(isinstance(each.data, bytes) for each in kept):
        raise ValueError("a file is not of bytes")
    return Manifest(
        version, revision, made, source, key_id, has_secrets, _names(elsewhere), facts, kept
    )


def _names(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


def drop_manifest(connection: Connection) -> None:
    """Remove the three tables, so that a database is left."""
    tables.drop_all(connection)
