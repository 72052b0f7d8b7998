from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.web.conftest import DESKTOP, OWNER, PASSWORD, PHONE, log_in

if TYPE_CHECKING:
    from playwright.async_api import ViewportSize

    from tests.web.conftest import OpenPage


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_log_in(open_page: OpenPage, size: ViewportSize) -> None:
    """Whoever opens a page logs in first, and comes to that page; the policy stops nothing."""
    page = await open_page(size)
    answer = await page.goto("/cars/CAR2/journeys")
    assert answer is not None
    assert "unsafe" not in answer.headers["content-security-policy"]
    await log_in(page)
    await expect(page).to_have_url("/cars/CAR2/journeys")
    await expect(page).to_have_title("Journeys · OVMS")
    bar = page.get_by_role("navigation")
    await expect(bar.get_by_role("link", name="Journeys")).to_have_attribute("aria-current", "page")
    await expect(bar.get_by_role("link", name="Charts")).to_be_visible(visible=size is DESKTOP)
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide


async def test_a_wrong_password(open_page: OpenPage) -> None:
    """The form says that it is wrong, and keeps what was typed."""
    page = await open_page(refused=(401,))
    await page.goto("/login")
    await page.get_by_label("Name").fill(OWNER)
    await page.get_by_label("Password").first.fill("wrong")
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")
    await expect(page.get_by_label("Name")).to_have_value(OWNER)


async def test_no_such_page(open_page: OpenPage) -> None:
    """An address that there is not says so, and leads back to the car."""
    page = await open_page(locale="de-CH")
    await page.goto("/cars/CAR1/nothing")
    await page.get_by_label("Name").fill(OWNER)
    await page.get_by_label("Passwort").first.fill(PASSWORD)
    await page.get_by_role("button", name="Anmelden", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Diese Seite gibt es nicht")
    await page.get_by_role("link", name="Zum Auto").click()
    await expect(page).to_have_url("/cars/CAR1")
    await expect(page.get_by_role("main")).to_be_focused()
