from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.web.conftest import log_in

if TYPE_CHECKING:
    from tests.web.conftest import OpenPage


async def test_the_shell_opens_without_a_connection(open_page: OpenPage) -> None:
    """Once opened, the app opens without the server, with its cars, and says that it is away."""
    page = await open_page(service_workers="allow")
    await page.goto("/more")
    await log_in(page)
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await page.context.set_offline(True)
    await page.reload()
    await expect(page.get_by_role("heading", name="More")).to_be_visible()
    await page.goto("/cars")
    for car in ("CAR1", "CAR2"):
        await expect(page.get_by_role("main").get_by_role("link", name=car)).to_be_visible()
    await page.get_by_role("button", name="Choose a car").click()
    await page.get_by_role("menuitem", name="CAR1").click()
    await expect(page).to_have_url(re.compile("/cars/CAR1$"))
    await expect(page.get_by_text("no network").first).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_text("no network")).to_have_count(0)
