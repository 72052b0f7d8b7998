"""Making journeys anew: what is kept, what is replaced, and beside whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.journeys.values import JourneyKind
from ovms.server.storage import journey_rebuild
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.journey_progress import Progress, read_progress, write_progress
from ovms.server.storage.journey_rebuild import SETTLE, Rebuild, RebuildOvertaken, rebuild
from ovms.server.storage.journeys import list_journeys
from tests.server.journeys.commute import DAY, MONDAY, days, keep
from tests.server.journeys.made import parked, put_journeys, trip
from tests.server.storage.databases import execute, rows

if TYPE_CHECKING:
    from ovms.server.storage.database import Database
    from ovms.server.storage.journeys import JourneyRow

END = float(MONDAY + 3 * DAY)


def _listed(database: Database, *kinds: JourneyKind) -> list[JourneyRow]:
    with database.reading() as connection:
        return list_journeys(connection, "CAR1", kinds=kinds, limit=1000)[0]


def test_all_that_is_kept_becomes_journeys(database: Database) -> None:
    """Each drive is a trip; it says how far it is; once again changes nothing, ids included."""
    keep(database, "CAR1", days(3))
    told: list[tuple[int, int]] = []
    rebuild(database, "car1", END, lambda done, total: told.append((done, total)))
    found = _listed(database)
    assert [each.journey.distance for each in _listed(database, JourneyKind.TRIP)] == [20.0] * 6  # type: ignore[attr-defined]
    assert len(found) >= 13
    assert told[-1][0] == told[-1][1] > 0
    rebuild(database, "car1", END)
    assert _listed(database) == found
    with database.reading() as connection:
        progress = read_progress(connection, "CAR1")
    assert progress is not None
    assert (progress.seen_id, progress.since) == (told[-1][1], 0)


def test_journeys_of_before_what_is_kept_stay(database: Database) -> None:
    """So does what began then and went on; parked time that goes on keeps its start."""
    old = MONDAY - 20 * DAY
    put_journeys(
        database,
        "CAR1",
        trip(old, old + 1800),
        parked(old + 1800, MONDAY + 3600, closed=None),
    )
    before = {each.kind: each.id for each in _listed(database)}
    keep(database, "CAR1", days(2))
    keep(database, "CAR1", [(MONDAY - 3600, "*-LOG-Trip", ""), (MONDAY - 600, "S", "")])
    rebuild(database, "CAR1", END)
    first, second, *rest = _listed(database)
    assert first.journey.start.time == old
    assert (second.journey.start.time, second.journey.end.time) == (old + 1800, MONDAY + 8 * 3600)
    assert second.id == before[JourneyKind.PARKED]
    assert len([each for each in rest if each.kind is JourneyKind.TRIP]) == 4


def test_a_crash_leaves_whole_journeys(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Piece by piece old ones give way to new ones; whoever reads sees none twice, none cut."""
    monkeypatch.setattr(journey_rebuild, "JOURNEYS_A_WRITE", 2)
    keep(database, "CAR1", days(3))
    rebuild(database, "CAR1", END)
    expected = _listed(database)
    execute(database, "UPDATE raw_journeys SET closed = closed + 1")
    work = Rebuild("CAR1", int(END) - SETTLE)
    with database.reading() as connection:
        work.begin(connection)
        while work.read(connection):
            pass
    is_more, pieces = True, 0
    while is_more:
        with database.writing() as connection:
            is_more = work.write(connection)
        assert _listed(database) == expected
        pieces += 1
    assert pieces >= 6


def test_the_follower_hears_of_it(database: Database) -> None:
    """What it has read since is read again; the version says that what it knows is old."""
    keep(database, "CAR1", days(1))
    with database.writing() as connection:
        write_progress(connection, "", 10**6, 0)
        write_progress(connection, "CAR1", 10**6, 4)
    rebuild(database, "CAR1", END)
    (newest,) = rows(database, "SELECT max(id) FROM history")[0]
    with database.reading() as connection:
        assert read_progress(connection, "") == Progress(newest, 0)
        progress = read_progress(connection, "CAR1")
    assert progress is not None
    assert progress.seen_id == newest
    assert progress.version > 4


def test_whoever_is_overtaken_writes_nothing(database: Database) -> None:
    """Of two at the same time the one that ends first counts."""
    keep(database, "CAR1", days(1))
    work = Rebuild("CAR1", int(END))
    with database.reading() as connection:
        work.begin(connection)
        assert not work.read(connection)
    rebuild(database, "CAR1", END)
    with database.writing() as connection, pytest.raises(RebuildOvertaken):
        work.write(connection)


def test_a_vehicle_without_journeys(database: Database) -> None:
    """It is refused: nothing is made of what its owner does not want read."""
    execute(database, "UPDATE vehicles SET journeys = FALSE")
    with pytest.raises(InvalidValue, match="CAR1"):
        rebuild(database, "CAR1", END)
    with pytest.raises(InvalidValue, match="CAR9"):
        rebuild(database, "CAR9", END)


def test_a_vehicle_that_reported_nothing(database: Database) -> None:
    """It has no journeys, and is known to have none."""
    rebuild(database, "CAR1", END)
    assert _listed(database) == []
