from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event, select

from ovms.server.migrate.errors import SourceError
from ovms.server.migrate.report import MovedKind
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.schema import metadata
from tests.server.migrate.mariadb import NEWEST, OLDER, MariaDb, OtherServer
from tests.server.migrate.moves import (
    HASHCAT,
    ON_BOTH,
    car,
    counts,
    fill,
    message,
    move,
    owner,
    record,
    told,
)
from tests.server.storage.databases import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

State = dict[str, list[tuple[Any, ...]]]


def state(ours: Database) -> State:
    """Return all rows of all tables."""
    with ours.reading() as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for name, table in metadata.tables.items()
        }


@ON_BOTH
def test_everything(other: OtherServer, ours: Database) -> None:
    """A bit of everything is taken, and nothing of it a second time."""
    fill(other)
    report = move(other, ours)
    assert told(report) == []
    assert {kind: counts(report, kind) for kind in MovedKind} == {
        MovedKind.OWNERS: (2, 0, 0, 0, 0),
        MovedKind.VEHICLES: (3, 0, 0, 0, 0),
        MovedKind.MESSAGES: (3, 0, 0, 0, 0),
        MovedKind.RECORDS: (3, 0, 0, 0, 0),
        MovedKind.TRAFFIC: (1, 0, 0, 0, 0),
        MovedKind.SUBSCRIPTIONS: (1, 0, 0, 0, 0),
        MovedKind.TOKENS: (1, 0, 0, 0, 0),
        MovedKind.PROVISIONS: (1, 0, 0, 0, 0),
    }
    again = move(other, ours)
    assert again.is_empty
    assert {kind: counts(again, kind) for kind in MovedKind} == {
        kind: (0, 0, 0, counts(report, kind)[0], 0) for kind in MovedKind
    }


@pytest.mark.parametrize("engine", ["MyISAM", "Aria"])
@pytest.mark.parametrize("charset", ["latin1", "utf8mb4"])
def test_charsets_and_engines(mariadb: MariaDb, ours: Database, charset: str, engine: str) -> None:
    """However the other server's tables are kept, they say the same."""
    with mariadb.database(charset=charset, engine=engine) as other:
        other.put("owners", owner(1, "Zoë", mail="zoe@example.org"))
        other.put("cars", car(1, "ZOË", "sécret", vehiclename="Zoë's"))
        other.put("historicalmessages", record(1, "ZOË", "*-Ü", "2026-11-26 08:00:00", "é"))
        report = move(other, ours)
        assert told(report) == []
        assert counts(report, MovedKind.RECORDS)[0] == 1
        assert move(other, ours).is_empty
    with ours.reading() as connection:
        found = queries.get_vehicle(connection, "Zoë")
    assert (found.id, found.secret, found.name, found.owner) == ("ZOË", "sécret", "Zoë's", "Zoë")
    assert rows(ours, "SELECT type, CAST(data AS TEXT) FROM history") == [("*-Ü", "é")]


@ON_BOTH
def test_dry_run(other: OtherServer, ours: Database) -> None:
    """A dry run reports what an import does, and changes nothing."""
    fill(other)
    before = state(ours)
    dry = move(other, ours, is_dry=True)
    assert state(ours) == before
    wet = move(other, ours)
    assert {kind: counts(dry, kind) for kind in MovedKind} == {
        kind: counts(wet, kind) for kind in MovedKind
    }
    other.put("carmessages", message(1, "CAR1", "D", "1"))
    between = state(ours)
    assert counts(move(other, ours, is_dry=True), MovedKind.MESSAGES)[0] == 1
    assert state(ours) == between


def test_none_of_such_a_server(mariadb: MariaDb, ours: Database) -> None:
    """A database of another program, or one that is empty, is refused by what it lacks."""
    before = state(ours)
    with (
        mariadb.database({"users": "id INT PRIMARY KEY"}) as other,
        pytest.raises(SourceError, match="has no table ovms_owners: is it the server's"),
    ):
        move(other, ours)
    with (
        mariadb.database({"ovms_owners": NEWEST["ovms_owners"]}) as other,
        pytest.raises(SourceError, match="has no table ovms_cars"),
    ):
        move(other, ours)
    assert state(ours) == before


def test_empty_tables(other: OtherServer, ours: Database) -> None:
    """A new server that nobody uses is an import of nothing."""
    assert move(other, ours).is_empty


def test_another_name(other: OtherServer, ours: Database) -> None:
    """A server whose machine got another name is told, and can be named as before."""
    fill(other)
    first = move(other, ours)
    assert first.hints == []
    report = move(other, ours, source="another/name", is_dry=True)
    assert (report.is_empty, told(report)) == (True, [])
    assert report.hints == [
        f"nothing was taken from another/name before, but from {first.source}:"
        " if that is the same server, give its name (--source)"
    ]
    assert move(other, ours, source=first.source).hints == []


def test_two_servers(mariadb: MariaDb, ours: Database) -> None:
    """Two servers move into one, whose numbers of owners are the same."""
    with mariadb.database() as one, mariadb.database(OLDER) as two:
        one.put("owners", owner(1, "bob"))
        one.put("cars", car(1, "CAR1", "one"))
        two.put("owners", owner(1, "eve"))
        two.put("cars", car(1, "CAR2", "two"))
        move(one, ours)
        report = move(two, ours)
        assert len(report.hints) == 1
        assert move(one, ours).is_empty
        again = move(two, ours)
    assert (again.is_empty, again.hints) == (True, [])
    assert rows(ours, "SELECT id, owner_id FROM vehicles") == [("CAR1", 1), ("CAR2", 2)]


@ON_BOTH
def test_more_than_is_kept(other: OtherServer, ours: Database) -> None:
    """Of whom the server would delete records once it starts, is said before."""
    fill(other)
    limits = HistoryLimits(records=1)
    [hint] = move(other, ours, limits=limits).hints
    assert hint.startswith("1 vehicles have more history than the server keeps (CAR1): set")
    assert move(other, ours, limits=HistoryLimits(records=2)).hints == []


# -- All or nothing ---------------------------------------------------------------------------


class Injected(Exception):
    """What a statement fails with."""


@contextmanager
def failing_at(number: int) -> Iterator[list[int]]:
    """Have the statement of that number fail, of both databases; yield how many there were."""
    count = [0]

    def before(*_: Any) -> None:
        count[0] += 1
        if count[0] == number:
            raise Injected

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "commit", before)
    try:
        yield count
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "commit", before)


def _prepare_changes(other: OtherServer) -> None:
    """Change something of each kind there."""
    other.put("owners", owner(1, "bob", mail="b@example.org", **{"pass": "U" + HASHCAT}),
              owner(2, "eve", deleted=1), owner(3, "new"))  # fmt: skip
    other.put("cars", car(1, "CAR1", "changed"), car(2, "EVE1", "three", deleted=1),
              car(3, "NEW", "n"))  # fmt: skip
    other.put("carmessages", message(1, "CAR1", "S", "81"), message(3, "NEW", "S", "1"))
    other.put("historicalmessages", record(1, "CAR1", "*-LOG-Trip", "2026-11-27 08:00:00", "9"),
              record(1, "CAR1", "*-OVM-Utilisation", "2026-11-27 00:00:00", "900"))  # fmt: skip
    other.run("UPDATE ovms_notifies SET pushkeyvalue = 'new@example.org'")
    other.run("UPDATE ovms_apitokens SET permit = 'v2'")
    other.run("UPDATE ovms_autoprovision SET ap_msg = 'bmV3'")


STEP = [
    pytest.param(17, id="some"),
    pytest.param(1, id="each", marks=pytest.mark.soak),
]
"""Statements from one that fails to the next."""


@ON_BOTH
@pytest.mark.parametrize("step", STEP)
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "repeated"])
def test_a_failure_at_any_statement(
    other: OtherServer, ours: Database, step: int, is_first: bool
) -> None:
    """Whichever statement fails, the commit too, nothing is changed; the next import does it."""
    fill(other)
    if not is_first:
        move(other, ours)
        _prepare_changes(other)
    before = state(ours)
    with failing_at(0) as count:
        whole = move(other, ours, is_dry=True)
    assert state(ours) == before
    assert count[0] > 60
    last = count[0] + 1  # the commit
    for number in [*range(1, last, step), last]:
        with failing_at(number), pytest.raises(Injected):
            move(other, ours)
        assert state(ours) == before, number
    report = move(other, ours)
    assert {kind: counts(report, kind) for kind in MovedKind} == {
        kind: counts(whole, kind) for kind in MovedKind
    }
    assert told(report) == told(whole)
    assert move(other, ours).is_empty
