"""A car of another server: the app calls that one itself, and asks its own nothing about it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

import pytest
from playwright.async_api import expect

from tests.programs.conftest import SECRET, Program
from tests.waiting import PATIENCE
from tests.web.conftest import log_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.async_api import Page

    from tests.web.conftest import OpenPage, Site

SAID: Final = {
    "": "estimated",
    "/map": "Position",
    "/journeys": "Its journeys are on the pages of that server.",
    "/journeys/sums": "Its journeys are on the pages of that server.",
    "/charts": "Its charts are on the pages of that server.",
    "/alerts": "This car is on another server.",
    "/controls": "Lock",
    "/records": "byte",
    "/records?type=S": "no. 0",
    "/records?view=data-use": "As a table",
    "/settings": "This is how the app reaches the car.",
}
"""What each page says of the car, or in place of what its own server alone knows."""


@pytest.fixture
def car(site: Site) -> Iterator[Program]:
    """Run the car that the other server has."""
    program = Program("car", *site.link("CAR1"), "--seed", "1")
    program.wait_for("connected")
    yield program
    program.kill()


async def add(page: Page, site: Site) -> str:
    """Add the car by the form; return the address of its page."""
    await page.goto("/cars/add-other")
    await log_in(page)
    await page.get_by_label("Address of its WebSocket").fill(
        f"ws://127.0.0.1:{site.http_port}/apiv2"
    )
    await page.get_by_role("textbox", name="Name", exact=True).fill("Elsewhere")
    await page.get_by_label("Vehicle id").fill("CAR1")
    await page.get_by_role("textbox", name="Vehicle's secret").fill(SECRET)
    await page.get_by_role("button", name="Add it").click()
    await expect(page).to_have_url(re.compile(r"/cars/~\w+$|/cars/%7E\w+$"))
    return page.url


async def kept(page: Page, call: str) -> None:
    """Wait until the server, which is the other one, too, has something to tell."""
    async with asyncio.timeout(PATIENCE):
        while not await (await page.request.get(call)).json():
            await page.wait_for_timeout(100)


@pytest.mark.usefixtures("car")
async def test_a_car_of_another_server(open_page: OpenPage, site: Site) -> None:
    """Its pages show what it tells, say what they cannot know, and ask this server nothing."""
    page = await open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    base = await add(page, site)
    for call in ("history", "data-use"):
        await kept(page, f"/api/v1/vehicles/CAR1/{call}")
    for path, text in SAID.items():
        await page.evaluate(
            """address => {
                history.pushState(null, "", address);
                dispatchEvent(new PopStateEvent("popstate", {state: null}));
            }""",
            f"{base}{path}",
        )
        await expect(page.get_by_role("main").get_by_text(text).first).to_be_visible()
    assert [each for each in asked if re.search("/api/v1/.*(~|%7E)", each)] == []
    await page.get_by_role("button", name="Forget this car here").click()
    await page.get_by_role("dialog").get_by_role("button", name="Forget this car here").click()
    await expect(page).to_have_url(re.compile("/cars$"))
    await expect(page.get_by_role("link", name="Elsewhere")).to_have_count(0)
