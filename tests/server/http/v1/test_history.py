from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from ovms.protocol.records.history import ALERT_TYPE
from ovms.protocol.records.logs import TRIP_TYPE
from tests.server.http.v1.records import put

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

RECORDS = "/vehicles/CAR1/history/records"


async def _read(v1: ApiSite, owner: str = "bob", **params: Any) -> dict[str, Any]:
    answer = await v1.call(f"GET {RECORDS}", owner, params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_types(v1: ApiSite) -> None:
    """Each type has its counts, its times, and whether it may say where the car was."""
    await put(v1, "S", (-60, "50,K"), (0, "51,K"))
    await put(v1, "a/b", (-9, "x"), number=3)
    answer = (await v1.call("GET /vehicles/CAR1/history")).json()
    assert answer[0] == {
        "type": "S", "records": 2, "numbers": 1, "bytes": 58,
        "first": "2023-11-14T22:12:20.000Z", "last": "2023-11-14T22:13:20.000Z",
        "holds_position": False,
    }  # fmt: skip
    assert (answer[1]["type"], answer[1]["holds_position"]) == ("a/b", True)
    later = {"since": "2023-11-14T22:13:00Z"}
    answer = (await v1.call("GET /vehicles/CAR1/history", params=later)).json()
    assert [(each["type"], each["records"]) for each in answer] == [("S", 1), ("a/b", 1)]


@pytest.mark.parametrize("order", ["oldest", "newest"])
async def test_pages(v1: ApiSite, order: str) -> None:
    """Pages follow each other in either order, also records of one second."""
    await put(v1, "S", *((at // 3, f"{at},K") for at in range(-9, 0)))
    found, after = [], None
    while True:
        params: dict[str, Any] = {"after": after} if after else {}
        page = await _read(v1, type="S", order=order, limit=2, **params)
        assert len(page["items"]) <= 2
        found += [each["fields"]["soc"] for each in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert found == sorted(range(-9, 0), reverse=order == "newest")


async def test_filters(v1: ApiSite) -> None:
    """Records are those of the span, its begin left out, and of the number."""
    await put(v1, "a/b//c/", (-20, "a"), (-10, "b"), (0, b"\xff,\xc3\xa4"), number=1)
    await put(v1, "a/b//c/", (-10, "d"), number=2)
    span: dict[str, Any] = {"since": "2023-11-14T22:13:00", "until": 1_700_000_000}
    page = await _read(v1, type="a/b//c/", **span)
    assert [each["data"] for each in page["items"]] == ["b", "d", "ÿ,Ã¤"]
    assert page["items"][0] == {
        "time": "2023-11-14T22:13:10.000Z", "number": 1, "data": "b", "fields": None
    }  # fmt: skip
    page = await _read(v1, type="a/b//c/", number=2)
    assert [each["data"] for each in page["items"]] == ["d"]


async def test_units(v1: ApiSite) -> None:
    """Distances are in km, by the unit of the time, and unknown where nobody knows it."""
    await put(v1, "L", (-90, "50,8,0,0,1,9,10"), (-10, "50,8,0,0,1,9,10"))
    page = await _read(v1, type="L")
    assert page["units"]["speed"] == "km/h"
    assert [each["fields"]["speed"] for each in page["items"]] == [None, None]
    await put(v1, "S", (-100, "50,M"), (-50, "50,K"))
    page = await _read(v1, type="L", since=1_699_999_000)
    assert [each["fields"]["speed"] for each in page["items"]] == [16.093, 10]


async def test_csv(v1: ApiSite) -> None:
    """CSV has all records, a column a field, and unknown is empty."""
    await put(v1, "S", *((at, f"{-at % 100},K,,2") for at in range(-1500, 0)))
    answer = await v1.call(f"GET {RECORDS}", params={"type": "S"}, headers={"accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(StringIO(answer.text, newline="")))
    assert len(rows) == 1500
    chosen = {name: rows[-1][name] for name in ("time", "number", "soc", "line_voltage", "units")}
    assert chosen == {"time": "2023-11-14T22:13:19.000Z", "number": "0", "soc": "1",
                      "line_voltage": "", "units": "K"}  # fmt: skip
    params = {"type": "S", "format": "csv", "limit": 3, "order": "newest"}
    answer = await v1.call(f"GET {RECORDS}", params=params)
    assert len(list(csv.reader(StringIO(answer.text)))) == 4


async def test_csv_for_spreadsheets(v1: ApiSite) -> None:
    """Text of a car is no formula of whoever opens the file."""
    await put(v1, "x", (-1, '=HYPERLINK("u","a,b")'), (0, "-5,3"), (1, "-5"))
    answer = await v1.call(f"GET {RECORDS}", params={"type": "x", "format": "csv"})
    cells = [row[2] for row in csv.reader(StringIO(answer.text))]
    assert cells == ["data", '\'=HYPERLINK("u","a,b")', "'-5,3", "-5"]


@pytest.mark.parametrize("record_type", ["L", TRIP_TYPE, "RT-GPS-Log", ALERT_TYPE])
async def test_positions(v1: ApiSite, record_type: str) -> None:
    """Records that may say where the car was need the right to see that."""
    await put(v1, record_type, (0, "1"))
    for rights, status in (("view", 403), ("command,manage", 403), ("location", 200)):
        v1.share_only(rights)
        await v1.http.accounts.check_logins()
        for accept in ("application/json", "text/csv"):
            params, headers = {"type": record_type}, {"accept": accept}
            answer = await v1.call(f"GET {RECORDS}", "alice", params=params, headers=headers)
            assert answer.status_code == status


async def test_csv_of_a_share_that_ends(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page follows for somebody with whom the vehicle is shared no longer."""
    monkeypatch.setattr("ovms.server.http.v1.history.RECORDS_LIMIT", 2)
    await put(v1, "S", *((at, f"{at},K") for at in range(-5, 0)))
    v1.share("view")
    params = {"type": "S", "format": "csv"}
    whole = await v1.call(f"GET {RECORDS}", "alice", params=params)
    read_history, pages = type(v1.context.store).read_history, 0

    async def read(*asked: Any) -> Any:
        nonlocal pages
        pages += 1
        v1.share_only("")
        return await read_history(*asked)

    monkeypatch.setattr(type(v1.context.store), "read_history", read)
    cut = await v1.call(f"GET {RECORDS}", "alice", params=params)
    assert len(whole.text.splitlines()) == 6
    assert len(cut.text.splitlines()) == 3


async def test_delete(v1: ApiSite) -> None:
    """Records of a span are deleted and counted no longer, then all of the type."""
    await put(v1, "S", *((at, "50,K") for at in range(-2500, 0)))
    span = {"type": "S", "until": 1_700_000_000 - 1000}
    answer = await v1.call(f"DELETE {RECORDS}", params=span)
    assert answer.json() == {"deleted": 1501}
    (left,) = (await v1.call("GET /vehicles/CAR1/history")).json()
    assert (left["records"], left["bytes"]) == (999, 999 * 29)
    assert (await v1.call(f"DELETE {RECORDS}", params={"type": "S"})).json() == {"deleted": 999}
    assert (await v1.call("GET /vehicles/CAR1/history")).json() == []


@pytest.mark.parametrize(
    "params",
    [{}, {"type": ""}, {"type": "S", "limit": 0}, {"type": "S", "limit": 1001},
     {"type": "S", "after": "x"}, {"type": "S", "after": "ÿ"}, {"type": "S", "since": "soon"},
     {"type": "S", "since": 5, "until": 5}, {"type": "S", "order": "best"}],
)  # fmt: skip
async def test_refused(v1: ApiSite, params: dict[str, Any]) -> None:
    """What a call cannot mean is refused."""
    assert (await v1.call(f"GET {RECORDS}", params=params)).status_code == 422
