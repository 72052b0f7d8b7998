"""Connections to a PostgreSQL database: psycopg's under SQLAlchemy, and asyncpg's for the writer.

Whoever writes holds one lock of the database for the whole transaction, as on SQLite: what was read
is still true when it is written, and ids are committed in their order. A commit is on disk when it
returns, also where the server's own setting is ``synchronous_commit = off``.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import psycopg
from psycopg.types.numeric import FloatLoader
from psycopg.types.string import StrBinaryDumper, StrDumperUnknown
from sqlalchemy import Engine, create_engine, event

from ovms.server.storage.encryption import OPTION
from ovms.server.storage.errors import DatabaseInUse
from ovms.server.storage.postgres.address import CONNECT_TIMEOUT, PostgresAddress
from ovms.server.storage.postgres.errors import translated

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from typing import TypeVar

    from psycopg.abc import Buffer
    from sqlalchemy import Connection

    from ovms.server.storage.encryption import Keys

    T = TypeVar("T")

LOCK_TIMEOUT: Final = 10.0
"""Seconds to wait for another's transaction; the longest of ours, an import, takes two."""

STATEMENT_TIMEOUT: Final = 30.0
"""Seconds that a statement of the writer may take before its connection is given up."""

NUL_SIGN: Final = "\N{SYMBOL FOR NULL}"
"""Stands for NUL, which text in PostgreSQL cannot hold."""

_LOCKS: Final = 0x4F56_4D53
"""Our class of advisory locks, ``OVMS``; they are of one database each."""
_WRITES: Final = 1
_SERVER: Final = 2

_HELD: Final = (
    "SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "  # noqa: S608 (ours)
    f"WHERE datname = current_database() AND locktype = 'advisory' AND classid = {_LOCKS} "
    f"AND objid = {_SERVER} AND granted"
)
_HOLD: Final = f"SELECT pg_try_advisory_lock({_LOCKS}, {_SERVER})"

_KEEPALIVES: Final = {
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
}
"""The database's server lets go within a minute of a writer that has vanished."""


BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
"""Begins a transaction that writes, whatever the database's own defaults are."""


def write_lock(timeout: float) -> str:
    """Return what such a transaction does first: it waits for the others, in seconds."""
    return (
        f"SELECT set_config('lock_timeout', '{int(timeout * 1000)}ms', true), "
        "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
        "WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true); "
        f"SELECT pg_advisory_xact_lock({_LOCKS}, {_WRITES})"
    )


def without_nul(text: str) -> str:
    """Return text as PostgreSQL can hold it."""
    return text.replace("\0", NUL_SIGN) if "\0" in text else text


class _TextDumper(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(without_nul(obj))


class _BinaryTextDumper(StrBinaryDumper):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(without_nul(obj))


class _SumLoader(FloatLoader):
    """Reads ``numeric``, which is what sums of whole numbers are; no column of ours is of it."""

    def load(self, data: Buffer) -> Any:
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else super().load(data)


def connect(address: PostgresAddress) -> psycopg.Connection[Any]:
    """Open a connection of psycopg, in a transaction at each statement until told otherwise."""
    connection = psycopg.connect(address.uri)
    connection.adapters.register_dumper(str, _TextDumper)
    connection.adapters.register_dumper(str, _BinaryTextDumper)
    connection.adapters.register_loader("numeric", _SumLoader)
    return connection


def check_unheld(address: PostgresAddress) -> None:
    """Raise :class:`DatabaseInUse` while a server holds the database."""
    with translated(address.name), connect(address) as connection:
        if connection.execute(_HELD).fetchone() is not None:
            raise _in_use(address)


def _in_use(address: PostgresAddress) -> DatabaseInUse:
    return DatabaseInUse(f"another ovms server is running on database {address.name}")


class PostgresEngine:
    """SQLAlchemy's connections: one is kept, and more are made where several threads ask."""

    def __init__(self, address: PostgresAddress, keys: Keys) -> None:
        self._address = address
        self._newest: psycopg.Connection[Any] | None = None
        engine = create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            execution_options={OPTION: keys},
            isolation_level="READ COMMITTED",  # a snapshot from before the lock would be too old
            pool_size=1,
            max_overflow=-1,
            pool_pre_ping=True,  # the server may have been restarted meanwhile
        )
        self._engine = engine
        self._moment = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        _lock_writes(engine)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the database."""
        with translated(self._address.name), self._moment.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that has the lock of those who write."""
        with translated(self._address.name), self._engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    def interrupt(self) -> None:
        """Have the statement fail that runs on the kept connection, from any thread."""
        if self._newest is not None:
            with suppress(psycopg.Error):
                self._newest.cancel_safe()

    def close(self) -> None:
        """Close the kept connection, in a thread that uses it."""
        self._engine.dispose()

    def _connect(self) -> psycopg.Connection[Any]:
        self._newest = connect(self._address)
        return self._newest


def _lock_writes(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        if connection.get_execution_options().get("writes", False):
            connection.exec_driver_sql(write_lock(LOCK_TIMEOUT))


class BlockingConnection:
    """A connection of asyncpg and the event loop that it lives in; each call blocks its thread.

    asyncpg, because arrays of a thousand rows take it half the time that psycopg needs.
    """

    def __init__(self, address: PostgresAddress) -> None:
        self._loop = asyncio.new_event_loop()
        try:
            self._connection = self._run(_open(address))
        except BaseException:
            self._loop.close()
            raise

    def fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """Return the rows that a statement yields."""
        return self._run(self._connection.fetch(sql, *values))

    def write(self, sql: str, *values: object) -> int:
        """Run a statement; return how many rows it wrote."""
        status: str = self._run(self._connection.execute(sql, *values))
        return int(status.rsplit(" ", 1)[-1])

    def execute(self, sql: str) -> None:
        """Run statements without values; several are divided by semicolons."""
        self._run(self._connection.execute(sql))

    def close(self) -> None:
        """Close the connection at once; a transaction that is open is rolled back."""
        self._connection.terminate()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _run(self, awaited: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(awaited)


async def _open(address: PostgresAddress) -> asyncpg.Connection:
    return await asyncpg.connect(
        address.asyncpg_uri,
        timeout=CONNECT_TIMEOUT,
        command_timeout=STATEMENT_TIMEOUT,
        server_settings=_KEEPALIVES,
    )


class WriterLink:
    """The writer's own connection, opened by the first use and again after an error.

    Belongs to one thread. While :attr:`is_held`, other servers are kept from the database by a lock
    of the connection, which is taken again whenever it is opened.
    """

    def __init__(self, address: PostgresAddress) -> None:
        self._address = address
        self._connection: BlockingConnection | None = None
        self.is_held = False

    @contextmanager
    def opened(self) -> Iterator[BlockingConnection]:
        """Yield the connection. Raises :class:`DatabaseInUse`, too."""
        with translated(self._address.name):
            try:
                if self._connection is None:
                    self._connection = BlockingConnection(self._address)
                    if self.is_held:
                        self._hold(self._connection)
                yield self._connection
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the connection if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _hold(self, connection: BlockingConnection) -> None:
        ((is_ours,),) = connection.fetch(_HOLD)
        if not is_ours:
            raise _in_use(self._address)
