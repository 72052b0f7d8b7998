"""What is moved by mouse or finger is moved by keys, too, and the focus is seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from playwright.async_api import Locator, expect

from tests.web.conftest import DESKTOP, HERE, enter, presence

if TYPE_CHECKING:
    from tests.web.conftest import OpenPage, RunCar

OUTLINE: Final = """(element) => {
    const {outlineStyle, outlineWidth} = getComputedStyle(element);
    return element.matches(":focus-visible") && outlineStyle !== "none" && outlineWidth;
}"""


async def is_focus_seen(element: Locator) -> bool:
    """Return whether an element that has the focus shows it to those who use keys."""
    return str(await element.evaluate(OUTLINE)) not in ("false", "0px")


async def test_the_limit_of_the_charge(open_page: OpenPage, run_car: RunCar) -> None:
    """Arrows move the handle, and nothing is sent before that is said; Escape takes it back."""
    run_car()
    page = await open_page()
    await enter(page, "/cars/CAR1")
    await expect(presence(page, HERE)).to_be_visible()
    handle = page.get_by_role("slider", name="Limit of the charge")
    before = int(await handle.input_value())
    await page.keyboard.press("Tab")
    await handle.focus()
    assert await is_focus_seen(handle)
    for _ in range(3):
        await page.keyboard.press("ArrowLeft")
    wanted = page.get_by_role("button", name=re.compile(rf"{before - 3}\s%"))
    await expect(wanted).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(wanted).to_have_count(0)
    await expect(handle).to_have_value(str(before))
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    sent = page.get_by_role("status").filter(has_text=re.compile("the car has it|done"))
    await expect(sent).to_be_visible()


async def test_a_chart(open_page: OpenPage, run_car: RunCar) -> None:
    """Arrows go through the moments of a chart, and + and - zoom it."""
    run_car()
    page = await open_page(DESKTOP)
    await enter(page, "/cars/CAR1/charts")
    bar = page.get_by_role("slider", name="Moment")
    await page.keyboard.press("Tab")
    await bar.focus()
    assert await is_focus_seen(bar)
    last = int(await bar.input_value())
    for _ in range(4):
        await page.keyboard.press("ArrowLeft")
    await expect(bar).to_have_value(str(last - 4))
    await expect(page.get_by_text("–", exact=False).first).to_be_visible()
    await page.keyboard.press("+")
    await expect(page).to_have_url(re.compile("since="))


async def test_the_map(open_page: OpenPage, run_car: RunCar) -> None:
    """Arrows move the map, + brings it nearer, and Escape closes the dialog of links."""
    run_car()
    page = await open_page(DESKTOP)
    await enter(page, "/cars/CAR1/map")
    marker = page.get_by_role("main").locator(".maplibregl-marker").first
    await expect(marker).to_be_visible()
    await page.get_by_role("button", name="Follow the car").first.click()
    place = str(await marker.get_attribute("style"))
    canvas = page.get_by_role("main").locator("canvas.maplibregl-canvas").first
    await page.keyboard.press("Tab")
    await canvas.focus()
    assert await is_focus_seen(canvas)
    await page.keyboard.press("ArrowRight")
    await expect(marker).not_to_have_attribute("style", place)
    await page.get_by_role("button", name="Share live position").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("button", name="Share live position")).to_be_focused()
