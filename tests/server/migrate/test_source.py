from __future__ import annotations

import pytest
from sqlalchemy import literal_column, select, text

from ovms.server.migrate import source as source_module
from ovms.server.migrate.errors import SourceError
from ovms.server.migrate.source import (
    CARS,
    HISTORY,
    MESSAGES,
    NOTIFIES,
    TOKENS,
    UTILISATION,
    SourceDatabase,
    open_source,
    source_url,
)
from tests.server.migrate.mariadb import OLDER, MariaDb, OtherServer
from tests.server.migrate.moves import car, message, record


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("rubbish", "the URL is none"),
        ("mysql://root@host:port/x", "the URL is none"),
        ("postgresql://root:pw@host/x", "mysql or mariadb database is needed"),
        ("vehicles.csv", "the URL is none"),
        ("mysql+asyncmy://root@host/x", "mysql or mariadb database is needed"),
        ("mysql://root:pw@host", "names no database"),
        ("mysql://root:pw@host/x?charset=latin1", "'charset' is none of unix_socket"),
    ],
)
def test_wrong_url(url: str, reason: str) -> None:
    """A URL that cannot be used is refused in a line without the password."""
    with pytest.raises(SourceError, match=reason) as caught:
        source_url(url, None)
    assert "pw" not in str(caught.value)


def test_url() -> None:
    """Both names of the database are taken; a password may come beside the URL."""
    for scheme in ("mysql", "mariadb"):
        url = source_url(f"{scheme}://me@host:3307/x?unix_socket=/s", "p@ss:/word")
        assert (url.drivername, url.password, url.port) == ("mysql+pymysql", "p@ss:/word", 3307)
        assert source_url(f"{scheme}://me:own@host/x", "other").password == "own"
        assert source_url(f"{scheme}://me@host/x", None).password is None
        assert "p@ss" not in str(url)


def test_nobody_there() -> None:
    """A machine where nothing listens is a line."""
    url = source_url("mysql://me:pw@127.0.0.1:1/x", None)
    with pytest.raises(SourceError, match="connect to MySQL server"), open_source(url):
        pass


def test_no_such_database(mariadb: MariaDb) -> None:
    """A database that is not there is told by its name."""
    with (
        pytest.raises(SourceError, match="Unknown database 'nothere'"),
        open_source(source_url(mariadb.url("nothere"), None)),
    ):
        pass


def test_password(mariadb: MariaDb, other: OtherServer) -> None:
    """A user with a password needs it, and a reader's rights are enough."""
    other.run("CREATE USER reader@localhost IDENTIFIED BY 'pässword'")
    try:
        url = mariadb.url(other.name, "reader")
        for wrong in (None, "wrong"):
            with (
                pytest.raises(SourceError, match="Access denied") as caught,
                open_source(source_url(url, wrong)),
            ):
                pass
            assert "pässword" not in str(caught.value)
        other.run(f"GRANT SELECT ON {other.name}.* TO reader@localhost")
        with open_source(source_url(url, "pässword")) as source:
            assert source.has(CARS)
    finally:
        other.run("DROP USER reader@localhost")


def test_name(other: OtherServer) -> None:
    """A source is remembered by its machine and the name of the database."""
    [(machine,)] = other.run("SELECT @@hostname")
    with open_source(source_url(other.url, None)) as source:
        assert source.name == f"{machine}/{other.name}"


def test_nothing_is_written(other: OtherServer) -> None:
    """The connection cannot write there."""
    other.put("cars", car(1, "CAR1", "one"))
    delete = text("DELETE FROM ovms_cars")
    with (
        open_source(source_url(other.url, None)) as source,
        pytest.raises(SourceError, match="READ ONLY"),
    ):
        source.run(delete)
    assert other.run("SELECT count(*) FROM ovms_cars") == [(1,)]


def _keys(source: SourceDatabase) -> list[tuple[object, ...]]:
    return [
        (row.owner, row.vehicleid, row.h_recordtype, row.h_recordnumber, row.h_timestamp)
        for page in source.pages(HISTORY)
        for row in page
    ]


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("charset", ["utf8", "latin1"])
def test_pages(
    other: OtherServer, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch, size: int, charset: str
) -> None:
    """Pages of any size give each row once, in the order of the key."""
    monkeypatch.setattr(source_module, "PAGE", size)
    rows = [
        record(owner, vehicle, kind, time, "x", h_recordnumber=number)
        for owner in (1, 2)
        for vehicle in ("CAR", "ä 'b")
        for kind in ("*-A", "b")
        for number in (-1, 3)
        for time in ("0000-00-00 00:00:00", "2026-01-01 00:00:00")
    ]
    with mariadb.database(charset=charset) as made:
        made.put("historicalmessages", *rows)
        with open_source(source_url(made.url, None)) as source:
            found = _keys(source)
    assert len(found) == len(set(found)) == len(rows)
    assert [each[0] for each in found] == [1] * 16 + [2] * 16
    assert {each[4] for each in found} == {None, 1767225600}


def test_times(other: OtherServer) -> None:
    """Times are Unix seconds, whatever zone the server is in; zero dates are none."""
    other.run("SET time_zone = '+05:00'")
    other.put("cars", car(1, "A", "x", v_lastupdate="2026-01-01 00:00:01"),
              car(1, "B", "x", v_lastupdate="0000-00-00 00:00:00"), car(1, "C", "x"))  # fmt: skip
    with open_source(source_url(other.url, None)) as source:
        [page] = source.pages(CARS)
    assert [row.v_lastupdate for row in page] == [1767225601, None, -2208988800]


def test_older(mariadb: MariaDb) -> None:
    """Columns and tables that an older server lacks are none, and left out of the key."""
    with mariadb.database(OLDER) as older:
        row = message(1, "CAR1", "S", "80")
        del row["owner"]
        older.put("carmessages", row)
        with open_source(source_url(older.url, None)) as source:
            [[found]] = source.pages(MESSAGES)
            assert (found.owner, found.vehicleid, found.m_msg) == (None, "CAR1", "80")
            assert not source.has(TOKENS)
            assert [*source.pages(TOKENS)] == []
            assert source.has(UTILISATION)
            assert not source.has_column(NOTIFIES, "owner")
            with pytest.raises(SourceError, match="ovms_notifies has no column owner"):
                source.column(NOTIFIES, "owner")


def test_spelled_otherwise(mariadb: MariaDb) -> None:
    """Names of tables and columns are found in any case; a view is as good as a table."""
    tables = {"OVMS_Real": "Owner INT, VehicleID VARCHAR(32), CarPass VARCHAR(20)"}
    with mariadb.database(tables) as made:
        made.run("CREATE VIEW OVMS_Cars AS SELECT * FROM OVMS_Real")
        made.run("INSERT INTO OVMS_Real VALUES (1, 'CAR1', 'pw')")
        with open_source(source_url(made.url, None)) as source:
            [[row]] = source.pages(CARS)
    assert (row.owner, row.vehicleid, row.carpass, row.v_type) == (1, "CAR1", "pw", None)


def test_where(other: OtherServer) -> None:
    """Only some rows are read if that is asked for."""
    other.put("cars", car(1, "A", "x"), car(2, "B", "y"))
    with open_source(source_url(other.url, None)) as source:
        [[row]] = source.pages(CARS, source.column(CARS, "owner") == 2, key=("vehicleid",))
        assert row.vehicleid == "B"
        query = source.from_table(select(literal_column("count(*)")), CARS)
        assert [*source.run(query)] == [(2,)]


def test_gone_meanwhile(other: OtherServer) -> None:
    """A connection that breaks is a line."""
    one = text("SELECT CONNECTION_ID()")
    with open_source(source_url(other.url, None)) as source:
        [(mine,)] = source.run(one)
        other.run(f"KILL {mine}")
        with pytest.raises(SourceError, match=r"Lost connection|gone away|killed"):
            source.run(one)
