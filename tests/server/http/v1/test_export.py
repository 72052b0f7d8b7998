from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from ovms.protocol.records.logs import TRIP_TYPE
from ovms.server.http.v1.export import EXPORTS_LIMIT
from ovms.server.values import ALERT_TYPE
from tests.server.http.v1.records import put

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def _export(v1: ApiSite, permit: str = "*") -> ZipFile:
    answer = await v1.call("GET /account/export", permit=permit)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    made = ZipFile(BytesIO(answer.content))
    assert made.testzip() is None
    return made


async def test_export(v1: ApiSite) -> None:
    """All of an owner's data are there, in any number, and no secret."""
    v1.share("view", "CAR3", "bob")
    v1.share("location", "CAR1", "alice")
    await v1.http.report("S50,K", "L50,8,0,0,1,9")
    await put(v1, "a/b=c", *((at, f"=x{at}") for at in range(-2500, 0)))
    await put(v1, "L", (-5, "50,8,0,0,1,9"))
    made = await _export(v1)
    names = made.namelist()
    assert not [name for name in names if "CAR3" in name]
    (file,) = [name for name in names if "a%2Fb%3Dc" in name]
    rows = list(csv.reader(StringIO(made.read(file).decode())))
    assert (len(rows), rows[-1]) == (2501, ["a/b=c", "2023-11-14T22:13:19Z", "0", "'=x-1"])
    account = json.loads(made.read("account.json"))
    assert (account["name"], account["vehicles"]) == ("Bob", ["CAR1", "CAR2", "PEER"])
    assert [(each["vehicle"], each["with"]) for each in account["shares"]] == [
        ("CAR1", "Alice"), ("CAR3", "Bob")
    ]  # fmt: skip
    vehicle = json.loads(made.read("vehicles/CAR1/vehicle.json"))
    assert [each["code"] for each in vehicle["latest"]] == ["L", "S"]
    assert b"<trkpt" in made.read("vehicles/CAR1/track.gpx")
    everything = b"".join(map(made.read, names))
    for secret in (b"secret", v1.token().encode(), b"argon2"):
        assert secret not in everything


@pytest.mark.parametrize("permit", ["account", "account,view"])
async def test_rights(v1: ApiSite, permit: str) -> None:
    """What a token may not see is left out."""
    for record_type in ("S", "L", TRIP_TYPE):
        await put(v1, record_type, (-5, "50,8,0,0,1,9"))
    names = (await _export(v1, permit)).namelist()
    files = {"vehicle.json", "traffic.csv", "trips.csv", "charges.csv", "parked.csv"}
    assert [name for name in names if "L" in name or "gpx" in name] == []
    found = {name.removeprefix("vehicles/CAR1/") for name in names if "/CAR1/" in name}
    assert found == (files | {"history/002-S.csv"} if "view" in permit else set())


@pytest.mark.parametrize("permit", ["account,view", "account,location"])
async def test_alerts_that_say_where(v1: ApiSite, permit: str) -> None:
    """Alerts are told without a text that may say a place to who may not see where it was."""
    await put(v1, ALERT_TYPE, (-5, "A,At 51.5074,-0.1278"), (-4, "IToo, hot"), (-3, "A,Too hot"))
    made = await _export(v1, permit)
    assert ("places.json" in made.namelist()) is ("location" in permit)
    (file,) = [name for name in made.namelist() if "Notification" in name]
    data = [row["data"] for row in csv.DictReader(StringIO(made.read(file).decode()))]
    at = "At 51.5074,-0.1278" if "location" in permit else ""
    assert data == [f"A,{at}", "IToo, hot", "A,Too hot"]


async def test_where_others_are(v1: ApiSite) -> None:
    """Where the owner called from is told, and not where others did who share the vehicle."""
    v1.share("manage")
    for owner in ("alice", "bob"):
        await v1.call("PATCH /vehicles/CAR1", owner, json={"name": owner})
    await v1.context.audit.settle()
    rows = csv.DictReader(StringIO((await _export(v1)).read("audit.csv").decode()))
    shown = {row["actor"]: row["address"] for row in rows if row["action"] == "vehicle.change"}
    assert shown == {"Alice": "", "Bob": "192.0.2.7"}


async def test_many(v1: ApiSite) -> None:
    """An account makes one at a time, and the server a few; afterwards there is room again."""
    v1.context.exports.update(range(100, 100 + EXPORTS_LIMIT))
    answer = await v1.call("GET /account/export")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    v1.context.exports.clear()
    await _export(v1)
    assert not v1.context.exports


async def test_who_gets_in(v1: ApiSite) -> None:
    """The sessions and links of the owner are there, without what leads in; a text says what is."""
    cookie = await v1.session()
    link = {"expires": "2023-11-15T00:00:00Z", "label": "Friend"}
    path = (await v1.call("POST /vehicles/CAR1/links", json=link)).json()["path"]
    made = await _export(v1)
    account = json.loads(made.read("account.json"))
    assert [each["address"] for each in account["sessions"]] == ["192.0.2.7"]
    assert [(each["vehicle"], each["label"]) for each in account["links"]] == [("CAR1", "Friend")]
    assert account["passkeys"] == []
    assert made.read("README.txt").decode().startswith("Data of the owner Bob at this server")
    for secret in (cookie, path.rpartition("/")[2]):
        assert secret.encode() not in b"".join(map(made.read, made.namelist()))
