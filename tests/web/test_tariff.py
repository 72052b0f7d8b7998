"""A place and its tariff, made in the pages, and what a charge there has cost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from playwright.async_api import expect

from ovms.cli.database import open_database
from tests.server.journeys.made import HOME, charge, put_journeys
from tests.web.conftest import enter

if TYPE_CHECKING:
    from tests.web.conftest import OpenPage, Site


async def test_a_tariff_and_what_a_charge_costs(open_page: OpenPage, site: Site) -> None:
    """A charge of 7 kWh costs what the tariff of its place says, as soon as there is one."""
    site.add_owner("payer")
    site.ovms("vehicle", "add", "PAID", "--owner", "payer")
    with open_database(site.data, None, None) as database:
        put_journeys(database, "PAID", charge(int(time.time()) - 86400))
    page = await open_page()
    await enter(page, "/cars/PAID/journeys", "payer")
    card = page.get_by_role("main").get_by_role("listitem")
    await expect(card).to_have_count(1)
    await expect(card.get_by_text("€")).to_have_count(0)

    await page.get_by_role("link", name="Places").click()
    await page.get_by_role("link", name="Add a place").click()
    await page.get_by_label("Name").fill("Home")
    await page.get_by_label("Latitude").fill(str(HOME.latitude))
    await page.get_by_label("Longitude").fill(str(HOME.longitude))
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="Add a tariff").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("From this day on").fill("")
    await form.get_by_label("Price of a kWh").fill("0.30")
    await form.get_by_label("For each charge").fill("1.50")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_have_count(0)

    await page.get_by_role("link", name="Timeline").click()
    await card.get_by_role("link").click()
    await expect(page.get_by_text("€3.60").first).to_be_visible()
