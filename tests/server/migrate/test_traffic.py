from __future__ import annotations

from typing import Any

from ovms.server.migrate.report import MovedKind
from ovms.server.storage.database import Database
from tests.server.migrate.mariadb import OLDER, MariaDb, OtherServer
from tests.server.migrate.moves import NOW, ON_BOTH, car, counts, move, owner, record
from tests.server.storage.databases import execute, rows


def sums(day: str, *values: int, vehicle: str = "CAR1") -> list[dict[str, Any]]:
    """Return the four records of a day."""
    return [
        record(1, vehicle, "*-OVM-Utilisation", f"{day} 00:00:00", str(value),
               h_recordnumber=number, h_expires=f"{day} 23:59:59")
        for number, value in enumerate(values)
    ]  # fmt: skip


def stored(ours: Database) -> list[tuple[Any, ...]]:
    """Return day and bytes of CAR1 here."""
    return rows(ours, "SELECT day, car_received, car_sent, apps_received, apps_sent"
                      " FROM utilisation WHERE vehicle_id = 'CAR1' ORDER BY day")  # fmt: skip


def test_newest_day(other: OtherServer, ours: Database) -> None:
    """The four sums of a day become ours, whenever they expire; they are no records."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    other.put("historicalmessages", *sums("2026-11-26", 1, 2, 3, 4), *sums("2026-11-27", 5, 6, 7))
    report = move(other, ours)
    assert counts(report, MovedKind.TRAFFIC) == (2, 0, 0, 0, 0)
    assert counts(report, MovedKind.RECORDS) == (0, 0, 0, 0, 0)
    assert stored(ours) == [("2026-11-26", 1, 2, 3, 4), ("2026-11-27", 5, 6, 7, 0)]


@ON_BOTH
def test_what_came_since(other: OtherServer, ours: Database) -> None:
    """What came there since is added to what came here."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    other.put("historicalmessages", *sums("2026-11-26", 100, 200, 300, 400))
    move(other, ours)
    execute(ours, "UPDATE utilisation SET car_received = car_received + 7")
    other.put("historicalmessages", *sums("2026-11-26", 110, 200, 300, 400),
              *sums("2026-11-27", 1, 2, 3, 4))  # fmt: skip
    assert counts(move(other, ours, NOW + 1), MovedKind.TRAFFIC) == (1, 1, 0, 0, 0)
    assert stored(ours) == [("2026-11-26", 117, 200, 300, 400), ("2026-11-27", 1, 2, 3, 4)]
    other.run("DELETE FROM ovms_historicalmessages WHERE h_timestamp < '2026-11-27'")
    assert counts(move(other, ours, NOW + 2), MovedKind.TRAFFIC) == (0, 0, 0, 1, 0)
    assert stored(ours)[0] == ("2026-11-26", 117, 200, 300, 400)


def test_odd_sums(other: OtherServer, ours: Database) -> None:
    """What is no sum counts nothing, and a counter that began anew takes nothing away."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one"))
    odd = [record(1, "CAR1", "*-OVM-Utilisation", "2026-11-27 00:00:00", data, h_recordnumber=n)
           for n, data in enumerate(["x", " 5 ", "-1", str(2**60), "9"])]  # fmt: skip
    other.put("historicalmessages", *odd, *sums("2026-11-27", 1, vehicle="NOBODY"))
    move(other, ours)
    assert stored(ours) == [("2026-11-27", 0, 5, 0, 0)]
    other.put("historicalmessages", *sums("2026-11-27", 0, 3, 0, 0))
    assert move(other, ours, NOW + 1).is_empty


def test_older(mariadb: MariaDb, ours: Database) -> None:
    """An older server has a row for each day; the newest may still grow."""
    with mariadb.database(OLDER) as older:
        older.put("owners", owner(1, "bob"))
        older.put("cars", car(1, "CAR1", "one"))
        for day in (25, 26):
            row = {"u_c_rx": day, "u_c_tx": 2, "u_a_rx": 3, "u_a_tx": 4}
            older.put("utilisation", {"vehicleid": "CAR1", "u_date": f"2026-11-{day}", **row})
        assert counts(move(older, ours), MovedKind.TRAFFIC) == (2, 0, 0, 0, 0)
        older.run("UPDATE ovms_utilisation SET u_a_tx = 5 WHERE u_date = '2026-11-26'")
        report = move(older, ours, NOW + 1)
    assert counts(report, MovedKind.TRAFFIC) == (0, 1, 0, 1, 0)
    assert stored(ours) == [("2026-11-25", 25, 2, 3, 4), ("2026-11-26", 26, 2, 3, 5)]
