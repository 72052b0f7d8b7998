from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.types import Message, Scope

from ovms.protocol.records.history import KeptRecord
from ovms.server.http.field.history import PagedRecords, ShareOver
from ovms.server.storage.errors import StoreClosed
from ovms.server.values import HistoryEntry
from tests.server.http.api import BOB, HttpSite
from tests.server.hub.fakes import START

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ovms.server.values import HistoryKey

NOW = int(START)


def keep(
    api: HttpSite, kind: str, time: int, number: int = 0, data: bytes = b"x", vehicle: str = "CAR1"
) -> None:
    """Keep a record that was made at ``time``."""
    record = KeptRecord(kind, number, time, NOW + 10_000, data, None, START)
    assert api.store.put_history(vehicle, record)


async def test_types(api: HttpSite) -> None:
    """The types are listed with their counts, of which only the size is a string."""
    keep(api, "*-LOG-Trip", NOW - 60, 1, b"abc")
    keep(api, "*-LOG-Trip", NOW, 1, b"")
    keep(api, "RT-BAT-P", NOW, 7)
    keep(api, "OTHER", NOW, vehicle="CAR2")
    answer = await api.get("/api/historical/CAR1")
    assert answer.content == (
        b'[{"distinctrecs":1,"first":"2023-11-14 22:12:20","h_recordtype":"*-LOG-Trip",'
        b'"last":"2023-11-14 22:13:20","totalrecs":2,"totalsize":"71"},'
        b'{"distinctrecs":1,"first":"2023-11-14 22:13:20","h_recordtype":"RT-BAT-P",'
        b'"last":"2023-11-14 22:13:20","totalrecs":1,"totalsize":"33"}]\n'
    )


async def test_records(api: HttpSite) -> None:
    """The records of a type come oldest first, then by number."""
    keep(api, "T", NOW, 2, b"third")
    keep(api, "T", NOW - 60, 9, b"first,\xe9")
    keep(api, "T", NOW, 1, b"second")
    keep(api, "U", NOW)
    answer = await api.get("/api/historical/CAR1/T")
    assert (
        answer.content
        == (
            '[{"h_data":"first,é","h_recordnumber":9,"h_timestamp":"2023-11-14 22:12:20"},'
            '{"h_data":"second","h_recordnumber":1,"h_timestamp":"2023-11-14 22:13:20"},'
            '{"h_data":"third","h_recordnumber":2,"h_timestamp":"2023-11-14 22:13:20"}]\n'
        ).encode()
    )
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("path", ["/api/historical/CAR1", "/api/historical/CAR1/T"])
async def test_nothing(api: HttpSite, path: str) -> None:
    """Without records the list is empty."""
    assert (await api.get(path)).content == b"[]\n"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("*-LOG-Trip", "*-LOG-Trip"),
        ("*-LOG-Trip", "%2A-LOG-Trip"),
        ("a/b", "a/b"),
        ("a/b", "a%2Fb"),
        ("a//b", "a%2F%2Fb"),
        ("a b", "a%20b"),
        ("a+b", "a+b"),
        ("50%", "50%25"),
        ("é", "%C3%A9"),
        ("é", "%E9"),
        ("a/", "a%2F"),
        ("a/b", "/a//b/"),
        ("a?b#c", "a%3Fb%23c"),
    ],
)
async def test_names_of_types(api: HttpSite, kind: str, path: str) -> None:
    """A type may hold whatever a path can carry, and slashes."""
    keep(api, kind, NOW)
    query = f"?username={BOB['username']}&password={BOB['password']}"
    answer = await api.client.get(f"/api/historical/CAR1/{path}{query}")
    assert len(answer.json()) == 1


@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("2023-11-14 22:12:20", 1),
        ("2023-11-14 22:12:19", 2),
        ("2023-11-14", 2),
        ("2023-11-15", 0),
        ("", 2),
        ("yesterday", 2),
        ("0000-00-00 00:00:00", 2),
    ],
)
async def test_since(api: HttpSite, since: str, found: int) -> None:
    """Only records made after ``since`` count, in both lists; what is no date is left out."""
    keep(api, "T", NOW - 60)
    keep(api, "T", NOW)
    records = (await api.get("/api/historical/CAR1/T", **BOB, since=since)).json()
    types = (await api.get("/api/historical/CAR1", **BOB, since=since)).json()
    assert (len(records), sum(each["totalrecs"] for each in types)) == (found, found)


async def test_pages(api: HttpSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit into a page is sent page by page, the same to the byte, none twice."""
    for number in range(7):
        keep(api, "T", NOW + number, number)
    whole = await api.get("/api/historical/CAR1/T")
    monkeypatch.setattr("ovms.server.http.field.history.PAGE", 2)
    paged = await api.get("/api/historical/CAR1/T")
    assert paged.content == whole.content
    assert [each["h_recordnumber"] for each in paged.json()] == [*range(7)]
    assert "content-length" not in paged.headers


class Reader:
    """Reads pages of one record, and remembers whether expiry was held."""

    def __init__(self, site: HttpSite, pages: int, error: Exception | None = None) -> None:
        self.site = site
        self.left = pages
        self.error = error
        self.held: list[bool] = []

    async def __call__(self, after: HistoryKey | None) -> Sequence[HistoryEntry]:
        """Return the next page."""
        self.held.append(self.site.store._is_held(START))
        self.left -= 1
        if self.left < 0 and self.error is not None:
            raise self.error
        return [entry(self.left)] if self.left >= 0 else []


def entry(number: int) -> HistoryEntry:
    """Return a record."""
    return HistoryEntry(NOW, number, number, b"x")


async def send_pages(
    api: HttpSite, read: Reader, *, is_gone: bool = False, is_stuck: bool = False
) -> tuple[list[Message], bytes]:
    """Send an answer of more pages to somebody; return what was sent, and its body."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect" if is_gone else "http.request"}

    async def send(message: Message) -> None:
        if is_stuck and message["type"] == "http.response.body":
            await asyncio.Event().wait()
        sent.append(message)

    scope: Scope = {"type": "http", "method": "GET", "headers": []}
    await PagedRecords("CAR1", [entry(99)], read, api.store.holding_expiry())(scope, receive, send)
    return sent, b"".join(each.get("body", b"") for each in sent)


async def test_expiry_is_held(api: HttpSite) -> None:
    """While pages are sent no record expires, and afterwards they do."""
    read = Reader(api, 2)
    sent, body = await send_pages(api, read)
    rows: list[dict[str, Any]] = json.loads(body)
    assert [each["h_recordnumber"] for each in rows] == [99, 1, 0]
    assert (sent[-1]["more_body"], read.held) == (False, [True, True, True])
    assert not api.store._is_held(START)


async def test_nobody_reads_any_more(api: HttpSite) -> None:
    """For somebody who is gone nothing more is read."""
    read = Reader(api, 5)
    await send_pages(api, read, is_gone=True)
    assert read.held == []


@pytest.mark.parametrize("error", [StoreClosed("closed"), ShareOver()])
async def test_an_answer_that_breaks_off(api: HttpSite, error: Exception) -> None:
    """An answer that cannot be read to its end has no end, so nobody takes it for whole."""
    sent, body = await send_pages(api, Reader(api, 1, error))
    assert sent[-1]["more_body"]
    assert body.startswith(b"[{")
    assert not body.endswith(b"]\n")


async def test_an_answer_that_nobody_takes(api: HttpSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever does not take a page in time gets no more, and holds no expiry any longer."""
    monkeypatch.setattr("ovms.server.http.field.history.PAGE_TIMEOUT", 0)
    read = Reader(api, 1)
    _, body = await send_pages(api, read, is_stuck=True)
    assert (body, read.held, api.store._is_held(START)) == (b"", [], False)
