from __future__ import annotations

import pytest

from ovms.server.migrate.report import MovedKind
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from tests.server.migrate.mariadb import OtherServer
from tests.server.migrate.moves import NOW, ON_BOTH, at, car, counts, message, move, owner
from tests.server.storage.databases import execute, rows

TEN, ELEVEN = "2026-11-27 10:00:00", "2026-11-27 11:00:00"


@pytest.fixture
def filled(other: OtherServer) -> OtherServer:
    """Give the other server a car, in paranoid mode by the token P."""
    other.put("owners", owner(1, "bob"))
    other.put("cars", car(1, "CAR1", "one", v_ptoken="P"), car(1, "GONE", "x", deleted=1))
    return other


def stored(ours: Database) -> list[tuple[str, bytes, float, str]]:
    """Return code, data, time and token of the messages here."""
    return rows(ours, "SELECT code, data, time, token FROM messages ORDER BY code")


@ON_BOTH
def test_taken(filled: OtherServer, ours: Database) -> None:
    """Plain ones and sealed ones are as apps got them there, bytes and all."""
    filled.put("carmessages", message(1, "CAR1", "S", "80,K,Zürich,Ã¼"),
               message(1, "CAR1", "L", "c2VhbGVk", m_paranoid=1, m_ptoken="P"),
               message(1, "CAR1", "?", ""))  # fmt: skip
    assert counts(move(filled, ours), MovedKind.MESSAGES) == (3, 0, 0, 0, 0)
    time = at(TEN)
    assert stored(ours) == [
        ("?", b"", time, ""),
        ("L", b"c2VhbGVk", time, "P"),
        ("S", "80,K,Zürich,Ã¼".encode(), time, ""),
    ]
    with ours.reading() as connection:
        loaded = queries.load_vehicle(connection, "CAR1")
    assert loaded is not None
    assert all(each.counts(loaded[0].paranoid_token) for each in loaded[1])


def test_left(filled: OtherServer, ours: Database) -> None:
    """Those that count no more, say nothing or are of nobody here are left, and counted."""
    filled.put("carmessages", message(1, "CAR1", "S", "1", m_valid=0),
               message(1, "CAR1", "D", "1", m_paranoid=1, m_ptoken="old"),
               message(1, "CAR1", "F", "1", m_paranoid=1),
               message(1, "CAR1", "Z", "1"), message(1, "CAR1", "", "1"),
               message(1, "CAR1", "W", "1", m_msgtime="0000-00-00 00:00:00"),
               message(1, "GONE", "S", "1"), message(2, "CAR1", "S", "1"))  # fmt: skip
    report = move(filled, ours)
    assert counts(report, MovedKind.MESSAGES) == (0, 0, 0, 0, 8)
    assert report[MovedKind.MESSAGES].reasons == {
        "void there": 1, "sealed under an older password": 2, "of a code that is not kept": 2,
        "without a time": 1, "of a vehicle that is left": 2,
    }  # fmt: skip
    assert stored(ours) == []


@pytest.mark.parametrize(("length", "is_cut"), [(254, False), (255, True)])
def test_cut(filled: OtherServer, ours: Database, length: int, is_cut: bool) -> None:
    """A plain message that fills its column lost its end there, so its last field says nothing."""
    text = "1," * 120 + "x" * (length - 240)
    filled.put("carmessages", message(1, "CAR1", "S", text),
               message(1, "CAR1", "D", "y" * length),
               message(1, "CAR1", "L", text, m_paranoid=1, m_ptoken="P"))  # fmt: skip
    report = move(filled, ours)
    data = {code: data.decode() for code, data, _, _ in stored(ours)}
    assert data == {"S": text[:239] if is_cut else text, "D": "y" * length, "L": text}
    assert len(report[MovedKind.MESSAGES].reasons) == is_cut
    assert report[MovedKind.MESSAGES].left == 0


@ON_BOTH
def test_newer_counts(filled: OtherServer, ours: Database) -> None:
    """A newer one there replaces ours; ours stays if it is newer."""
    filled.put("carmessages", *(message(1, "CAR1", code, "1") for code in "SDL"))
    move(filled, ours)
    execute(ours, "UPDATE messages SET data = x'32', time = time + 3600 WHERE code = 'D'")
    filled.put("carmessages", message(1, "CAR1", "S", "3", m_msgtime="2026-11-27 10:30:00"),
               message(1, "CAR1", "D", "3", m_msgtime="2026-11-27 10:30:00"))  # fmt: skip
    report = move(filled, ours, NOW + 1)
    assert counts(report, MovedKind.MESSAGES) == (0, 1, 0, 2, 0)
    assert [each[:2] for each in stored(ours)] == [("D", b"2"), ("L", b"1"), ("S", b"3")]


def test_same_second(filled: OtherServer, ours: Database) -> None:
    """One that came there within the second in which it was read is taken, too."""
    filled.put("carmessages", message(1, "CAR1", "S", "1"))
    move(filled, ours)
    filled.put("carmessages", message(1, "CAR1", "S", "2"), message(1, "CAR1", "D", "2"))
    assert counts(move(filled, ours, NOW + 1), MovedKind.MESSAGES) == (1, 1, 0, 0, 0)
    assert [each[1] for each in stored(ours)] == [b"2", b"2"]


def test_erased_here(filled: OtherServer, ours: Database) -> None:
    """What was erased here comes back only with a newer message."""
    filled.put("carmessages", message(1, "CAR1", "S", "1"),
               message(1, "CAR1", "D", "1", m_msgtime=ELEVEN))  # fmt: skip
    move(filled, ours)
    execute(ours, "DELETE FROM messages")
    move(filled, ours, NOW + 1)
    assert [each[0] for each in stored(ours)] == ["D"]
