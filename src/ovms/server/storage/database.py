"""The interface of a database, whichever it is.

One :class:`Database` is made from the URL by :func:`ovms.server.storage.opening.open_database` and
passed to all who need one. A query is a plain function of a SQLAlchemy ``Connection``, written with
SQLAlchemy's expressions only, so that it runs on every database. What one database alone can do
stands in a package of its own: :mod:`ovms.server.storage.sqlite`, or ``postgres``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from ovms.base.logs import get_logger
from ovms.server.storage.encryption import Keys, current_key
from ovms.server.storage.errors import DamagedDatabase, DatabaseError, DatabaseInUse
from ovms.server.storage.numbering import highest_used_ids
from ovms.server.storage.schema import REVISION, encryption
from ovms.server.storage.upgrading import migrate, revision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Any, TypeVar

    from sqlalchemy import Connection

    from ovms.server.storage.batch import Batch
    from ovms.server.storage.expiry import ExpiryKind
    from ovms.server.storage.keyfile import KeyFile

    T = TypeVar("T")


log = get_logger("ovms.server.storage")


class Lane(Enum):
    """Whose queries wait for each other: a query waits only for those of its own lane."""

    SHORT = "reader"
    """A few milliseconds each; cars and apps wait for them."""
    LOGINS = "logins"
    """Short ones, of which strangers can ask many."""
    HISTORY = "history"
    """Pages, and counts that take a tenth of a second; :meth:`close` does not wait for them."""
    JOURNEYS = "journeys"
    """What makes journeys, and the folding itself, which takes as long as it likes."""


class Database(ABC):
    """A database, and the connections to it.

    The awaitable methods are the server's, the blocking ones the command line's. No connection is
    opened before the first use. Every method raises
    :class:`~ovms.server.storage.errors.DatabaseError` for what the database refuses, and the
    awaitable ones :class:`~ovms.server.storage.errors.StoreClosed` after :meth:`close`.
    """

    def __init__(self, name: str, key_file: KeyFile) -> None:
        self.name = name
        """What logs and errors call it; without a password."""
        self.keys = Keys(key_file, name)
        """What its secrets are encrypted under; each connection knows them."""
        self.damage: DamagedDatabase | None = None
        """The damage that a query has met, since the server started."""

    def note_damage(self, error: DamagedDatabase) -> None:
        """Remember that a query has met damage, and log the first. From any thread."""
        if self.damage is None:
            self.damage = error
            log.error("the database is damaged", reason=str(error))

    # The command line: each use blocks, with a connection of its own.

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """Yield a connection that sees one moment of the database."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Connection]:
        """Yield a connection in a transaction that commits at the end.

        It is rolled back when an exception leaves it. One such transaction runs at a time, also
        among processes: what a query has read is still true when it writes.
        """

    def upgrade(self) -> None:
        """Bring the schema up to this version, and check the key of the secrets.

        The database and the key file are made if there are none. Two processes may do so at once.
        Raises :class:`~ovms.server.storage.errors.NewerSchema` for a database of a newer ovms,
        :class:`~ovms.server.storage.errors.NotADatabase` for one of another program,
        :class:`~ovms.server.storage.errors.DatabaseInUse` for an older one that a server uses,
        :class:`~ovms.server.storage.errors.WrongKey` or
        :class:`~ovms.server.storage.errors.BadKeyFile`.
        """
        self.upgrade_schema()
        self.check_key()

    def upgrade_schema(self) -> None:
        """Bring the schema up to this version; make the database and a key if there are none."""
        with self.reading() as connection:
            if revision(connection, self.name) == REVISION:
                return
        with self.writing() as connection:
            found = revision(connection, self.name)
            if found != REVISION:  # the other process may have been first
                if found is not None:
                    self._check_not_served()
                migrate(connection)
                self.adapt_schema(connection)
            if found is None:  # nothing was ever in it
                connection.execute(update(encryption).values(is_clean=True))

    def adapt_schema(self, connection: Connection) -> None:  # noqa: B027 (most need nothing)
        """Do what this kind of database needs where the schema has changed; nothing by default."""

    def _check_not_served(self) -> None:
        """Raise :class:`DatabaseInUse` beside a server: it would take ciphers as plain."""
        try:
            self.check_unused()
        except DatabaseInUse as error:
            raise DatabaseInUse(
                f"a server runs on database {self.name}, which is of an older version:"
                " restart the server first"
            ) from error

    def check_key(self) -> None:
        """Check that the key file holds the key; finish a change of it that was interrupted.

        Raises :class:`~ovms.server.storage.errors.WrongKey` or
        :class:`~ovms.server.storage.errors.BadKeyFile`.
        """
        with self.reading() as connection:
            key = current_key(connection)
            is_clean = connection.scalar(select(encryption.c.is_clean))
        if len(self.keys.file.read()) > 1:
            with self.writing() as connection:  # so that no change of the key goes on meanwhile
                self.keys.file.replace([current_key(connection)])
        if not is_clean:
            self._clean(key.id)

    def _clean(self, key_id: str) -> None:
        """Remove what the files hold of deleted and changed rows; it is tried again if it fails.

        Until then secrets of before, plain or under an older key, may be found in them.
        """
        try:
            self.rewrite()
            with self.writing() as connection:
                row = update(encryption).where(encryption.c.key_id == key_id)
                connection.execute(row.values(is_clean=True))
        except DatabaseError as error:
            log.warning("secrets of before are still in free places of the database's files",
                        reason=str(error))  # fmt: skip

    @abstractmethod
    def rewrite(self) -> None:
        """Write the database anew, so that its files hold nothing but its rows."""

    def free_bytes(self) -> int | None:
        """Return the bytes in its files that hold nothing, which :meth:`rewrite` gives back.

        ``None`` if the database does not tell. It may block for a moment.
        """
        return None

    def list_damage(self) -> list[str]:
        """Return what is damaged in its files, a line each, as far as the database can tell.

        It reads all of them, and takes its time.
        """
        return []

    @abstractmethod
    def hold(self) -> None:
        """Keep other servers from this database until :meth:`close`.

        Raises :class:`~ovms.server.storage.errors.DatabaseInUse`.
        """

    @abstractmethod
    def check_unused(self) -> None:
        """Raise :class:`~ovms.server.storage.errors.DatabaseInUse` if another server holds it."""

    # Backups.

    path: Path | None = None
    """The file that it is; ``None`` of one that is no file of this machine."""

    def copy_file(
        self, connection: Connection, path: Path, report: Callable[[int, int], None]
    ) -> bool:
        """Copy all that a connection of :meth:`reading` sees into an empty SQLite file, at once.

        Return whether it can; a database that cannot is copied row by row. The connection has read
        something already. ``report`` gets how many bytes of how many are copied.
        """
        return False

    def highest_ids(self, connection: Connection) -> dict[str, int]:
        """Return the highest id that each table ever gave its rows, by the table's name."""
        return highest_used_ids(connection)

    @abstractmethod
    def set_highest_ids(self, connection: Connection, ids: Mapping[str, int]) -> None:
        """Have each table go on above the highest id that it is said to have given."""

    def write_rows(
        self,
        connection: Connection,
        table: str,
        columns: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
    ) -> None:
        """Put rows into a table, in the form that SQLite has them in: truth is 0 or 1."""
        raise NotImplementedError

    def settle(self) -> None:  # noqa: B027 (nothing to do where it is no file)
        """Have its file, if it is one, hold everything, with no log beside it.

        Nobody else uses it. Raises :class:`~ovms.server.storage.errors.DatabaseError`.
        """

    def put_aside(self, connection: Connection, name: str) -> str:
        """Move all tables to where nobody looks for them; return where that is.

        ``name`` ends in the time. It counts with the connection's transaction. Not of a file, which
        is renamed.
        """
        raise NotImplementedError

    def check(self, *, is_served: bool = False) -> None:
        """Raise what would keep a server from starting on this database; change nothing.

        ``is_served`` says that a server is known to run on it.
        """
        with self.reading() as connection:
            is_current = revision(connection, self.name) == REVISION
            if is_current:
                current_key(connection)
            else:
                self.keys.file.read()
        if is_current:
            self.find_damage()

    def find_damage(self) -> None:  # noqa: B027 (others notice damage by themselves)
        """Look for damage in what is read first; what else is damaged is found by who reads it.

        It takes a moment, however much there is. Raises
        :class:`~ovms.server.storage.errors.DamagedDatabase`.
        """

    def release(self) -> None:  # noqa: B027 (most keep none)
        """Close the connections that :meth:`reading` and :meth:`writing` have kept open."""

    # The server: nothing blocks the event loop.

    @abstractmethod
    async def read(self, query: Callable[[Connection], T], lane: Lane = Lane.SHORT) -> T:
        """Run a query that sees one moment of the database."""

    @abstractmethod
    async def write(self, query: Callable[[Connection], T]) -> T:
        """Run a query as in :meth:`writing`; what it did is on disk then, or none of it."""

    @abstractmethod
    async def apply(self, batch: Batch) -> int:
        """Commit a batch in one transaction; it is on disk then, or none of it.

        Returns how many rows were left out because they can never be written. Runs on a connection
        of its own: it waits for no query but :meth:`expire`.
        """

    @abstractmethod
    async def expire(self, kind: ExpiryKind, now: float) -> int:
        """Delete a chunk of what is over at ``now`` (Unix seconds), between two batches.

        Returns how many rows went; 0 when none is left.
        """

    @abstractmethod
    async def forget_deleted(self) -> bool:
        """Have the files hold nothing of what was deleted; return whether they do now.

        Who reads meanwhile may keep it from that for now: it must be tried again.
        """

    @abstractmethod
    def sizes(self) -> dict[str, int]:
        """Return the bytes of each part on disk by its name. It may block for a moment."""

    @abstractmethod
    def is_bad_row(self, error: BaseException) -> bool:
        """Return whether an error means that a row can never be written; others may pass."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connections once what runs on them is done. Calling it again does nothing."""
