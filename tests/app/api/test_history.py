from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ovms.server.values import ALERT_TYPE
from tests.app.api.clients import client_of
from tests.server.http.v1.records import put

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_history(v1: ApiSite) -> None:
    """Records come page by page, oldest first, or as CSV; alerts newest first."""
    await put(v1, "*-LOG-X", (-9, "a,1"), (-8, "b,2"), (-7, "c,3"))
    await put(v1, ALERT_TYPE, (-9, "A,Theft"), (-8, "I,Full"))
    client = client_of(v1)
    [kind] = [each for each in await client.history("CAR1") if each.type == "*-LOG-X"]
    assert kind.records == 3
    assert [each.data async for each in client.records("CAR1", "*-LOG-X")] == ["a,1", "b,2", "c,3"]
    text = b"".join([part async for part in client.records_csv("CAR1", "*-LOG-X")]).decode()
    assert len(text.splitlines()) == 4
    assert [each.text async for each in client.alerts("CAR1")] == ["Full", "Theft"]
    every = [(each.vehicle_id, each.text) async for each in client.all_alerts(kinds=["alert"])]
    assert every == [("CAR1", "Theft")]


async def test_parts_of_the_history(v1: ApiSite) -> None:
    """Records are chosen by number and order, alerts by kind; a span is deleted."""
    await put(v1, "*-LOG-X", (-9, "a"), (-8, "b"))
    await put(v1, "*-LOG-X", (-7, "c"), number=2)
    await put(v1, ALERT_TYPE, (-9, "A,Theft"), (-8, "I,Full"), (-7, "E,1"))
    client = client_of(v1)
    newest = [each async for each in client.records("CAR1", "*-LOG-X", newest_first=True)]
    assert [each.data for each in newest] == ["c", "b", "a"]
    assert [each.data async for each in client.records("CAR1", "*-LOG-X", number=2)] == ["c"]
    kinds = ("alert", "information")
    assert [each.text async for each in client.alerts("CAR1", kinds=kinds)] == ["Full", "Theft"]
    until = newest[1].time
    assert await client.delete_records("CAR1", "*-LOG-X", until=until) == 2
    since = until - timedelta(seconds=60)
    [kind] = [each for each in await client.history("CAR1", since=since) if each.type == "*-LOG-X"]
    assert kind.records == 1


async def test_series_and_tracks(v1: ApiSite) -> None:
    """Fields come in buckets, with gaps; a track is GeoJSON, or GPX in parts."""
    await put(v1, "S", (-100, "10"), (-90, "20"))
    await put(v1, "L", (-60, "50,8,0,120,1,9"), (-30, "50.01,8,0,120,1,9"))
    client = client_of(v1)
    assert "soc" in {each.name for each in await client.series_fields("CAR1")}
    series = await client.series("CAR1", ["soc", "odometer"], points=24)
    assert series.fields.keys() == {"soc", "odometer"}
    assert {each for each in series.fields["soc"].max if each is not None} == {20}
    assert len(series.times) == len(series.fields["odometer"].min)
    track = await client.track("CAR1", tolerance=0)
    assert track.geometry is not None
    assert [len(line) for line in track.geometry.coordinates] == [2]
    assert b"".join([part async for part in client.track_gpx("CAR1")]).count(b"<trkpt ") == 2
