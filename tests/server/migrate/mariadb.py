"""A MariaDB of the tests' own, and databases in it as servers of today have them."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pymysql

from tests.waiting import PATIENCE

PROGRAMS: Final = ("mariadb-install-db", "mariadbd")

USER: Final = "mysql"
"""Who runs it where we are root: it refuses root."""

_OWNED: Final = "owner INT UNSIGNED NOT NULL DEFAULT 0,"

NEWEST: Final = {
    "ovms_owners": """
        owner INT UNSIGNED NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL DEFAULT '',
        mail VARCHAR(254) NOT NULL DEFAULT '', pass VARCHAR(128) NOT NULL DEFAULT '',
        status TINYINT NOT NULL DEFAULT 0, deleted TINYINT(1) NOT NULL DEFAULT 0,
        changed DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00'""",
    "ovms_cars": f"""
        {_OWNED} vehicleid VARCHAR(32) NOT NULL DEFAULT '',
        vehiclename VARCHAR(64) NOT NULL DEFAULT '', telephone VARCHAR(48) NOT NULL DEFAULT '',
        carpass VARCHAR(255) NOT NULL DEFAULT '', userpass VARCHAR(255) NOT NULL DEFAULT '',
        cryptscheme VARCHAR(1) NOT NULL DEFAULT '0', v_ptoken VARCHAR(32) NOT NULL DEFAULT '',
        v_server VARCHAR(32) NOT NULL DEFAULT '*', v_type VARCHAR(10) NOT NULL DEFAULT 'CAR',
        deleted TINYINT(1) NOT NULL DEFAULT 0,
        changed DATETIME NOT NULL DEFAULT '1900-01-01 00:00:00',
        v_lastupdate DATETIME NOT NULL DEFAULT '1900-01-01 00:00:00',
        couponcode VARCHAR(32) NOT NULL DEFAULT '', PRIMARY KEY (owner, vehicleid)""",
    "ovms_carmessages": f"""
        {_OWNED} vehicleid VARCHAR(32) NOT NULL DEFAULT '', m_code CHAR(1) NOT NULL DEFAULT '',
        m_valid TINYINT(1) NOT NULL DEFAULT 1,
        m_msgtime DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
        m_paranoid TINYINT(1) NOT NULL DEFAULT 0, m_ptoken VARCHAR(32) NOT NULL DEFAULT '',
        m_msg VARCHAR(255) NOT NULL DEFAULT '', PRIMARY KEY (owner, vehicleid, m_code)""",
    "ovms_historicalmessages": f"""
        {_OWNED} vehicleid VARCHAR(32) NOT NULL DEFAULT '',
        h_timestamp DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
        h_recordtype VARCHAR(32) NOT NULL DEFAULT '', h_recordnumber INT NOT NULL DEFAULT 0,
        h_data TEXT NOT NULL, h_expires DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
        PRIMARY KEY (owner, vehicleid, h_recordtype, h_recordnumber, h_timestamp),
        KEY h_recordtype (h_recordtype)""",
    "ovms_notifies": f"""
        {_OWNED} vehicleid VARCHAR(32) NOT NULL DEFAULT '', appid VARCHAR(128) NOT NULL DEFAULT '',
        pushtype VARCHAR(16) NOT NULL DEFAULT '', pushkeytype VARCHAR(16) NOT NULL DEFAULT '',
        pushkeyvalue VARCHAR(256) NOT NULL DEFAULT '',
        lastupdated DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
        active TINYINT(1) NOT NULL DEFAULT 1, PRIMARY KEY (owner, vehicleid, appid)""",
    "ovms_autoprovision": """
        ap_key VARCHAR(64) NOT NULL PRIMARY KEY, ap_stoken VARCHAR(32) NOT NULL DEFAULT '',
        ap_sdigest VARCHAR(32) NOT NULL DEFAULT '', ap_msg VARCHAR(4096) NOT NULL DEFAULT '',
        deleted TINYINT(1) NOT NULL DEFAULT 0,
        changed DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', owner INT UNSIGNED NOT NULL
        DEFAULT 0, v_lastused DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00'""",
    "ovms_apitokens": """
        owner INT UNSIGNED NOT NULL, token VARCHAR(64) NOT NULL,
        application VARCHAR(32) NOT NULL DEFAULT '', purpose VARCHAR(80) NOT NULL DEFAULT '',
        permit VARCHAR(255) NOT NULL DEFAULT 'none',
        created DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
        refreshed DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
        lastused DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', PRIMARY KEY (owner, token)""",
}
"""The tables of a newer server."""


def _older() -> dict[str, str]:
    """Return those of an older one: the vehicle's id alone is the key."""
    tables = {name: text for name, text in NEWEST.items() if name != "ovms_apitokens"}
    for name in ("ovms_carmessages", "ovms_historicalmessages", "ovms_notifies"):
        tables[name] = tables[name].replace(_OWNED, "").replace("(owner, vehicleid", "(vehicleid")
    tables["ovms_cars"] = tables["ovms_cars"].replace("(owner, vehicleid", "(vehicleid")
    tables["ovms_utilisation"] = """
        vehicleid VARCHAR(32) NOT NULL, u_date DATE NOT NULL, u_c_rx INT NOT NULL DEFAULT 0,
        u_c_tx INT NOT NULL DEFAULT 0, u_a_rx INT NOT NULL DEFAULT 0,
        u_a_tx INT NOT NULL DEFAULT 0, PRIMARY KEY (vehicleid, u_date)"""
    return tables


OLDER: Final = _older()


class MariaDb:
    """A running MariaDB, reached by its socket alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "socket"
        self._made = 0

    def url(self, database: str, user: str = "root") -> str:
        """Return the URL of a database."""
        return f"mysql://{user}@localhost/{database}?unix_socket={self.socket}"

    def connect(self, database: str | None = None) -> Any:
        """Return a connection as its administrator; each statement counts at once."""
        return pymysql.connect(
            unix_socket=str(self.socket), user="root", database=database, autocommit=True
        )

    @contextmanager
    def database(
        self, tables: Mapping[str, str] = NEWEST, charset: str = "utf8", engine: str = "MyISAM"
    ) -> Iterator[OtherServer]:
        """Yield a new database with tables."""
        self._made += 1
        name = f"openvehicles{self._made}"
        with self.connect() as administrator, administrator.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET {charset}")
        connection = self.connect(name)
        try:
            other = OtherServer(connection, self.url(name), name)
            other.run("SET sql_mode = ''")
            for table, columns in tables.items():
                other.run(f"CREATE TABLE {table} ({columns}) ENGINE={engine}")
            yield other
        finally:
            connection.close()
            with self.connect() as administrator, administrator.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {name}")


class OtherServer:
    """The database of a server of today."""

    def __init__(self, connection: Any, url: str, name: str) -> None:
        self.connection = connection
        self.url = url
        self.name = name

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run a statement; return its rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return [*cursor.fetchall()]

    def put(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Put rows into a table, in the place of those of the same key."""
        for row in rows:
            columns, places = ", ".join(row), ", ".join(["%s"] * len(row))
            sql = f"REPLACE INTO ovms_{table} ({columns}) VALUES ({places})"  # noqa: S608 (ours)
            self.run(sql, [*row.values()])

    def put_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Put many rows into a table."""
        places = ", ".join(["%s"] * len(columns))
        sql = f"INSERT INTO ovms_{table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 (ours)
        with self.connection.cursor() as cursor:
            cursor.executemany(sql, rows)


def missing_programs() -> list[str]:
    """Return the programs that are needed and not there."""
    return [name for name in PROGRAMS if _program(name) is None]


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def running() -> Iterator[MariaDb]:
    """Start a MariaDB in a folder of its own, and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="ovms-mariadb-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
        as_user = [f"--user={USER}"]
    own = ["--no-defaults", f"--datadir={folder / 'data'}", "--innodb=OFF", *as_user]
    install, server = _program(PROGRAMS[0]), _program(PROGRAMS[1])
    assert install is not None
    assert server is not None
    log = (folder / "log").open("wb")
    variables = {**os.environ, "TMPDIR": str(folder)}  # each clears it of others' tables
    try:
        made = subprocess.run(
            [install, *own, "--auth-root-authentication-method=normal", "--skip-test-db",
             "--default-storage-engine=Aria"],
            env=variables, stdout=log, stderr=log, check=False,
        )  # fmt: skip
        assert made.returncode == 0, (folder / "log").read_text()
        process = subprocess.Popen(
            [server, *own, f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}",
             "--skip-networking", "--default-storage-engine=MyISAM", "--key-buffer-size=32M",
             "--aria-pagecache-buffer-size=8M", "--performance-schema=OFF"],
            env=variables, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            found = MariaDb(folder)
            _wait_for(found, process)
            yield found
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
    finally:
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(found: MariaDb, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while "ready for connections" not in (said := (found.folder / "log").read_text()):
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.02)


def has_user() -> bool:
    """Return whether it can be started: not as root, unless there is somebody to run it."""
    try:
        return os.geteuid() != 0 or bool(pwd.getpwnam(USER))
    except KeyError:
        return False
