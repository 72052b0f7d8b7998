"""How far journeys are: windows of records, what comes late, which checkpoints are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select

from ovms.protocol.messages import LatestMessage
from ovms.server.storage.batch import Batch
from ovms.server.storage.journey_progress import (
    CHECKPOINT_LIMIT,
    DAY,
    Progress,
    find_checkpoint,
    first_late,
    followed,
    is_pic,
    kept_times,
    last_record,
    lower_mark,
    read_progress,
    read_rows,
    read_window,
    unfolded_vehicles,
    whole_since,
    write_checkpoints,
    write_progress,
)
from ovms.server.storage.schema import history, history_purges
from tests.server.journeys.commute import keep
from tests.server.storage.databases import apply, execute

if TYPE_CHECKING:
    from ovms.server.journeys.samples import JourneyRecord
    from ovms.server.storage.database import Database


def _newest(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.max(history.c.id))) or 0


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 100])
def test_windows_have_everything_once_in_order(database: Database, rows: int) -> None:
    """Seconds are never cut, not those with more records than a window has either."""
    keep(database, "CAR1", [(t // 3, "DLSX"[t % 4], f"{t},1,2,3,4") for t in range(60)])
    keep(database, "CAR1", [(19, "D", f"{n}") for n in range(20)])
    keep(database, "CAR2", [(5, "D", "no")])
    found: list[JourneyRecord] = []
    after = -1
    until: int | None = 0
    with database.reading() as connection:
        while until is not None:
            part, until = read_window(connection, "CAR1", after, 10**9, rows)
            assert all(after < each.time for each in part)
            after = until if until is not None else after
            assert all(each.time <= after for each in part) or until is None
            found += part
    assert found == sorted(found)
    assert len(found) == 45 + 20


def test_what_is_read_ends_before_this_moment(database: Database) -> None:
    """A record of the last seconds waits, and what came behind it; a far future does not."""
    keep(database, "CAR1", [(100, "D", "a"), (10**6, "D", "b"), (108, "D", "c"), (50, "D", "d")])
    with database.reading() as connection:
        assert last_record(connection, 0, 105, 110) == 2
        assert [row.record.data for row in read_rows(connection, 0, 2, 9)] == [b"a", b"b"]
        assert last_record(connection, 2, 109, 114) == 4
        assert [row.id for row in read_rows(connection, 2, 4, 1)] == [3]
        assert last_record(connection, 4, 109, 114) == 4


def test_late_records_are_found(database: Database) -> None:
    """Those that were stored after an id and are of before a time; erased ones do not count."""
    keep(database, "CAR1", [(100, "D", "a"), (300, "S", "b")])
    seen = _newest(database)
    keep(
        database, "CAR1", [(90, "L", "c"), (80, "*-LOG-Trip", "d"), (85, "X", "e"), (400, "D", "f")]
    )
    with database.reading() as connection:
        assert first_late(connection, "CAR1", seen, 10**9, -1, 300) == 80
        assert first_late(connection, "CAR1", seen, 10**9, -1, 79) is None
        assert first_late(connection, "CAR1", _newest(database), 10**9, -1, 300) is None
    with database.writing() as connection:
        row = {"vehicle_id": "CAR1", "last_id": _newest(database) - 1}
        connection.execute(insert(history_purges).values(row))
    with database.reading() as connection:
        assert first_late(connection, "CAR1", 0, 10**9, -1, 300) is None
        assert len(read_window(connection, "CAR1", -1, 10**9)[0]) == 1


def test_what_is_kept_whole(database: Database) -> None:
    """From the youngest of the first reports of all kinds on; without any, all is.

    Of a car that has just begun nothing is lacking.
    """
    with database.reading() as connection:
        assert whole_since(connection, "CAR1") == 0
    keep(database, "CAR1", [(100, "D", ""), (90, "S", ""), (120, "L", ""), (50, "*-LOG-Trip", "")])
    keep(database, "CAR2", [(100, "D", ""), (3690, "S", ""), (3701, "L", ""), (9000, "D", "")])
    with database.reading() as connection:
        assert whole_since(connection, "CAR1") == 90
        assert whole_since(connection, "CAR2") == 3701


def test_the_module(database: Database) -> None:
    """A PIC sends some fields in other units; who says nothing is none."""
    with database.reading() as connection:
        assert not is_pic(connection, "CAR1")
    batch = Batch()
    for vehicle_id, data in (("CAR1", b"3.1.4/TR2.0/V2/x,1,2"), ("CAR2", b"3.3.004,1,2")):
        batch.messages[vehicle_id] = {"F": LatestMessage("F", data, 1.0)}
    apply(database, batch)
    with database.reading() as connection:
        assert is_pic(connection, "CAR1")
        assert not is_pic(connection, "CAR2")


def test_progress(database: Database) -> None:
    """It is stored of each vehicle and of all; that of all only ever goes back for a rebuild."""
    with database.writing() as connection:
        assert read_progress(connection, "CAR1") is None
        write_progress(connection, "CAR1", 5, 1)
        write_progress(connection, "CAR1", 7, 2)
        write_progress(connection, "", 9, 0)
        lower_mark(connection, 12)
        assert read_progress(connection, "") == Progress(9, 0)
        lower_mark(connection, 3)
        assert (read_progress(connection, ""), read_progress(connection, "CAR1")) == (
            Progress(3, 0),
            Progress(7, 2),
        )


def test_who_has_journeys(database: Database) -> None:
    """Cars whose owner wants them, that are not paranoid, and those with none yet."""
    keep(database, "CAR1", [(1, "D", "")])
    keep(database, "CAR2", [(1, "X", "")])
    with database.writing() as connection:
        assert unfolded_vehicles(connection) == ["CAR1"]
        assert followed(connection, ["CAR1", "CAR2", "CAR3"]) == {"CAR1", "CAR2"}
        write_progress(connection, "CAR1", 1, 0)
        assert unfolded_vehicles(connection) == []
    execute(database, "UPDATE vehicles SET journeys = FALSE WHERE id = 'CAR1'")
    execute(database, "UPDATE vehicles SET paranoid_token = 'x' WHERE id = 'CAR2'")
    with database.reading() as connection:
        assert followed(connection, ["CAR1", "CAR2"]) == set()


def test_checkpoints(database: Database) -> None:
    """The newest before a time is found; those after one are replaced."""
    with database.writing() as connection:
        write_checkpoints(connection, "CAR1", -1, [(10, b"a"), (20, b"b"), (30, b"c")])
        write_checkpoints(connection, "CAR1", 10, [(15, b"d")])
        assert find_checkpoint(connection, "CAR1", None) == (15, b"d")
        assert find_checkpoint(connection, "CAR1", 15) == (10, b"a")
        assert find_checkpoint(connection, "CAR1", 10) is None
        assert find_checkpoint(connection, "CAR2", None) is None
        write_checkpoints(connection, "CAR1", 12, [])
        assert find_checkpoint(connection, "CAR1", None) == (10, b"a")
        days = [(day * DAY, b"") for day in range(300)]
        write_checkpoints(connection, "CAR1", -1, days)
        assert find_checkpoint(connection, "CAR1", None) == days[-1]


def test_which_checkpoints_are_kept() -> None:
    """All of two days, then the newest of each day, and never more than the limit."""
    times = [*range(0, 6 * DAY, DAY // 4)]
    kept = kept_times(times)
    assert kept == sorted(kept, reverse=True)
    assert sum(each > times[-1] - 2 * DAY for each in kept) == 8
    assert [each // DAY for each in kept if each <= times[-1] - 2 * DAY] == [3, 2, 1, 0]
    assert len(kept_times(range(0, DAY, 10))) <= CHECKPOINT_LIMIT
    assert kept_times([]) == []
