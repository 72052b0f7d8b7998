"""The other server's database: connecting, which tables and columns it has, reading in pages.

Pages are short queries by key, because a query that takes long would keep that server's writes
waiting (MyISAM locks whole tables). Nothing is ever written there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    CHAR,
    and_,
    cast,
    column,
    create_engine,
    event,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy import table as named_table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ovms.server.migrate.errors import SourceError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

PAGE: Final = 5000
"""Rows of a page: some megabytes at most, and a hundredth of a second of that server's."""

CONNECT_TIMEOUT: Final = 10
"""Seconds until the database must have answered."""

READ_TIMEOUT: Final = 600
"""Seconds that a query may take: the sums over a large history, on a slow disk."""

SCHEMES: Final = ("mysql", "mariadb")
DRIVER: Final = "mysql+pymysql"

OPTIONS: Final = ("unix_socket", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_key",
                  "ssl_check_hostname")  # fmt: skip
"""What a URL may say behind its ``?``."""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table there: its key, its other columns, and which of all are times.

    Older installations lack columns; those are left out of the key, and are ``None`` in each row.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    times: tuple[str, ...] = ()


OWNERS: Final = SourceTable(
    "ovms_owners", ("owner",), ("name", "mail", "pass", "status", "deleted")
)
CARS: Final = SourceTable(
    "ovms_cars",
    ("owner", "vehicleid"),
    ("vehiclename", "carpass", "v_ptoken", "v_server", "v_type", "deleted", "v_lastupdate"),
    ("v_lastupdate",),
)
MESSAGES: Final = SourceTable(
    "ovms_carmessages",
    ("owner", "vehicleid", "m_code"),
    ("m_valid", "m_msgtime", "m_paranoid", "m_ptoken", "m_msg"),
    ("m_msgtime",),
)
HISTORY: Final = SourceTable(
    "ovms_historicalmessages",
    ("owner", "vehicleid", "h_recordtype", "h_recordnumber", "h_timestamp"),
    ("h_data", "h_expires"),
    ("h_timestamp", "h_expires"),
)
NOTIFIES: Final = SourceTable(
    "ovms_notifies",
    ("owner", "vehicleid", "appid"),
    ("pushtype", "pushkeytype", "pushkeyvalue", "lastupdated", "active"),
    ("lastupdated",),
)
PROVISIONS: Final = SourceTable(
    "ovms_autoprovision",
    ("ap_key",),
    ("ap_stoken", "ap_sdigest", "ap_msg", "deleted", "changed", "owner", "v_lastused"),
    ("changed", "v_lastused"),
)
TOKENS: Final = SourceTable(
    "ovms_apitokens",
    ("owner", "token"),
    ("application", "purpose", "permit", "created", "refreshed", "lastused"),
    ("created", "refreshed", "lastused"),
)
UTILISATION: Final = SourceTable(
    "ovms_utilisation",
    ("vehicleid", "u_date"),
    ("u_c_rx", "u_c_tx", "u_a_rx", "u_a_tx"),
    ("u_date",),
)
TABLES: Final = (OWNERS, CARS, MESSAGES, HISTORY, NOTIFIES, PROVISIONS, TOKENS, UTILISATION)


def source_url(given: str, password: str | None) -> URL:
    """Check the URL of a database, and put the password into it; an URL's own counts more.

    Raises :class:`SourceError`, whose text has no password.
    """
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise SourceError(
            "the URL is none: mysql://USER@HOST/DATABASE (for a file see ovms vehicle import)"
        ) from None
    if url.drivername not in SCHEMES:
        raise SourceError(f"a URL of a {' or '.join(SCHEMES)} database is needed:"
                          " mysql://USER@HOST/DATABASE")  # fmt: skip
    if not url.database:
        raise SourceError("the URL names no database: mysql://USER@HOST/DATABASE")
    unknown = sorted(set(url.query) - set(OPTIONS))
    if unknown:
        raise SourceError(f"the URL's {unknown[0]!r} is none of {', '.join(OPTIONS)}")
    if url.password is None and password is not None:
        url = url.set(password=password)
    return url.set(drivername=DRIVER)


class SourceDatabase:
    """A connection to the other server's database.

    Raises :class:`SourceError` whenever that does not answer as it should.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name
        """What remembers it: the name of its machine, and of the database there."""
        self._columns = self._find_columns()

    def has(self, table: SourceTable) -> bool:
        """Return whether there is such a table, with more than its key."""
        found = self._columns.get(table.name, {})
        return any(name in found for name in table.columns)

    def has_column(self, table: SourceTable, name: str) -> bool:
        """Return whether a table has a column."""
        return name in self._columns.get(table.name, {})

    def pages(
        self, table: SourceTable, *where: ColumnElement[bool], key: Sequence[str] | None = None
    ) -> Iterator[list[Any]]:
        """Yield all rows by key, a page at a time; each has the names of its columns.

        ``key`` are the columns of the key that are not the same in all rows; the others are left
        out. Times are whole Unix seconds; one of the key is there as ``NAME_text``, too, as that
        database writes it.
        """
        if not self.has(table):
            return
        names = [*(key or table.key)]
        parts = [each for each in names if self.has_column(table, each)]
        query = select(
            *(self._value(table, each) for each in (*names, *table.columns)),
            *(self._text(table, each) for each in parts if each in table.times),
        ).select_from(named_table(self._columns[table.name][""]))
        query = query.where(*where).order_by(*(self.column(table, each) for each in parts))
        last: list[Any] | None = None
        while True:
            page = query.limit(PAGE)
            if last is not None:
                page = page.where(self._after(table, parts, last))
            rows = self.run(page)
            if rows:
                yield rows
            if len(rows) < PAGE:
                return
            ends = [f"{each}_text" if each in table.times else each for each in parts]
            last = [getattr(rows[-1], each) for each in ends]

    def run(self, query: Any) -> list[Any]:
        """Return all rows of a query, which are few."""
        with self._translated():
            return [*self._connection.execute(query)]

    def column(self, table: SourceTable, name: str) -> ColumnElement[Any]:
        """Return a column as that database spells it. Raises :class:`SourceError` without it."""
        if not self.has_column(table, name):
            raise SourceError(f"database {self.name}: table {table.name} has no column {name}")
        return column(self._columns[table.name][name])

    def from_table(self, query: Any, table: SourceTable) -> Any:
        """Return a query of a table."""
        return query.select_from(named_table(self._columns[table.name][""]))

    def _text(self, table: SourceTable, name: str) -> ColumnElement[Any]:
        return cast(self.column(table, name), CHAR).label(f"{name}_text")

    def _value(self, table: SourceTable, name: str) -> ColumnElement[Any]:
        if not self.has_column(table, name):
            return literal(None).label(name)
        found = self.column(table, name)
        if name in table.times:
            found = func.timestampdiff(text("SECOND"), "1970-01-01", found)
        return found.label(name)

    def _after(self, table: SourceTable, parts: Sequence[str], last: list[Any]) -> Any:
        columns = [self.column(table, each) for each in parts]
        return or_(
            *(
                and_(*(columns[n] == last[n] for n in range(place)), columns[place] > last[place])
                for place in range(len(parts))
            )
        )

    def _find_columns(self) -> dict[str, dict[str, str]]:
        """Return each table's columns by their names in lower case; ``""`` is the table's own."""
        found: dict[str, dict[str, str]] = {}
        query = text(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = DATABASE()"
        )
        for name, each in self.run(query):
            found.setdefault(str(name).lower(), {"": str(name)})[str(each).lower()] = str(each)
        return found

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with translated(self.name):
            yield


@contextmanager
def open_source(url: URL) -> Iterator[SourceDatabase]:
    """Yield the database at a URL of :func:`source_url`. Raises :class:`SourceError`.

    Raises ``ModuleNotFoundError`` without the driver, which is an extra.
    """
    where = f"{url.host or 'localhost'}/{url.database}"
    arguments: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": READ_TIMEOUT,
        # What a time is must not hang on the server's zone, nor a zero date be an error.
        "init_command": "SET SESSION time_zone = '+00:00', sql_mode = ''",
    }
    if url.password is not None:
        arguments["password"] = str(url.password).encode()  # the driver would take Latin-1
    engine = create_engine(url, poolclass=NullPool, connect_args=arguments)
    event.listen(engine, "connect", _only_read)
    with translated(where):
        connection = engine.connect()
    with connection:
        with translated(where):
            machine = connection.scalar(text("SELECT @@hostname"))
        yield SourceDatabase(connection, f"{machine}/{url.database}")


def _only_read(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Raise errors of the driver as :class:`SourceError` about the database ``name``."""
    try:
        yield
    except DBAPIError as error:
        words: tuple[object, ...] = getattr(error.orig, "args", ())
        reason = words[-1] if words else error.orig
        raise SourceError(f"database {name}: {_line(reason)}") from error
    except (SQLAlchemyError, TypeError, OSError, RuntimeError) as error:
        raise SourceError(f"database {name} cannot be read: {_line(error)}") from error


def _line(reason: object) -> str:
    return " ".join(str(reason).split()) or "no reason was given"
