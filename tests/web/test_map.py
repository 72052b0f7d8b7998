"""The map of a car, on grounds of several kinds, and the page of a link to its position."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import Page, Route, expect

from tests.web.conftest import log_in
from tests.web.pmtiles import picture_map

if TYPE_CHECKING:
    from tests.web.conftest import OpenPage

PIXEL: Final = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)

NOT_TOLD: Final = "The car has not told a position yet."


async def serve_map(page: Page, source: dict[str, Any]) -> list[str]:
    """Have the server say where the ground comes from, and serve it; return what was asked for."""
    asked: list[str] = []
    file = picture_map(PIXEL)

    async def say(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json={**await answer.json(), "map": source})

    async def serve(route: Route) -> None:
        span = route.request.headers.get("range", "")
        asked.append(span)
        if not span:
            await route.fulfill(body=PIXEL, content_type="image/png")
            return
        first, last = (int(each) for each in span.removeprefix("bytes=").split("-"))
        part = file[first : last + 1]
        told = f"bytes {first}-{first + len(part) - 1}/{len(file)}"
        await route.fulfill(status=206, body=part, headers={"content-range": told})

    await page.route("**/api/v1/web", say)
    await page.route("**/ground/**", serve)
    return asked


async def test_the_map_without_tiles(open_page: OpenPage) -> None:
    """Without any ground the map is drawn, and says why no car is on it."""
    page = await open_page()
    await page.goto("/cars/CAR2/map")
    await log_in(page)
    await expect(page.get_by_text(NOT_TOLD)).to_be_visible()
    await expect(page.locator(".maplibregl-ctrl-scale")).to_be_visible()
    await expect(page.get_by_role("button", name="Zoom in")).to_be_visible()


async def test_the_map_of_a_file(open_page: OpenPage) -> None:
    """The server's own map is read in parts, drawn under the policy of the pages, and named."""
    page = await open_page()
    source = {"kind": "pmtiles", "url": "/ground/map.pmtiles", "attribution": "Its maker"}
    asked = await serve_map(page, source)
    await page.goto("/cars/CAR1/map")
    await log_in(page)
    await expect(page.get_by_text("Its maker")).to_be_visible()
    await expect(page.locator(".maplibregl-ctrl-scale")).to_be_visible()
    assert asked
    assert all(asked)


async def test_a_link_to_the_live_position(open_page: OpenPage) -> None:
    """A link opens a page without a log-in, and shows nothing more once it was ended."""
    page = await open_page()
    await page.goto("/cars/CAR2/map?dialog=link")
    await log_in(page)
    await page.get_by_role("button", name="Make a link").click()
    address = await page.get_by_role("status").get_by_role("textbox").input_value()
    friend = await open_page(refused=(404,))
    await friend.goto(address)
    await expect(friend.get_by_text("is not known at the moment")).to_be_visible()
    await page.get_by_role("button", name="End the link").click()
    await expect(friend.get_by_role("heading", name="This link has ended")).to_be_visible()
