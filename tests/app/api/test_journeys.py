from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ovms.app.api.journey_models import ApiPlaceName
from tests.app.api.clients import client_of
from tests.server.http.v1.driven import put_day, put_place
from tests.server.journeys.made import NOON, charge, put_journeys, trip

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_journeys(v1: ApiSite) -> None:
    """Journeys come the newest first, or the oldest, of chosen kinds and times."""
    put_day(v1)
    client = client_of(v1)
    assert [each.kind async for each in client.journeys("CAR1")] == ["charge", "parked", "trip"]
    since = datetime.fromtimestamp(NOON + 1, UTC)
    chosen = client.journeys(
        "CAR1", kinds=["parked", "charge", "trip"], since=since, newest_first=False
    )
    assert [each.kind async for each in chosen] == ["parked", "charge"]
    page = await client.journey_page("CAR1", limit=1)
    assert (page.state, page.items[0].is_open) == ("made", True)
    assert (await client.journey_page("CAR1", limit=2, after=page.next)).next is None


async def test_one(v1: ApiSite) -> None:
    """One trip comes with its track, one charge with its curve."""
    home = put_place(v1)
    ids = put_day(v1)
    client = client_of(v1)
    drive = await client.journey("CAR1", ids["trip"])
    assert drive.trip is not None
    assert drive.track is not None
    assert drive.start.place == ApiPlaceName(id=home, name="Home")
    assert (drive.trip.distance, drive.track[-1].distance) == (10, 10)
    load = await client.journey("CAR1", ids["charge"])
    assert load.curve is not None
    assert [each.power for each in load.curve] == [7, 6]


async def test_corrections(v1: ApiSite) -> None:
    """Journeys are changed, merged and split, and corrections taken back."""
    times = [NOON, NOON + 900]
    put_journeys(
        v1.database,
        "CAR1",
        *(trip(each, each + 600) for each in times),
        charge(NOON + 7200, NOON + 9000),
    )
    client = client_of(v1)
    load, second, first = [each async for each in client.journeys("CAR1")]
    changed = await client.change_journey("CAR1", load.id, cost=Decimal("1E+1"), note="At work")
    assert changed.charge is not None
    assert changed.charge.cost is not None
    assert (changed.charge.cost.amount, changed.note) == (Decimal(10), "At work")
    again = await client.change_journey("CAR1", load.id, cost=None)
    assert again.charge is not None
    assert again.charge.cost is None
    merged = await client.merge_journeys("CAR1", [first.id, second.id])
    assert merged.duration == 1500
    parts = await client.split_journey("CAR1", merged.id, datetime.fromtimestamp(NOON + 700, UTC))
    assert [each.duration for each in parts] == [700, 800]
    edits = [each async for each in client.journey_edits("CAR1")]
    assert [each.kind for each in edits] == ["split", "merge", "change"]
    for each in edits:
        await client.undo_journey_edit("CAR1", each.id)
    assert [each async for each in client.journey_edits("CAR1", journey_id=load.id)] == []


async def test_battery_and_exports(v1: ApiSite) -> None:
    """The battery is told by month; tables, tracks and logs come in parts."""
    ids = put_day(v1)
    client = client_of(v1)
    [month] = (await client.battery("CAR1")).months
    assert (month.charges, month.energy) == (1, 6.3)
    table = b"".join([part async for part in client.journeys_csv("CAR1", "charge")])
    assert len(table.splitlines()) == 2
    gpx = b"".join([part async for part in client.journey_gpx("CAR1", ids["trip"])])
    assert gpx.count(b"<trkpt ") == 4
    paper = b"".join([part async for part in client.trip_log("CAR1", language="de")])
    assert paper.startswith(b"%PDF")
