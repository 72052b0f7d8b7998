from __future__ import annotations

from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING

import httpx
import pytest

from ovms.server.http.app import HttpApp
from ovms.server.http.pages import WebPages
from ovms.server.http.web_options import MapSource, WebOptions
from tests.server.http.test_web_files import build

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@asynccontextmanager
async def open_pages(
    folder: Path, options: WebOptions | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """Return who calls a server with these pages and no calls."""
    numbers = count(1)
    pages = WebPages(options or WebOptions(), folder, lambda size: bytes([next(numbers)] * size))
    transport = httpx.ASGITransport(HttpApp([], pages=pages))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        yield client


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Open a built app."""
    build(
        tmp_path,
        index_html="<meta nonce=__CSP_NONCE__>",
        assets__a_js="script",
        assets__a_js_br="br",
        assets__a_js_gz="gz",
        sw_js="worker",
    )
    async with open_pages(tmp_path) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/cars/CAR1/map", "/login?next=/cars", "/../../etc/passwd"])
async def test_a_page(client: httpx.AsyncClient, path: str) -> None:
    """Each address of a page is answered with the app, which finds out what it shows."""
    answer = await client.get(path, headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<meta nonce=")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_nonce_counts_once(client: httpx.AsyncClient) -> None:
    """What styles bear changes with each answer, and the policy allows nothing unsafe."""
    texts = []
    for _ in range(2):
        answer = await client.get("/", headers=BROWSER)
        nonce = answer.text.removeprefix("<meta nonce=").removesuffix(">")
        policy = answer.headers["content-security-policy"]
        assert f"style-src 'self' 'nonce-{nonce}'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        texts.append(nonce)
    assert texts[0] != texts[1]


async def test_hosts_of_the_map(tmp_path: Path) -> None:
    """The pages may load tiles from the map's hosts, and nothing else from there."""
    source = MapSource("raster", "https://tiles.example/{z}/{x}/{y}.png")
    async with open_pages(build(tmp_path), WebOptions(map=source)) as client:
        answer = await client.get("/")
    policy = answer.headers["content-security-policy"].split("; ")
    assert [each.split()[0] for each in policy if "https://tiles.example" in each] == [
        "img-src",
        "connect-src",
    ]


@pytest.mark.parametrize("path", ["/sw.js", "/assets/a.js", "/map.pmtiles"])
async def test_the_policy_of_files(tmp_path: Path, path: str) -> None:
    """A worker runs under the policy of its own file: that of the pages, without a nonce."""
    source = MapSource("style", "https://tiles.example/style.json")
    file = tmp_path / "town.pmtiles"
    file.write_bytes(b"PMTiles")
    folder = build(tmp_path / "web", sw_js="worker", assets__a_js="script")
    async with open_pages(folder, WebOptions(map=source, map_file=file)) as client:
        page = (await client.get("/", headers=BROWSER)).headers["content-security-policy"]
        answer = await client.get(path)
        tag = answer.headers["etag"]
        known = await client.get(path, headers={"if-none-match": tag})
    expected = [each for each in page.split("; ") if not each.startswith("style-src")]
    for each in (answer, known):
        policy = each.headers["content-security-policy"].split("; ")
        assert [*filter(lambda part: part != "style-src 'self'", policy)] == expected
        assert len(policy) == len(expected) + 1


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("gzip, deflate, br", "br", "br"),
        ("gzip;q=1.0, br;q=0", "gzip", "gz"),
        ("identity", "", "script"),
        ("*", "br", "br"),
    ],
)
async def test_packed_files(
    client: httpx.AsyncClient, accepted: str, coding: str, body: str
) -> None:
    """A file is sent as small as the caller can read it."""
    request = client.build_request("GET", "/assets/a.js", headers={"accept-encoding": accepted})
    answer = await client.send(request, stream=True)
    assert answer.headers.get("content-encoding", "") == coding
    assert b"".join([each async for each in answer.aiter_raw()]).decode() == body
    assert answer.headers["vary"] == "accept-encoding"
    assert "immutable" in answer.headers["cache-control"]


async def test_a_file_that_is_known(client: httpx.AsyncClient) -> None:
    """A file whose name stays is asked for each time, and sent when it has changed."""
    first = await client.get("/sw.js")
    assert (first.text, first.headers["cache-control"]) == ("worker", "no-cache")
    tag = first.headers["etag"]
    again = await client.get("/sw.js", headers={"if-none-match": f'"x", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get("/sw.js", headers={"if-none-match": '"x"'})).status_code == 200


async def test_a_file_in_a_tab_of_its_own(client: httpx.AsyncClient) -> None:
    """A file is a file for whoever opens it as a page, too."""
    assert (await client.get("/sw.js", headers=BROWSER)).text == "worker"


async def test_head(client: httpx.AsyncClient) -> None:
    """The headers alone are to be had, too."""
    answer = await client.head("/sw.js")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "6"


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("GET", "/cars", "application/json"),
        ("GET", "/assets/gone.js", "text/html"),
        ("GET", "/api/nothing", "text/html"),
        ("GET", "/apiv2", "text/html"),
        ("GET", "/metrics", "text/html"),
        ("POST", "/cars", "text/html"),
    ],
)
async def test_what_is_no_page(
    client: httpx.AsyncClient, method: str, path: str, accept: str
) -> None:
    """Calls that there are not, and files that are gone, are answered as ever."""
    answer = await client.request(method, path, headers={"accept": accept})
    assert (answer.status_code, answer.text) == (404, "Not found\n")


async def test_nothing_was_built(tmp_path: Path) -> None:
    """A server without the app says so where its pages would be."""
    async with open_pages(tmp_path / "web") as client:
        for path in ("/", "/cars"):
            answer = await client.get(path, headers=BROWSER)
            assert (answer.status_code, "was not built" in answer.text) == (404, True)


async def test_switched_off(tmp_path: Path) -> None:
    """An operator who wants no pages has none."""
    async with open_pages(build(tmp_path), WebOptions(is_on=False)) as client:
        assert (await client.get("/", headers=BROWSER)).text == "Not found\n"


async def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are looked at again with the next call."""
    monkeypatch.setattr("ovms.server.http.web_files.FILES_LIMIT", 0)
    async with open_pages(build(tmp_path)) as client:
        assert (await client.get("/")).status_code == 404
        monkeypatch.undo()
        assert (await client.get("/")).status_code == 200


async def test_the_map_of_the_server(tmp_path: Path) -> None:
    """The map's file is read in parts, which change with the file; without one there is none."""
    file = tmp_path / "town.pmtiles"
    options = WebOptions(map_file=file)
    async with open_pages(build(tmp_path / "web"), options) as client:
        assert (await client.get("/map.pmtiles", headers=BROWSER)).status_code == 404
        file.write_bytes(b"PMTiles of a town")
        part = await client.get("/map.pmtiles", headers={"range": "bytes=2-6"})
        assert (part.status_code, part.content) == (206, b"Tiles")
        assert part.headers["content-range"] == "bytes 2-6/17"
        assert part.headers["etag"]
        whole = await client.head("/map.pmtiles")
        assert (whole.status_code, whole.headers["content-length"]) == (200, "17")
        beyond = await client.get("/map.pmtiles", headers={"range": "bytes=99-"})
        assert beyond.status_code == 416


@pytest.mark.parametrize(
    ("wanted", "status", "length"),
    [
        ("bytes=-3", 206, 3),
        ("bytes=0-99999999999999999999", 206, 10),
        ("bytes=--3", 416, 0),
        ("bytes=5-2", 400, None),
        ("bytes=" + ",".join("0-" for _ in range(1500)), 200, 10),
        ("bytes=" + ",".join(f"{2 * each}-{2 * each}" for each in range(900)), 200, 10),
    ],
)
async def test_odd_parts_of_the_map(
    tmp_path: Path, wanted: str, status: int, length: int | None
) -> None:
    """Whatever parts are asked for, nobody gets more than the file, and nothing fails."""
    file = tmp_path / "ground"
    file.write_bytes(b"0123456789")
    async with open_pages(tmp_path, WebOptions(map_file=file)) as client:
        answer = await client.get("/map.pmtiles", headers={"range": wanted})
    assert answer.status_code == status
    assert length is None or len(answer.content) == length
