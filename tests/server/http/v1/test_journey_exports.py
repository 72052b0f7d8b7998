from __future__ import annotations

import csv
import re
import sys
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.http.v1 import journeys
from ovms.server.storage import journeys as stored
from ovms.server.storage import queries
from tests.server.http.v1.driven import journeys_of, put_day, put_place
from tests.server.journeys.made import NOON, put_journeys, trip

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

CSV = "GET /vehicles/CAR1/journeys.csv"
LOG = "GET /vehicles/CAR1/trip-log.pdf"
DAY = 86400


async def _table(v1: ApiSite, owner: str = "bob", **params: Any) -> list[dict[str, str]]:
    answer = await v1.call(CSV, owner, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return [*csv.DictReader(answer.text.splitlines())]


async def test_csv(v1: ApiSite) -> None:
    """A table has all journeys of a kind, in the owner's zone, with the names of their places."""
    put_place(v1)
    ids = put_day(v1)
    await v1.call("PATCH /account", json={"zone": "Europe/Berlin"})
    note = {"note": "=Anna", "purpose": "business"}
    await v1.call(f"PATCH /vehicles/CAR1/journeys/{ids['trip']}", json=note)
    [row] = await _table(v1)
    assert (row["start"], row["start_place"]) == ("2025-06-15T17:06:40+02:00", "Home")
    assert (row["distance [km]"], row["purpose"], row["note"]) == ("10", "business", "'=Anna")
    [load] = await _table(v1, kind="charge")
    assert load["grid_energy [kWh]"] == "7"
    assert await _table(v1, kind="parked", until=NOON) == []
    answer = await v1.call(CSV)
    assert answer.headers["content-disposition"] == 'attachment; filename="CAR1-trips.csv"'


async def test_pages_of_csv(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table is read page by page, with one head."""
    monkeypatch.setattr(journeys, "READ_AT_ONCE", 2)
    starts = [NOON + at * 3600 for at in range(5)]
    put_journeys(v1.database, "CAR1", *(trip(each, each + 60) for each in starts))
    rows = await _table(v1)
    assert len(rows) == 5
    assert [each["start"] for each in rows] == sorted(each["start"] for each in rows)


async def test_without_location(v1: ApiSite) -> None:
    """Tables for who may not see positions have none, nor places, heights and notes; no GPX."""
    put_place(v1)
    ids = put_day(v1)
    note = {"note": "to Anna"}
    await v1.call(f"PATCH /vehicles/CAR1/journeys/{ids['trip']}", json=note)
    v1.share_only("view")
    [row] = await _table(v1, "alice")
    where = [name for name in row if re.search("place|tude|ascent|descent|note", name)]
    assert len(where) >= 8
    assert {row[name] for name in where} == {""}
    assert row["distance [km]"] == "10"
    paper = _texts((await v1.call(LOG, "alice")).content)
    assert paper != _texts((await v1.call(LOG)).content)
    path = f"GET /vehicles/CAR1/journeys/{ids['trip']}/track.gpx"
    assert (await v1.call(path, "alice")).status_code == 403


async def test_csv_of_a_share_that_ends(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table ends with its page when a share ends, and says no places once that right is gone."""
    monkeypatch.setattr(journeys, "READ_AT_ONCE", 1)
    put_place(v1)
    starts = [NOON + at * 3600 for at in range(3)]
    put_journeys(v1.database, "CAR1", *(trip(each, each + 60) for each in starts))
    v1.share_only("location")
    read, reads = stored.list_journeys, 0

    def list_journeys(*args: Any, **more: Any) -> Any:
        nonlocal reads
        reads += 1
        if reads > 1:
            v1.share_only("view" if reads == 2 else "")
        return read(*args, **more)

    monkeypatch.setattr(stored, "list_journeys", list_journeys)
    rows = await _table(v1, "alice")
    assert [each["start_place"] for each in rows] == ["Home", ""]


async def test_gpx(v1: ApiSite) -> None:
    """A trip's track is GPX; what is no trip has none."""
    ids = put_day(v1)
    answer = await v1.call(f"GET /vehicles/CAR1/journeys/{ids['trip']}/track.gpx")
    assert answer.headers["content-type"].startswith("application/gpx+xml")
    assert answer.text.count("<trkpt ") == 4
    other = await v1.call(f"GET /vehicles/CAR1/journeys/{ids['charge']}/track.gpx")
    assert (other.status_code, other.json()["error"]["code"]) == (404, "no_track")
    put_day(v1, "CAR2")
    foreign = journeys_of(v1, "CAR2")["trip"]
    path = f"GET /vehicles/CAR1/journeys/{foreign}/track.gpx"
    assert (await v1.call(path)).status_code == 404


def _texts(paper: bytes) -> bytes:
    """Return what is drawn on the pages of a PDF."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", paper, re.S)
    return b"".join(
        found for each in streams if b" Td" in (found := _inflated(each)) or b" Tm" in found
    )


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return b""


async def test_trip_log(v1: ApiSite) -> None:
    """The log is a PDF of the trips of a span and a purpose."""
    put_day(v1)
    answer = await v1.call(LOG, params={"since": "2025-06-15", "until": "2025-06-16"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    whole = _texts(answer.content)
    assert whole
    empty = [
        _texts((await v1.call(LOG, params=params)).content)
        for params in ({"since": "2025-06-16"}, {"purpose": "private"})
    ]
    assert all(len(each) < len(whole) for each in empty)
    german = await v1.call(LOG, params={"language": "de"})
    assert _texts(german.content) != whole
    extremes = {"since": "0001-01-01", "until": "9999-12-31"}
    assert (await v1.call(LOG, params=extremes)).status_code == 200


async def test_without_the_extra(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the package is missing a log is refused, and told which extra brings it."""
    monkeypatch.delitem(sys.modules, "ovms.server.journeys.exports.paper", raising=False)
    monkeypatch.setitem(sys.modules, "fpdf", None)
    for _ in range(2):  # the next one is refused for the same reason
        error = (answer := await v1.call(LOG)).json()["error"]
        assert (answer.status_code, error["code"]) == (409, "no_pdf")
        assert "pip install 'ovms[pdf]'" in error["message"]


async def test_too_many_trips(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of more trips than a log may have is refused, and the next one is made."""
    monkeypatch.setattr("ovms.server.journeys.exports.trip_log.TRIPS_LIMIT", 1)
    put_journeys(v1.database, "CAR1", trip(), trip(NOON + DAY, NOON + DAY + 60))
    answer = await v1.call(LOG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "too_many_trips")
    assert (await v1.call(LOG, params={"since": "2025-06-16"})).status_code == 200


async def test_one_at_a_time(v1: ApiSite) -> None:
    """An account makes one log or export at a time."""
    with v1.database.reading() as connection:
        bob = queries.get_owner(connection, "bob").id
    v1.context.exports.add(bob)
    assert (await v1.call(LOG)).status_code == 429
    v1.context.exports.discard(bob)
    assert (await v1.call(LOG)).status_code == 200


@pytest.mark.parametrize(
    ("call", "params"),
    [(LOG, {"since": "2025-06-15", "until": "2025-06-15"}), (LOG, {"since": "0"}),
     (LOG, {"language": "fr"}), (LOG, {"purpose": "fun"}), (CSV, {"kind": "all"}),
     (CSV, {"since": 9, "until": 9})],
)  # fmt: skip
async def test_refused(v1: ApiSite, call: str, params: dict[str, Any]) -> None:
    """What a call cannot mean is refused."""
    assert (await v1.call(call, params=params)).status_code == 422
