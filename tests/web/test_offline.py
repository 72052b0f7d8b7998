from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.web.conftest import log_in

if TYPE_CHECKING:
    from tests.web.conftest import OpenPage


async def test_the_shell_opens_without_a_connection(open_page: OpenPage) -> None:
    """Once opened, the app opens without the server, too, and says that the server is away."""
    page = await open_page(service_workers="allow")
    await page.goto("/more")
    await log_in(page)
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await page.context.set_offline(True)
    await page.reload()
    await expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    await page.context.set_offline(False)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", name="More")).to_be_visible()
