from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


class Reader(HTMLParser):
    """Collects what a page has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.add(tag)
        for name, value in attrs:
            self.names.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src"):
                self.links.append(value or "")


async def test_nothing_is_loaded(v1: ApiSite) -> None:
    """The page has no script, loads nothing, and its policy allows its style and nothing else."""
    answer = await v1.http.client.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    read = Reader(answer.text)
    assert not read.tags & {"script", "link", "img", "iframe", "form", "object", "base"}
    assert not read.names & {"style", "onclick", "onload", "src"}
    [style] = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    hashed = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"].split("; ")
    assert policy == [
        "default-src 'none'", f"style-src 'sha256-{hashed}'", "base-uri 'none'",
        "form-action 'none'", "frame-ancestors 'none'",
    ]  # fmt: skip
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_links(v1: ApiSite) -> None:
    """Every link leads to a place of the page, or to the description."""
    read = Reader((await v1.http.client.get("/docs")).text)
    assert len(set(read.ids)) == len(read.ids)
    outside = {link for link in read.links if not link.startswith("#")}
    assert outside == {"/api/v1/openapi.json"}
    assert {link[1:] for link in read.links if link.startswith("#")} <= set(read.ids)


async def test_all_calls_are_shown(v1: ApiSite) -> None:
    """Every call and every body of the description has its place on the page."""
    described = (await v1.call("GET /openapi.json", None)).json()
    read = Reader((await v1.http.client.get("/docs")).text)
    names = {call["operationId"] for each in described["paths"].values() for call in each.values()}
    assert names <= set(read.ids)
    assert {f"body-{each}" for each in described["components"]["schemas"]} <= set(read.ids)
